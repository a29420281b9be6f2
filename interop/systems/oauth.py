"""Access tokens for machine-to-machine calls: by client secret, or by a signed assertion with our own published key.

Source: RFC 6749 §2.3.1, §4.4; RFC 7523; SMART App Launch 2.0 Backend Services; RFC 7517 (JWK Set).
"""

from __future__ import annotations

import base64
import re
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote_plus, urlencode

from joserfc import jwt
from joserfc.jwk import KeyParameters, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from interop.errors import Busy, Fault, Forbidden, InteropError, Unavailable
from interop.systems.http import Answer, Http, refusal
from schemas import json_text

__all__ = ["AssertionTokens", "SecretTokens", "SigningKey", "Token", "Tokens", "grants", "jwks", "jwks_app"]

_ALGORITHM = "RS384"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_DEFAULT_LIFE = 300.0
_SAFETY = 60.0
_ERRORS = frozenset({
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
    "invalid_scope",
})  # fmt: skip
_NEW_CLIENT_WAIT = 300.0
_SCOPE = re.compile(r"(?:system|user)/(?P<resource>[A-Za-z]+|\*)\.(?P<actions>[a-z]+|\*)")
_VERSION_2 = {"read": frozenset("rs"), "write": frozenset("cu")}


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token. Units: `expires` in seconds since 1970. `scope` is what was granted; None when not told."""

    value: str = field(repr=False)
    scope: str | None
    expires: float


class Tokens(Protocol):
    """Where a client gets its token from."""

    def token(self) -> Token:
        """A token that is still good for a while. Raises: Forbidden, Unavailable, Busy."""
        ...

    def forget(self, token: Token) -> None:
        """Nothing; the token is not given out again, because a server refused it."""
        ...


class SigningKey:
    """One RSA key pair that signs our assertions; its public half is published in our JWK Set."""

    def __init__(self, key: RSAKey) -> None:
        if not key.kid:
            raise Fault("A signing key needs a key id (kid).")
        self._key = key

    @classmethod
    def from_pem(cls, pem: bytes, kid: str) -> SigningKey:
        """The key that a PEM file holds. Raises: Fault."""
        try:
            return cls(RSAKey.import_key(pem, _parameters(kid)))
        except ValueError as error:
            raise Fault("The signing key is not an RSA private key in PEM form.") from error

    @classmethod
    def generate(cls, kid: str, bits: int = 3072) -> SigningKey:
        """A new key."""
        return cls(RSAKey.generate_key(bits, _parameters(kid)))

    @property
    def kid(self) -> str:
        """The key's id."""
        return self._key.kid or ""

    def private_pem(self) -> bytes:
        """The private half in PEM form; for a file that nobody else may read."""
        return self._key.as_pem(private=True)

    def public(self) -> dict[str, object]:
        """The public half as a JWK."""
        return dict(self._key.as_dict(private=False))

    def sign(self, claims: dict[str, object]) -> str:
        """The claims as a signed compact JWT."""
        header = {"alg": _ALGORITHM, "kid": self.kid}
        return jwt.encode(header, dict(claims), self._key, algorithms=[_ALGORITHM])


class _Cached:
    """Keeps one token until shortly before it expires; one thread at a time asks for a new one."""

    def __init__(self, http: Http, clock: Callable[[], float] = time.time) -> None:
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Token | None = None
        self._was_known = False

    def token(self) -> Token:
        """A token that is still good for a while. Raises: Forbidden, Unavailable, Busy."""
        with self._lock:
            if self._held is None or self._held.expires - _SAFETY <= self._clock():
                self._held = self._granted(self._ask())
                self._was_known = True
            return self._held

    def forget(self, token: Token) -> None:
        """Nothing; the token is not given out again, because a server refused it."""
        with self._lock:
            if self._held is token:
                self._held = None

    def _ask(self) -> Answer:
        raise NotImplementedError

    def _refused(self, answer: Answer) -> InteropError:
        said, _ = json_text.parse(answer.body)
        code = said.get("error") if isinstance(said, dict) else None
        named = f", {code}" if isinstance(code, str) and code in _ERRORS else ""
        place = f"status {answer.status}{named} (request {answer.request_id})"
        return Forbidden(f"{self._http.system} gave no access token, {place}.")

    def _granted(self, answer: Answer) -> Token:
        system = self._http.system
        if answer.status in (400, 401, 403):
            raise self._refused(answer)
        if not answer.ok:
            raise refusal(system, answer, now=self._clock())
        said, _ = json_text.parse(answer.body)
        value = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
            raise Unavailable(f"{system} answered a token request without a token (request {answer.request_id}).")
        scope = said.get("scope")
        life = self._clock() + _seconds(said.get("expires_in"))
        return Token(value, scope if isinstance(scope, str) else None, life)


class SecretTokens(_Cached):
    """Tokens by client id and secret (client_secret_basic)."""

    def __init__(
        self, http: Http, url: str, client_id: str, secret: str, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(http, clock)
        self._url = url
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
        self._headers = {**_FORM, "Authorization": "Basic " + base64.b64encode(pair).decode()}

    def _ask(self) -> Answer:
        return self._http.call("POST", self._url, b"grant_type=client_credentials", self._headers)


class AssertionTokens(_Cached):
    """Tokens by an assertion that our own key signs (private_key_jwt). No scope is asked for: the server decides.

    Units: `patience` in seconds from the first refusal, in which a server that has never known us is waited for: a new
    client id takes its time to become known.
    """

    _LIFE = 240

    def __init__(
        self, http: Http, url: Callable[[], str], client_id: str, key: SigningKey,
        clock: Callable[[], float] = time.time, *, patience: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(http, clock)
        self._url = url
        self._client_id = client_id
        self._key = key
        self._patience = patience
        self._first_refusal: float | None = None

    def _refused(self, answer: Answer) -> InteropError:
        refused, now = super()._refused(answer), self._clock()
        if self._was_known or ", invalid_client" not in str(refused):
            return refused
        self._first_refusal = now if self._first_refusal is None else self._first_refusal
        if now - self._first_refusal >= self._patience:
            return refused
        return Busy(f"{self._http.system} does not know our client id yet (invalid_client).", _NEW_CLIENT_WAIT)

    def _ask(self) -> Answer:
        url = self._url()
        now = int(self._clock())
        assertion = self._key.sign({
            "iss": self._client_id, "sub": self._client_id, "aud": url, "jti": str(uuid.uuid4()),
            "iat": now, "nbf": now, "exp": now + self._LIFE,
        })  # fmt: skip
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return self._http.call("POST", url, urlencode(form).encode(), _FORM)


def grants(scope: str, resource: str, action: str) -> bool:
    """True when a granted scope allows `read` or `write` on a resource type, in the v1 or the v2 spelling."""
    for found in _SCOPE.finditer(scope):
        if found["resource"] not in (resource, "*"):
            continue
        if found["actions"] in (action, "*") or _VERSION_2[action] & _letters(found["actions"]):
            return True
    return False


def jwks(keys: Sequence[SigningKey]) -> dict[str, object]:
    """The JWK Set that publishes the public halves of our keys, each key id once.

    Whoever serves it answers 200 at the very address that was told to the system: Epic follows no redirect.
    """
    return {"keys": list({key.kid: key.public() for key in keys}.values())}


def jwks_app(keys: Sequence[SigningKey]) -> Starlette:
    """An application that serves our JWK Set at `/jwks.json`."""

    async def serve(_: Request) -> Response:
        return JSONResponse(jwks(keys), headers={"Cache-Control": "max-age=300"})

    return Starlette(routes=[Route("/jwks.json", serve)])


def _seconds(life: object) -> float:
    """How long a token lives; some servers write the number as text."""
    text = str(life)
    return float(text) if re.fullmatch(r"[0-9]{1,9}", text) else _DEFAULT_LIFE


def _letters(actions: str) -> frozenset[str]:
    """The v2 actions; a v1 word that happens to hold their letters (`read`, `write`) is none."""
    return frozenset(actions) if re.fullmatch("c?r?u?d?s?", actions) else frozenset()


def _parameters(kid: str) -> KeyParameters:
    return {"kid": kid, "use": "sig", "alg": _ALGORITHM}
