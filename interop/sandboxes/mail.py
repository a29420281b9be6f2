"""A mail server's stand-in on the loopback interface: TLS by STARTTLS, a login, and each mail as a file of its own.

    mails/000001.eml   the first mail that was taken, as it came

It takes mail for anybody and sends none on. What it does wrong on purpose stands in `faults.toml`.
Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 and RFC 4616 (AUTH PLAIN), RFC 6409 (submission).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import secrets
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from interop.sandboxes.faults import Switchboard
from interop.sandboxes.tls import ServerTls

__all__ = ["MailSandbox"]

_GLANCE = 0.2
_LONGEST_SILENCE = 30.0
_LONGEST_STOP = 10.0
_LONGEST_LINE = 65_536
_LONGEST_MAIL = 64 * 1024 * 1024
_OFFERED = "250-SIZE 67108864\r\n250-8BITMIME\r\n"


class MailSandbox:
    """A server on the loopback interface while the context lasts. In: the folder that its mails go to."""

    user = "vaihto"

    def __init__(self, root: Path, tls: ServerTls, secret: str) -> None:
        self.faults = Switchboard("mail")
        self.folder = root / "mails"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tls = tls.context()
        self._login = f"\0{self.user}\0{secret}".encode()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(_GLANCE)
        self._thread = threading.Thread(target=self._accept, name="sandbox-mail", daemon=True)
        self.url = f"smtp://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def received(self) -> list[bytes]:
        """The mails that were taken, oldest first."""
        return [path.read_bytes() for path in sorted(self.folder.glob("*.eml"))]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(_LONGEST_STOP)
        self._socket.close()

    def knows(self, login: bytes) -> bool:
        """Whether a login opens the server."""
        return not self.faults.met("login_refused") and secrets.compare_digest(login, self._login)

    def secured(self, plain: socket.socket) -> socket.socket:
        """The connection, with TLS from now on. Raises: OSError."""
        return self._tls.wrap_socket(plain, server_side=True)

    def keep(self, mail: bytes) -> None:
        """Nothing; the mail stands in the folder."""
        with self._lock:
            number = sum(1 for _ in self.folder.glob("*.eml")) + 1
            (self.folder / f"{number:06}.eml").write_bytes(mail)

    def _accept(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_LONGEST_SILENCE)
        with contextlib.suppress(OSError), _Talk(self, client) as talk:
            talk.go()


class _Talk:
    """One connection: what it has got to so far, and the answer to each command."""

    def __init__(self, server: MailSandbox, client: socket.socket) -> None:
        self._server, self._client = server, client
        self._stream: BinaryIO = client.makefile("rb")
        self._offers_tls = not server.faults.met("no_tls")
        self._is_secure = self._is_known = False
        self._sender, self._receivers = "", 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stream.close()
        self._client.close()

    def go(self) -> None:
        """Nothing; the client has left. Raises: OSError when it did so without a word."""
        self._say("220 mail.example ESMTP sandbox")
        for line in self._lines():
            verb, _, rest = line.strip().partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    self._say(self._greeting())
                case "STARTTLS" if self._offers_tls and not self._is_secure:
                    self._begin_tls()
                case "AUTH" if self._is_secure:
                    self._log_in(rest)
                case "MAIL" | "RCPT" | "DATA" if not self._is_known:
                    self._say("530 5.7.0 Authentication required")
                case "MAIL":
                    self._sender, self._receivers = rest, 0
                    self._say("250 2.1.0 OK")
                case "RCPT" if self._sender:
                    self._receive()
                case "DATA" if self._receivers:
                    self._take()
                case "RSET" | "NOOP":
                    self._sender, self._receivers = "" if verb.upper() == "RSET" else self._sender, 0
                    self._say("250 2.0.0 OK")
                case "QUIT":
                    self._say("221 2.0.0 Bye")
                    return
                case _:
                    self._say("503 5.5.1 Not now, or not known")

    def _greeting(self) -> str:
        last = "AUTH PLAIN" if self._is_secure else "STARTTLS" if self._offers_tls else "HELP"
        return f"250-mail.example\r\n{_OFFERED}250 {last}"

    def _begin_tls(self) -> None:
        self._say("220 2.0.0 Go on")
        self._stream.close()
        self._client = self._server.secured(self._client)
        self._stream = self._client.makefile("rb")
        self._is_secure = True

    def _log_in(self, rest: str) -> None:
        try:
            login = base64.b64decode(rest.partition(" ")[2], validate=True)
        except (binascii.Error, ValueError):
            login = b""
        self._is_known = self._server.knows(login)
        self._say("235 2.7.0 Welcome" if self._is_known else "535 5.7.8 Not known")

    def _receive(self) -> None:
        if self._server.faults.met("greylisted"):
            self._say("450 4.7.1 Greylisted, come back later")
        elif self._server.faults.met("no_such_mailbox"):
            self._say("550 5.1.1 No such mailbox")
        else:
            self._receivers += 1
            self._say("250 2.1.5 OK")

    def _take(self) -> None:
        self._say("354 Go on")
        mail = bytearray()
        for line in iter(self._line, b".\r\n"):
            mail += line[1:] if line.startswith(b".") else line
            if len(mail) > _LONGEST_MAIL:
                raise ConnectionAbortedError
        self._sender, self._receivers = "", 0
        if self._server.faults.met("refused"):
            self._say("554 5.7.1 Refused")
            return
        self._server.keep(bytes(mail))
        if self._server.faults.met("answer_lost"):
            raise ConnectionAbortedError
        self._say("250 2.0.0 Taken")

    def _lines(self) -> Iterator[str]:
        while line := self._stream.readline(_LONGEST_LINE):
            yield line.decode("latin-1")

    def _line(self) -> bytes:
        line = self._stream.readline(_LONGEST_LINE)
        if not line:
            raise ConnectionAbortedError
        return line

    def _say(self, words: str) -> None:
        self._client.sendall(words.encode() + b"\r\n")
