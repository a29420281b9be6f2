"""Signing in at an OpenID provider: authorization code with PKCE, and roles from one claim of the id token.

Source: OpenID Connect Core 1.0 §3.1; RFC 7636 (PKCE); RFC 9700 (OAuth 2.0 Security Best Current Practice).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.deprecate import AuthlibDeprecationWarning
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from interop.config import Settings
from interop.config.people import ROLES
from interop.console.access import Who
from interop.errors import Forbidden, Unavailable

with warnings.catch_warnings():
    # Authlib tells everybody who imports it that it will move to another version of its HTTP library.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.starlette_client import OAuth
    from httpx import HTTPError

__all__ = ["Provider", "provider_of"]

_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider of the settings. `claim` is the name of what holds the roles; `back` is where people come back."""

    client: Any = field(repr=False)
    claim: str
    back: str

    async def leave_for(self, request: Request) -> Response:
        """The answer that sends the browser to the provider. Raises: Unavailable."""
        try:
            answer: Response = await self.client.authorize_redirect(request, self.back)
        except (HTTPError, OAuthError, ValueError) as error:
            raise Unavailable("The sign-in service cannot be reached. Try again in a moment.") from error
        return answer

    async def who(self, request: Request) -> Who:
        """The person that the provider has sent back. Raises: Forbidden, Unavailable."""
        try:
            token = await self.client.authorize_access_token(request)
        except HTTPError as error:
            raise Unavailable("The sign-in service cannot be reached. Try again in a moment.") from error
        except (OAuthError, JoseError, ValueError, KeyError, TypeError) as error:
            raise Forbidden("The sign-in service did not confirm who you are. Sign in again.") from error
        return _who(token.get("userinfo") or {}, self.claim)


def provider_of(settings: Settings) -> Provider | None:
    """The provider of the settings, or None when they name none."""
    if not settings.console_issuer:
        return None
    registry = OAuth()
    client = registry.register(
        "console",
        client_id=settings.console_client,
        client_secret=settings.console_secret,
        server_metadata_url=f"{settings.console_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
    )
    return Provider(client, settings.console_roles_claim, f"{settings.console_url.rstrip('/')}/oidc/back")


def _who(claims: Mapping[str, Any], claim: str) -> Who:
    """The person of an id token. Raises: Forbidden for one without a name or without a role of ours."""
    name = claims.get("preferred_username") or claims.get("sub")
    words = claims.get(claim)
    words = words.split() if isinstance(words, str) else words if isinstance(words, list) else []
    roles = tuple(role for role in ROLES if role in words)
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not roles:
        raise Forbidden("You have signed in, and you have no role in this console. Ask its keeper for one.")
    return Who(name, roles)
