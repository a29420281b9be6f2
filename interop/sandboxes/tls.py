"""TLS in front of a sandbox, as a reverse proxy stands in front of a real system: it ends the encryption and passes on.

It answers a client whose certificate it does not take with the alert that says why, before anything is passed on.
Source: RFC 8446 §4.4.2, §6.2.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Front", "Secured", "ServerTls"]

_CHUNK = 65_536
_LONGEST_SILENCE = 30.0
_GLANCE = 0.2


@dataclass(frozen=True, slots=True)
class ServerTls:
    """How the server proves who it is, and the authority whose client certificates it demands; the files are PEM."""

    certificate: Path
    key: Path
    clients: Path | None = None

    def context(self) -> ssl.SSLContext:
        """The server's side of a connection."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if self.clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.clients)
        return context


class Secured:
    """An application that knows it is reached over https, though what reaches it is no longer encrypted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call."""
        await self._app({**scope, "scheme": "https"} if "scheme" in scope else scope, receive, send)


class Front:
    """Takes encrypted connections on `port` and passes what comes through them to the address behind."""

    def __init__(self, tls: ServerTls, behind: tuple[str, int], port: int = 0) -> None:
        self._context = tls.context()
        self._behind = behind
        self._socket = socket.create_server((behind[0], port))
        self._socket.settimeout(_GLANCE)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="sandbox-tls", daemon=True)
        self.port: int = self._socket.getsockname()[1]

    def start(self) -> None:
        """Nothing; connections are taken from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Nothing; no connection is taken any more, and the port is closed."""
        self._stop.set()
        self._thread.join(_LONGEST_SILENCE)
        self._socket.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_LONGEST_SILENCE)
        with (
            contextlib.suppress(OSError),
            client,
            self._context.wrap_socket(client, server_side=True) as outer,
            socket.create_connection(self._behind, _LONGEST_SILENCE) as inner,
        ):
            while not self._stop.is_set() and _passed(outer, inner):
                pass


def _passed(outer: ssl.SSLSocket, inner: socket.socket) -> bool:
    """True until one side has closed; what either side has said meanwhile is passed to the other."""
    ready: list[socket.socket] = [outer] if outer.pending() else select.select([outer, inner], [], [], _GLANCE)[0]
    for one, other in ((outer, inner), (inner, outer)):
        if one in ready:
            said = one.recv(_CHUNK)
            if not said:
                return False
            other.sendall(said)
    return True
