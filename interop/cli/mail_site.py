"""The mail server's sandbox as a site to connect to: its settings, its certificate and its secret stand in a folder."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interop.cli.sandbox_site import Table, secret_file
from interop.errors import Invalid
from interop.sandboxes.control import Control
from interop.sandboxes.mail import MailSandbox
from interop.sandboxes.tls import ServerTls
from interop.systems.certificates import Validity, self_signed

__all__ = ["MailSite"]

_GOOD_FOR = timedelta(days=90)


class MailSite:
    """A mail server that keeps what it gets in `mails/`, and stands for the mailbox of a service provider."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        now, secret = datetime.now(UTC), secrets.token_urlsafe(18)
        certificate, key = self_signed("127.0.0.1", Validity(now - timedelta(hours=1), now + _GOOD_FOR))
        tls = ServerTls(folder / "certificate.pem", folder / "key.pem")
        tls.certificate.write_bytes(certificate)
        secret_file(tls.key, key.decode())
        secret_file(folder / "secrets.env", f"INTEROP_MAIL_SECRET={secret}\n")
        self._box = stack.enter_context(MailSandbox(folder, tls, secret))
        self.tables: Mapping[str, Table] = {
            "mail": {
                "kind": "mail", "url": self._box.url, "user": self._box.user,
                "ca_file": str(tls.certificate.absolute()), "mail_from": "vaihto@county.example",
                "mail_to": "suunnitelmat@mallikoti.example",
            },
        }  # fmt: skip

    def control(self) -> Control:
        """What the door lets be done."""
        return Control({"mail": self._box.faults}, _no_document, lambda: {"mail": len(self._box.received)})


def _no_document(_: bytes) -> str:
    raise Invalid("A mail server has no documents of its own; it gets what the exchange sends.")
