"""Signing in at an OpenID provider: authorization code with PKCE, state and nonce; roles from one claim of the token.

The library asks for the code and the token. What a token must be is told to it here, since its own defaults are wider:
it would take one for another audience, or without a signature where the provider offers that, and go by its own clock.
Source: OpenID Connect Core 1.0 §3.1, Discovery 1.0 §4.3; RFC 7636 (PKCE); RFC 9700 (OAuth 2.0 Security Best Practice).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from authlib.deprecate import AuthlibDeprecationWarning
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from interop.config import Settings
from interop.config.people import ROLES, Role
from interop.console.access import Who
from interop.errors import Forbidden, Unavailable
from interop.logs import has_identity_code, log

with warnings.catch_warnings():
    # Authlib tells everybody who imports it that it will move to another version of its HTTP library.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.starlette_client import OAuth
    from authlib.oidc.core import CodeIDToken
    from httpx import HTTPError

__all__ = ["SIGNATURES", "Provider", "provider_of"]

SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""The signatures that an id token may have: none that needs no key, and none whose key is our own secret."""

_LOG = logging.getLogger(__name__)
_ALGORITHMS = "id_token_signing_alg_values_supported"
_LONGEST_NAME = 63
_LEEWAY = 60
"""How far the provider's clock may be from ours. Units: seconds."""
_AWAY = (HTTPError, OSError)
_REFUSED = (OAuthError, JoseError, ValueError, KeyError, TypeError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider of the settings.

    `issuer` is what it must call itself; `claim` the claim that holds the roles, by its name or as a way through groups
    (`realm_access.roles`); `roles` the role that each word there stands for; `back` where people come back.
    """

    client: Any = field(repr=False)
    issuer: str
    claim: str
    roles: Mapping[str, Role]
    back: str

    async def leave_for(self, request: Request) -> Response:
        """The answer that sends the browser to the provider. Raises: Unavailable."""
        try:
            await self._known()
            answer: Response = await self.client.authorize_redirect(request, self.back)
        except (*_AWAY, *_REFUSED) as error:
            raise self._unavailable(error) from error
        return answer

    async def claims(self, request: Request, now: datetime) -> Mapping[str, Any]:
        """What the provider says of the person whom it has sent back. Raises: Forbidden, Unavailable."""
        try:
            metadata = await self._known()
            token = await self.client.authorize_access_token(
                request,
                claims_options={
                    "iss": {"essential": True, "value": metadata["issuer"]},
                    "aud": {"essential": True, "value": self.client.client_id},
                },
                claims_cls=_judged_at(now),
                leeway=_LEEWAY,
            )
            found: Mapping[str, Any] = token["userinfo"]
        except _AWAY as error:
            raise self._unavailable(error) from error
        except _REFUSED as error:
            log(_LOG, logging.WARNING, "sign_in_not_confirmed", error=error)
            raise Forbidden("The sign-in service did not confirm who this is.") from error
        return found

    def who(self, claims: Mapping[str, Any]) -> Who | None:
        """The person of an id token; None for one without a usable name, or without a role here."""
        name = claims.get("preferred_username") or claims.get("sub")
        words = _words(claims, self.claim)
        roles = tuple(role for role in ROLES if role in {self.roles.get(word) for word in words})
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or has_identity_code(name) or not roles:
            return None
        return Who(name, roles)

    async def _known(self) -> Mapping[str, Any]:
        """What the provider says of itself, narrowed to the signatures that are taken. Raises: ValueError."""
        metadata: dict[str, Any] = await self.client.load_server_metadata()
        if str(metadata.get("issuer", "")).rstrip("/") != self.issuer.rstrip("/"):
            raise ValueError("The sign-in service has another name than the settings give it.")
        offered = metadata.get(_ALGORITHMS) or SIGNATURES[:1]
        metadata[_ALGORITHMS] = [name for name in offered if name in SIGNATURES] or [*SIGNATURES[:1]]
        return metadata

    def _unavailable(self, error: Exception) -> Unavailable:
        log(_LOG, logging.ERROR, "sign_in_service_unusable", error=error)
        return Unavailable("The sign-in service cannot be reached, or is not the one of the settings.")


def provider_of(settings: Settings) -> Provider | None:
    """The provider of the settings, or None when they name none."""
    if not settings.console_issuer:
        return None
    client = OAuth().register(
        "console",
        client_id=settings.console_client,
        client_secret=settings.console_secret,
        server_metadata_url=f"{settings.console_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "trust_env": False},
    )
    roles = dict(settings.console_roles) or {role: role for role in ROLES}
    back = f"{settings.console_address.rstrip('/')}/oidc/back"
    return Provider(client, settings.console_issuer, settings.console_roles_claim, roles, back)


def _judged_at(now: datetime) -> Callable[..., Any]:
    """Makes the library's id tokens so that they are judged by our clock."""

    def made(*told: Any) -> Any:
        token = CodeIDToken(*told)
        token.validate = partial(token.validate, int(now.timestamp()))
        return token

    return made


def _words(claims: Mapping[str, Any], claim: str) -> list[str]:
    """The words in a claim: a list, or words in one text. None when it is not there, or is anything else."""
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for name in claim.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
    words = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    return [word for word in words if isinstance(word, str)]
