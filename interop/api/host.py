"""What every operation of the API works with: the exchange's parts, the settings, and where the service stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from interop.api.calls import Call
from interop.api.clients import EVERY_SCOPE, Client
from interop.api.limiter import Limiter
from interop.config import ClientSettings, Settings
from interop.exchange.parts import Parts
from interop.service.jobs import Runner
from interop.service.library import Library
from interop.service.viewing import Viewer
from schemas.fhir_definitions import Definitions
from schemas.limits import DEFAULT_LIMITS, Limits
from validators.gate import Receiver

__all__ = ["FHIR", "Host", "base_url", "developer"]

FHIR = "/fhir"
"""The path below which the API stands."""


@dataclass(frozen=True, slots=True)
class Host:
    """One running API. `development` is the one-time token of the development mode, empty when that is off."""

    parts: Parts
    settings: Settings
    definitions: Definitions
    limiter: Limiter
    library: Library
    runner: Runner
    development: str = field(default="", repr=False)

    @property
    def base(self) -> str:
        """The address of the API as its clients know it, without a last slash."""
        return base_url(self.settings) + FHIR

    @property
    def token_url(self) -> str:
        """The address of the token endpoint: the audience of clients' assertions."""
        return f"{self.base}/auth/token"

    @property
    def clients(self) -> Mapping[str, ClientSettings]:
        """The clients by name."""
        return {client.name: client for client in self.settings.clients}

    @property
    def limits(self) -> Limits:
        """How much of a foreign document is read."""
        return replace(DEFAULT_LIMITS, size=self.settings.http_max_body)

    def viewer(self, call: Call) -> Viewer:
        """The client of a request as the gate judges it."""
        return Viewer(call.client.receiver, self.parts.store.wills.of, self.parts.clock, call.seen)


def base_url(settings: Settings) -> str:
    """The address of the whole service, without a last slash: the setting, or where it listens."""
    if settings.http_base_url:
        return settings.http_base_url.rstrip("/")
    host, port = settings.http_listen or ("127.0.0.1", 8080)
    scheme = "https" if settings.http_tls_cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def developer(settings: Settings) -> Client:
    """The client of the development mode: it acts for the controller of the first system that has one."""
    controller = next((one.controller for one in settings.systems if one.controller), "")
    receiver = Receiver(controller=controller, sector="social", ownership="public")
    return Client("development", receiver, EVERY_SCOPE, "development")
