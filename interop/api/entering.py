"""Who is let in: by an access token, by a certificate of the connection, or by the token of the development mode."""

from __future__ import annotations

from collections.abc import Mapping

from interop.api.clients import Client, allows, client_of
from interop.api.development import is_development_token
from interop.api.host import Host, developer
from interop.api.outcomes import Refused
from interop.api.tokens import bearer

__all__ = ["CERTIFICATE", "admit", "entered"]

CERTIFICATE = "sote_interop_certificate"
"""The key of the SHA-256 of the client's certificate in a request's scope; only our own server sets it."""


def entered(host: Host, headers: Mapping[str, str], certificate: str) -> Client:
    """The client that a request comes from. Raises: Refused when it does not prove itself."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        if is_development_token(host.development, token.strip()):
            return developer(host.settings)
        return bearer(host, token.strip())
    if certificate:
        for client in host.settings.clients:
            if client.certificate == certificate:
                return client_of(client)
    raise Refused("token_is_missing", headers={"WWW-Authenticate": "Bearer"})


def admit(host: Host, client: Client, needs: tuple[str, str] | None) -> None:
    """Nothing; the client may make one request. In: `needs` is a type and a letter of `cruds`, None for any scope.

    Raises: Refused.
    """
    wait = host.limiter.wait(client.name, client.requests_per_minute)
    if wait:
        raise Refused("too_many_requests", headers={"Retry-After": str(wait)})
    if needs is not None and not allows(client.scopes, *needs):
        challenge = f'Bearer error="insufficient_scope", scope="system/{needs[0]}.{needs[1]}"'
        raise Refused("scope_does_not_allow_it", headers={"WWW-Authenticate": challenge})
