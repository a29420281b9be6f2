"""Clients that prove who they are by a signed assertion, checked against the key set that they publish.

Source: RFC 7523 §3; SMART App Launch 2.0 Backend Services; Epic's limits on assertions as publicly documented.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

__all__ = ["Clients"]

_LONGEST_LIFE = 300
_LONGEST_JTI = 151
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Clients:
    """Who may ask for a token: per client id, the URL of its JWK Set and the scope that it is granted."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.registered: dict[str, tuple[str, str]] = {}
        self._clock = clock
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def granted(self, parameters: Mapping[str, str], url: str) -> str | None:
        """The scope of the client whose assertion holds, or None. A scope that is asked for is not looked at."""
        assertion = parameters.get("client_assertion", "")
        client_id = _unverified_issuer(assertion)
        jwks_url, scope = self.registered.get(client_id, ("", ""))
        if parameters.get("client_assertion_type") != _TYPE or not jwks_url:
            return None
        keys = _fetched(jwks_url)
        try:
            token = jwt.decode(assertion, KeySet.import_key_set(keys), algorithms=["RS384"])
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        return scope if self._holds(token, client_id, url) else None

    def _holds(self, token: jwt.Token, client_id: str, url: str) -> bool:
        claims, now = token.claims, self._clock()
        jti, expires = claims.get("jti"), claims.get("exp")
        if claims.get("iss") != client_id or claims.get("sub") != client_id or claims.get("aud") != url:
            return False
        if not isinstance(expires, int) or not now < expires <= now + _LONGEST_LIFE:
            return False
        if "kid" not in token.header or not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
            return False
        with self._lock:
            if jti in self._seen:
                return False
            self._seen.add(jti)
        return True


def _unverified_issuer(assertion: str) -> str:
    """Who says it is asking; only to find the keys that prove it."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))
        return str(claims.get("iss", ""))
    except (IndexError, ValueError, AttributeError):
        return ""


def _fetched(url: str) -> Any:
    """The JWK Set at a URL, which must answer with 200 itself: a redirect is not followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=5)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        return json.loads(response.read(100_000)) if response.status == 200 else None
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
