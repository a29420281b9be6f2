"""A small OpenID provider on the loopback interface: discovery, keys, code with PKCE, signed id tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "sote-interop", "salainen sana"
Claims = dict[str, Any]


@dataclass
class OpenIdProvider:
    """Signs everybody in as the same person. A test bends what it says: claims, header, keys, metadata."""

    clock: Callable[[], datetime]
    url: str = ""
    person: Claims = field(default_factory=lambda: {"sub": "1", "preferred_username": "maija", "roles": ["operator"]})
    bend: Callable[[Claims], Claims] = lambda claims: claims
    header: Mapping[str, str] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    metadata: Claims = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    published: RSAKey | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def application(self) -> Starlette:
        return Starlette(routes=[
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/jwks", self._jwks),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ])  # fmt: skip

    def _discovery(self, _: Request) -> Response:
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return JSONResponse(told | self.metadata)

    def _jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [(self.published or self.key).as_dict(private=False)]})

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        code = f"code-{len(self.asked)}"
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        asked = self.codes.pop(str(form["code"]), None)
        kind, _, told = request.headers["authorization"].partition(" ")
        name, _, secret = base64.b64decode(told).decode().partition(":")
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        known = kind == "Basic" and (unquote(name), unquote(secret)) == (CLIENT, SECRET)
        if not known or asked is None or (form["redirect_uri"], proof) != (
            asked["redirect_uri"], asked["code_challenge"],
        ):  # fmt: skip
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = {"access_token": "opaque", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])}
        return JSONResponse({name: value for name, value in token.items() if value})

    def _id_token(self, nonce: str) -> str:
        at = int(self.clock().timestamp())
        claims = {"iss": self.url, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": nonce} | self.person
        bent = self.bend(claims)
        if not bent:
            return ""
        if self.header["alg"] == "none":
            return ".".join((_part({"alg": "none"}), _part(bent), ""))
        return jwt.encode(dict(self.header), bent, self.key)


def _part(value: Claims) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
