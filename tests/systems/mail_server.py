"""A mail server for a test: over loopback, with STARTTLS, a login, and a word for each command that a test may set."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.systems.certificates import Pair

USER, SECRET = "vaihto", "salainen-sana"


@dataclass
class MailServer:
    """What has come in. `words`: the answers to RCPT and to the mail, one for each, until there are none.

    A word "drop" takes the mail and ends the connection without an answer.
    """

    address: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    in_clear: int = 0
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the name that the library calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.in_clear += session.ssl is None
        word = self.data.pop(0) if self.data else "250 OK"
        if word == "drop" or word.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
        if word == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return word


def _known(_: SMTP, __: Session, ___: Envelope, ____: str, said: Any) -> AuthResult:
    right = isinstance(said, LoginPassword) and (said.login, said.password) == (USER.encode(), SECRET.encode())
    return AuthResult(success=right, handled=right)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def mail_server(pair: Pair | None) -> Iterator[MailServer]:
    """The server, up; without a certificate it offers no TLS and no login."""
    server = MailServer()
    options: dict[str, Any] = {}
    if pair is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.key)
        options = {"tls_context": context, "require_starttls": True, "authenticator": _known, "auth_required": True}
    controller = Controller(server, hostname="127.0.0.1", port=_free_port(), **options)
    controller.start()
    try:
        server.address = f"smtp://127.0.0.1:{controller.port}"
        yield server
    finally:
        controller.stop()
