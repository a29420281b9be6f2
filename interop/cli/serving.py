"""The HTTP faces of `interop serve`: which application stands where, and the server that they stand on.

The server says nothing of itself and nothing of what it is asked: uvicorn's own lines are left out, as they quote
addresses. Source: RFC 9110; FHIR R4 4.0.1 http.html#security.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from secrets import token_urlsafe
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from interop import api, console
from interop.api.entering import CERTIFICATE
from interop.api.host import base_url
from interop.config import LOOPBACK, Settings
from interop.errors import Unavailable
from interop.exchange.joining import hooks, signing_keys
from interop.exchange.metrics import MEDIA_TYPE, Metrics
from interop.exchange.parts import Parts
from interop.systems.oauth import jwks
from interop.systems.omni360_webhook import webhook_app

__all__ = ["FACES", "Faces", "HttpServer", "Serving", "Tokens", "announcement"]

_LONGEST_START, _LONGEST_STOP = 20.0, 30.0
_CONNECTIONS = 512
_HEAD_BYTES = 32 * 1024
_IDLE = 5


@dataclass(frozen=True, slots=True)
class Tokens:
    """What lets in whoever has started the service; an empty one lets nobody in.

    `api` stands for a client with every scope, in development mode alone. `console` opens the console once, where no
    people are known who could sign in.
    """

    api: str = field(default="", repr=False)
    console: str = field(default="", repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Tokens:
        """The tokens of one start: only for a service that listens on a loopback address."""
        if settings.http_listen is None or settings.http_listen[0] not in LOOPBACK:
            return cls()
        is_known = bool(settings.console_people or settings.console_issuer)
        api_token = api.development_token() if settings.http_development else ""
        return cls(api_token, "" if is_known else token_urlsafe(24))


@dataclass(frozen=True, slots=True)
class Serving:
    """What a face is built of. `tokens` open the API in development mode, and the console once."""

    parts: Parts
    settings: Settings
    tokens: Tokens = Tokens()


def _fhir(one: Serving) -> ASGIApp:
    return api.application(one.parts, one.settings, one.tokens.api)


def _console(one: Serving) -> ASGIApp:
    return console.application(one.parts, one.settings, token=one.tokens.console)


def _jwks(one: Serving) -> ASGIApp:
    """The public halves of the keys by which we prove ourselves to other systems."""
    published = jwks(signing_keys(one.settings))

    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(published, headers={"Cache-Control": "max-age=300"})

    return Starlette(routes=[Route("/", answer)])


def _metrics(one: Serving) -> ASGIApp:
    """The figures of the exchange for Prometheus: counts alone, and nothing of a document."""
    metrics = Metrics(one.parts.store)

    async def answer(_: Request) -> Response:
        text = await run_in_threadpool(metrics.text, one.parts.clock())
        return Response(text, media_type=MEDIA_TYPE)

    return Starlette(routes=[Route("/", answer)])


def _hooks(one: Serving) -> ASGIApp:
    return webhook_app(hooks(one.settings, one.parts.participants))


def _health(_: Serving) -> ASGIApp:
    async def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    return Starlette(routes=[Route("/", answer)])


FACES: Mapping[str, Callable[[Serving], ASGIApp]] = {
    "/fhir": _fhir,
    console.MOUNT: _console,
    "/jwks": _jwks,
    "/metrics": _metrics,
    "/hooks": _hooks,
    "/health": _health,
}
"""Where each face stands, and what builds it."""


class Faces:
    """The faces as one application: each gets what is asked below its own path."""

    def __init__(self, serving: Serving) -> None:
        self._faces = {path: build(serving) for path, build in FACES.items()}
        self._nothing: ASGIApp = PlainTextResponse("There is nothing at this address.\n", 404)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        for place, face in self._faces.items():
            if path == place or path.startswith(f"{place}/"):
                inner = {**scope, "root_path": place, "path": path if path != place else f"{place}/"}
                await face(inner, receive, send)
                return
        await self._nothing(scope, receive, send)


class _Protocol(H11Protocol):
    """HTTP/1.1 that waits only so long for a request's head, and tells the application who proved itself by TLS."""

    patience = 20.0
    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app = _certified(self.app, transport.get_extra_info("ssl_object"))
        self._await_head()

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and self._head is not None:
            self._head.cancel()
            self._head = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self._head is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._head is not None:
            self._head.cancel()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head = self.loop.call_later(self.patience, self.transport.close)


def _certified(app: Any, connection: ssl.SSLObject | None) -> Any:
    """The application, told the SHA-256 of the certificate by which the other side has proved itself."""
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    if not der:
        return app
    digest = sha256(der).hexdigest()

    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, CERTIFICATE: digest}, receive, send)

    return told


class _Server(uvicorn.Server):
    """Says when it has started; signals are its caller's business."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class HttpServer:
    """The faces on a socket while the context lasts. Raises: Unavailable when the address cannot be used."""

    def __init__(self, parts: Parts, settings: Settings, tokens: Tokens | None = None) -> None:
        host, port = settings.http_listen or ("127.0.0.1", 0)
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family, reuse_port=False)
        except OSError as error:
            raise Unavailable("The address of http.listen cannot be used; another program may have it.") from error
        self.port: int = self._socket.getsockname()[1]
        known = replace(settings, http_listen=(host, self.port))
        self._server = _Server(_config(Faces(Serving(parts, known, tokens or Tokens())), known))
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, name="http", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._server.up.wait(_LONGEST_START):
            raise Unavailable("The HTTP server did not start.")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(_LONGEST_STOP)
        with suppress(OSError):
            self._socket.close()


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    patience = settings.http_patience.total_seconds()
    protocol = type("Protocol", (_Protocol,), {"patience": patience})
    authority = settings.http_client_ca
    return uvicorn.Config(
        app, http=protocol, ws="none", loop="asyncio", lifespan="off", log_config=None, access_log=False,
        log_level="critical", server_header=False, date_header=True, proxy_headers=False,
        timeout_keep_alive=_IDLE, timeout_graceful_shutdown=10, limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        ssl_certfile=str(settings.http_tls_cert) if settings.http_tls_cert else None,
        ssl_keyfile=str(settings.http_tls_key) if settings.http_tls_key else None,
        ssl_ca_certs=str(authority) if authority else None,
        ssl_cert_reqs=ssl.CERT_OPTIONAL if authority else ssl.CERT_NONE,
    )  # fmt: skip


def announcement(settings: Settings, port: int, tokens: Tokens) -> str:
    """What is said when the faces are up: their addresses, and the tokens of this start."""
    base = base_url(replace(settings, http_listen=((settings.http_listen or ("127.0.0.1", 0))[0], port)))
    lines = [f"{path:<9} {base}{path}" for path in FACES]
    if tokens.console:
        lines.append(f"The console opens once: {base}{console.MOUNT}/enter?token={tokens.console}")
    if tokens.api:
        lines.append(f"Development mode: Authorization: Bearer {tokens.api}")
    return "\n".join(lines)
