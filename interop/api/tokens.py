"""Access tokens: given for a client's signed assertion, signed by our own keys, and checked at each request.

The keys change by themselves: a new one signs every week, and the one before it proves for a day longer. Source: SMART
App Launch 2.0 Backend Services; RFC 7523 §3; RFC 7519; RFC 9068 (JWT access tokens).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from interop.api.client_keys import keys_of
from interop.api.clients import Client, client_of, granted_scopes
from interop.api.host import Host
from interop.api.outcomes import Refused
from interop.config import ClientSettings
from interop.errors import InteropError
from schemas import json_text

__all__ = ["GrantRefused", "bearer", "given", "key_set"]

_ALGORITHM = "ES384"
_ASSERTED_BY = ["RS384", "ES384"]
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_LIFE = 300
_LEEWAY = 10
_LONGEST_JTI = 255
_KEY_LIFE, _KEY_GRACE = timedelta(days=7), timedelta(days=1)


class GrantRefused(InteropError):
    """No token is given. `error` is OAuth's word for why (RFC 6749 §5.2)."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__("The token request was refused.")
        self.error, self.status = error, status


def given(host: Host, body: bytes) -> dict[str, Any]:
    """The token endpoint's answer to a form. Raises: GrantRefused; Unavailable."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise GrantRefused("invalid_request") from error
    form = dict(pairs)
    if len(form) != len(pairs) or form.get("client_assertion_type") != _ASSERTION_TYPE:
        raise GrantRefused("invalid_request")
    if form.get("grant_type") != "client_credentials":
        raise GrantRefused("unsupported_grant_type")
    client = _proved(host, form.get("client_assertion", ""))
    scopes = granted_scopes(form.get("scope", ""), client.scopes)
    if not scopes:
        raise GrantRefused("invalid_scope")
    life = int(host.settings.http_token_life.total_seconds())
    return {"access_token": _signed(host, client.name, scopes), "token_type": "bearer", "expires_in": life,
            "scope": scopes}  # fmt: skip


def bearer(host: Host, token: str) -> Client:
    """The client that a token was given to. Raises: Refused."""
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    try:
        claims = jwt.decode(token, _keys(host), algorithms=[_ALGORITHM]).claims
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Refused("token_is_not_valid", headers=challenge) from error
    expires, client = claims.get("exp"), host.clients.get(str(claims.get("sub")))
    if claims.get("iss") != host.base or claims.get("aud") != host.base or client is None:
        raise Refused("token_is_not_valid", headers=challenge)
    if not isinstance(expires, int) or expires <= host.parts.clock().timestamp():
        raise Refused("token_has_expired", headers=challenge)
    # What the settings have taken back since the token was given is not granted any more.
    return client_of(client, granted_scopes(str(claims.get("scope", "")), client.scopes))


def key_set(host: Host) -> dict[str, Any]:
    """The public halves of the keys that sign access tokens, as a JWK Set."""
    return {"keys": [dict(key.as_dict(private=False)) for key in _keys(host).keys]}


def _proved(host: Host, assertion: str) -> ClientSettings:
    """The client whose assertion holds, and is used up now. Raises: GrantRefused."""
    client = host.clients.get(_unverified_issuer(assertion))
    if client is None:
        raise GrantRefused("invalid_client", 401)
    try:
        token = jwt.decode(assertion, keys_of(client), algorithms=_ASSERTED_BY)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise GrantRefused("invalid_client", 401) from error
    claims, now = token.claims, host.parts.clock()
    if not _holds(claims, client.name, host.token_url, now.timestamp()) or "kid" not in token.header:
        raise GrantRefused("invalid_client", 401)
    expires = datetime.fromtimestamp(claims["exp"] + _LEEWAY, UTC)
    if not host.parts.store.access.use(client.name, claims["jti"], expires, now):
        raise GrantRefused("invalid_client", 401)
    return client


def _holds(claims: Mapping[str, Any], client: str, audience: str, now: float) -> bool:
    expires, begins, jti = claims.get("exp"), claims.get("nbf", 0), claims.get("jti")
    named = claims.get("iss") == client and claims.get("sub") == client
    meant = claims.get("aud") == audience or claims.get("aud") == [audience]
    timely = type(expires) is int and now < expires <= now + _LONGEST_LIFE + _LEEWAY
    begun = isinstance(begins, int) and begins <= now + _LEEWAY
    return named and meant and timely and begun and isinstance(jti, str) and 0 < len(jti) <= _LONGEST_JTI


def _unverified_issuer(assertion: str) -> str:
    """Who says it is asking; only to find the keys that prove it."""
    try:
        claims = json_text.parse(_decoded(assertion.split(".")[1]))[0]
    except (IndexError, ValueError):
        return ""
    return str(claims.get("iss", "")) if isinstance(claims, dict) else ""


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _signed(host: Host, client: str, scopes: str) -> str:
    now = int(host.parts.clock().timestamp())
    claims = {
        "iss": host.base, "aud": host.base, "sub": client, "client_id": client, "scope": scopes,
        "iat": now, "exp": now + int(host.settings.http_token_life.total_seconds()), "jti": str(uuid4()),
    }  # fmt: skip
    key = _keys(host).keys[0]
    return jwt.encode({"alg": _ALGORITHM, "typ": "at+jwt", "kid": key.kid}, claims, key, algorithms=[_ALGORITHM])


def _keys(host: Host) -> KeySet:
    stored = host.parts.store.access.keys(host.parts.clock(), _KEY_LIFE, _KEY_GRACE, _made)
    return KeySet([ECKey.import_key(one.data, _named(one.id)) for one in stored])


def _made(name: str) -> bytes:
    return bytes(ECKey.generate_key("P-384", _named(name)).as_pem(private=True))


def _named(name: str) -> Any:
    return {"kid": name, "use": "sig", "alg": _ALGORITHM}
