"""The mail server's stand-in: what it takes, what it keeps, and each fault that it has a switch for."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from interop.errors import Busy, Forbidden, InteropError, Unknown
from interop.sandboxes.faults import SWITCHES
from interop.sandboxes.mail import MailSandbox
from interop.sandboxes.tls import ServerTls
from interop.systems.base import Outgoing
from interop.systems.certificates import Validity, self_signed, shown_at
from interop.systems.copy_mail import CopyMail, CopyMailSettings
from interop.systems.sealing import Sealer
from interop.systems.tls import Tls
from tests.systems.certificates import DAY

SECRET = "salainen-sana"
OUTGOING = Outgoing("m1", "1.2.246.10.99999999.11.2026.7", 1, b".a line that begins with a dot\r\n" * 9)
OUTCOMES: dict[str, str | type[InteropError]] = {
    "greylisted": Busy, "no_such_mailbox": "rejected", "refused": "rejected", "answer_lost": Unknown,
    "login_refused": Forbidden, "no_tls": Forbidden,
}  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Iterator[MailSandbox]:
    now = datetime.now(UTC)
    files = ServerTls(tmp_path / "certificate.pem", tmp_path / "key.pem")
    for path, data in zip(
        (files.certificate, files.key), self_signed("127.0.0.1", Validity(now - DAY, now + DAY)), strict=True
    ):
        path.write_bytes(data)
    with MailSandbox(tmp_path, files, SECRET) as running:
        yield running


def mail_to(box: MailSandbox, secret: str = SECRET) -> CopyMail:
    trust = Tls(box.folder.parent / "certificate.pem")
    settings = CopyMailSettings(box.url, "vaihto@county.example", "a@provider.example", box.user, secret, trust, 10, 10)
    return CopyMail(settings, Sealer())


def test_each_mail_stands_whole_in_a_file_of_its_own(box: MailSandbox) -> None:
    assert all(one.ok for one in mail_to(box).check())
    assert box.received == []
    for _ in range(2):
        assert mail_to(box).send(OUTGOING).state == "delivered"
    assert [path.name for path in sorted(box.folder.iterdir())] == ["000001.eml", "000002.eml"]
    mails = [message_from_bytes(data, policy=policy.default) for data in box.received]
    for mail in mails:
        (attachment,) = mail.iter_attachments()
        assert attachment.get_content() == OUTGOING.payload


def test_every_switch_has_its_outcome() -> None:
    assert OUTCOMES.keys() == SWITCHES["mail"].keys()


@pytest.mark.parametrize("fault", OUTCOMES)
def test_each_fault_is_met_once(box: MailSandbox, fault: str) -> None:
    box.faults.on(fault)
    outcome, mail = OUTCOMES[fault], mail_to(box)
    if isinstance(outcome, str):
        assert mail.send(OUTGOING).state == outcome
    else:
        with pytest.raises(outcome):
            mail.send(OUTGOING)
    kept = len(box.received)
    assert kept == (fault == "answer_lost")
    assert mail.send(OUTGOING).state == "delivered"
    assert len(box.received) == kept + 1


def test_nothing_is_taken_in_clear_or_from_a_stranger(box: MailSandbox) -> None:
    with pytest.raises(Forbidden):
        mail_to(box, "toinen").send(OUTGOING)
    with closing(smtplib.SMTP("127.0.0.1", urlsplit(box.url).port or 0)) as plain:
        plain.ehlo()
        assert not plain.has_extn("auth")
        assert plain.docmd("AUTH", "PLAIN eA==")[0] == 503
        assert [plain.docmd(verb)[0] for verb in ("MAIL", "RCPT", "DATA", "JUNK", "RSET", "NOOP")] == [
            530, 530, 530, 503, 250, 250,
        ]  # fmt: skip
    assert box.received == []


def test_the_order_of_commands_is_kept(box: MailSandbox) -> None:
    trust = ssl.create_default_context(cafile=str(box.folder.parent / "certificate.pem"))
    with closing(smtplib.SMTP("127.0.0.1", urlsplit(box.url).port or 0)) as session:
        session.starttls(context=trust)
        session.ehlo()
        assert session.docmd("AUTH", "PLAIN ???")[0] == 535
        session.login(box.user, SECRET)
        assert [session.docmd(*words)[0] for words in (("RCPT", "TO:<a@b.example>"), ("DATA",))] == [503, 503]
        assert session.mail("x@y.example")[0] == 250
        assert session.docmd("DATA")[0] == 503
        assert session.docmd("STARTTLS")[0] == 503


def test_its_certificate_vouches_for_itself(box: MailSandbox) -> None:
    assert shown_at(box.url, 5).ends > datetime.now(UTC)
