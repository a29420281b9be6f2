"""A mail server that says what a test has written down for it, word by word, over TLS from the start.

It stands beside the whole server of `mail_server` for what that one never says: a greeting that refuses, an answer that
is none, a connection that breaks in the middle of a mail.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.systems.certificates import Pair

__all__ = ["BREAK", "ScriptedMail", "scripted_mail"]

BREAK = ""
"""In place of an answer: the connection is broken."""
_USUAL: Mapping[str, str] = {
    "greeting": "220 ready", "EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "235 come in", "MAIL": "250 OK",
    "RCPT": "250 OK", "DATA": "354 go on", "mail": "250 OK", "QUIT": "221 bye", "RSET": "250 OK",
}  # fmt: skip
_GLANCE = 0.2


@dataclass
class ScriptedMail:
    """What it says to each command, and the mails that it has read to their end. `most` bytes of a mail are read."""

    says: Mapping[str, str]
    most: int | None = None
    url: str = ""
    mails: list[bytes] = field(default_factory=list)

    def serve(self, client: ssl.SSLSocket) -> None:
        with client, client.makefile("rwb") as stream:
            self._say(client, "greeting")
            while line := stream.readline():
                verb = line.split()[0].decode().upper()
                self._say(client, verb)
                if verb == "DATA" and self._word(verb).startswith("354"):
                    if self.most is not None:
                        stream.read(self.most)
                        _broken(client)
                    self.mails.append(_whole(stream))
                    self._say(client, "mail")

    def _word(self, at: str) -> str:
        return self.says.get(at, _USUAL.get(at, "502 not known"))

    def _say(self, client: ssl.SSLSocket, at: str) -> None:
        if self._word(at) == BREAK:
            _broken(client)
        client.sendall(self._word(at).encode() + b"\r\n")


def _whole(stream: Iterator[bytes]) -> bytes:
    lines = []
    for line in stream:
        if line == b".\r\n":
            break
        lines.append(line)
    return b"".join(lines)


def _broken(client: ssl.SSLSocket) -> None:
    """Ends the connection as a machine does that has lost its power: at once, with a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError


@contextmanager
def scripted_mail(pair: Pair, says: Mapping[str, str], most: int | None = None) -> Iterator[ScriptedMail]:
    """The server, up."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    server, stop = ScriptedMail(says, most), threading.Event()

    def accept(listening: socket.socket) -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                client, _ = listening.accept()
                server.serve(context.wrap_socket(client, server_side=True))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(_GLANCE)
        server.url = f"smtps://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=accept, args=(listening,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            stop.set()
            thread.join(10)
