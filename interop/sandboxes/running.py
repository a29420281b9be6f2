"""A sandbox as a running server on the loopback interface, on a port that the operating system picks."""

from __future__ import annotations

import socket
import threading
import time
from email.utils import formatdate
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interop.errors import Unavailable
from interop.sandboxes.tls import Front, Secured, ServerTls

__all__ = ["Running"]

_LONGEST_START = 20.0
_LONGEST_STOP = 10.0


class _Server(uvicorn.Server):
    """Says when it has started, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class _Dated:
    """An application whose answers carry the date of a clock that is not right."""

    def __init__(self, app: ASGIApp, ahead: float) -> None:
        self._app, self._ahead = app, ahead

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(time.time() + self._ahead, usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        await self._app(scope, receive, dated)


class Running:
    """An application served over real sockets while the context lasts; `url` is its address, without a last slash.

    In: `tls` puts TLS in front of it; its clock is `ahead` of ours, in seconds, in the dates that it tells.
    """

    def __init__(
        self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0, tls: ServerTls | None = None, ahead: float = 0.0
    ) -> None:
        self._socket = socket.create_server((host, 0 if tls else port))
        # Accepted connections inherit it. Without it the second half of each answer waits 40 ms for the client's word.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dated = _Dated(app, ahead) if ahead else app
        self._server = _Server(uvicorn.Config(
            Secured(dated) if tls else dated, http="h11", ws="none", loop="asyncio", lifespan="off", log_config=None,
            access_log=False, log_level="critical", timeout_graceful_shutdown=1, date_header=not ahead,
        ))  # fmt: skip
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="sandbox", daemon=True
        )
        inner: int = self._socket.getsockname()[1]
        self._front = Front(tls, (host, inner), port) if tls else None
        self.port = self._front.port if self._front else inner
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"

    def start(self) -> Self:
        """The same server, ready for calls. Raises: Unavailable."""
        self._thread.start()
        if not self._server.up.wait(_LONGEST_START):
            raise Unavailable("The sandbox did not start.")
        if self._front:
            self._front.start()
        return self

    def stop(self) -> None:
        """Nothing; the server is gone and its port closed."""
        if self._front:
            self._front.stop()
        self._server.should_exit = True
        self._thread.join(_LONGEST_STOP)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()
