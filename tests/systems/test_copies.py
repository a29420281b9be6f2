"""Copies into real folders and over a real mail server, opened again as their receiver would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pikepdf
import pyrage
import pytest

from interop.errors import Busy, Conflict, Fault, Forbidden, InteropError, Invalid, Unavailable, Unknown
from interop.exchange.copies import Copies
from interop.systems.base import Outgoing, Receipt
from interop.systems.copy_folder import TAKEN, CopyFolder, copy_name
from interop.systems.copy_mail import CopyMail, CopyMailSettings
from interop.systems.sealing import Sealer
from interop.systems.tls import Tls
from tests.exchange.test_two_way import record_of
from tests.systems.certificates import Authority
from tests.systems.mail_server import SECRET, USER, MailServer, mail_server

PASSWORD = "avain-ja-lukko-42"
PLAN = record_of()
OUTGOING = Outgoing("m1", PLAN.document, 1, Copies(frozenset({"15020"})).write(PLAN).data)
PERSONAL = ("010280-952L", "Mallikas", "Väinö", PLAN.document)


def title_of(pdf: bytes, password: str = "") -> str:
    with pikepdf.open(BytesIO(pdf), password=password) as opened:
        assert len(opened.pages) >= 1
        return str(opened.docinfo["/Title"])


TITLE = title_of(OUTGOING.payload)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def server(authority: Authority) -> Iterator[MailServer]:
    with mail_server(authority.signed("mail")) as running:
        yield running


def mail_to(server: MailServer, authority: Authority, sealer: Sealer | None = None, secret: str = SECRET) -> CopyMail:
    settings = CopyMailSettings(
        server.address, "vaihto@county.example", "suunnitelmat@provider.example", USER, secret, Tls(authority.path)
    )
    return CopyMail(settings, sealer or Sealer(PASSWORD))


def test_the_same_document_gives_the_same_copy_at_any_time() -> None:
    assert Copies(frozenset({"15020"})).write(PLAN).data == OUTGOING.payload


def test_a_copy_stands_in_the_folder_once_and_its_name_tells_nothing(tmp_path: Path) -> None:
    folder = CopyFolder(tmp_path, Sealer())
    assert [folder.send(OUTGOING).state for _ in range(2)] == ["delivered", "delivered"]
    (file,) = tmp_path.iterdir()
    assert (file.name, file.read_bytes()) == (f"{copy_name(OUTGOING)}.pdf", OUTGOING.payload)
    assert all(one not in file.name for one in PERSONAL)
    assert folder.settle(OUTGOING) == Receipt("delivered", copy_name(OUTGOING))
    assert all(one.ok for one in folder.check())


def test_a_copy_that_was_taken_is_not_put_there_again(tmp_path: Path) -> None:
    folder = CopyFolder(tmp_path, Sealer(PASSWORD))
    folder.send(OUTGOING)
    (tmp_path / TAKEN).mkdir()
    (file,) = tmp_path.glob("*.pdf")
    file.rename(tmp_path / TAKEN / file.name)
    assert folder.send(OUTGOING).state == "delivered"
    assert list(tmp_path.glob("*.pdf")) == []


def test_a_folder_that_is_missing_takes_nothing(tmp_path: Path) -> None:
    folder = CopyFolder(tmp_path / "none", Sealer())
    for call in (folder.send, folder.settle):
        with pytest.raises(Unavailable):
            call(OUTGOING)
    assert not any(one.ok for one in folder.check())


def test_a_copy_sealed_by_password_opens_with_it_alone(tmp_path: Path) -> None:
    CopyFolder(tmp_path, Sealer(PASSWORD)).send(OUTGOING)
    (file,) = tmp_path.iterdir()
    with pytest.raises(pikepdf.PasswordError):
        title_of(file.read_bytes())
    assert title_of(file.read_bytes(), PASSWORD) == TITLE
    with pikepdf.open(file, password=PASSWORD) as opened:
        assert (opened.encryption.R, opened.encryption.bits) == (6, 256)


def test_a_copy_sealed_for_a_key_opens_with_it_alone(tmp_path: Path) -> None:
    key, other = (pyrage.x25519.Identity.generate() for _ in range(2))
    CopyFolder(tmp_path, Sealer(age_key=str(key.to_public()))).send(OUTGOING)
    (file,) = tmp_path.iterdir()
    assert file.name.endswith(".pdf.age")
    assert pyrage.decrypt(file.read_bytes(), [key]) == OUTGOING.payload
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(file.read_bytes(), [other])


def test_a_mistyped_key_and_what_is_no_pdf_are_refused() -> None:
    with pytest.raises(Invalid):
        Sealer(age_key="age1mistyped")
    with pytest.raises(Fault):
        Sealer(PASSWORD).seal(b"no pdf")


def test_a_mail_carries_the_sealed_copy_and_nothing_personal(server: MailServer, authority: Authority) -> None:
    receipt = mail_to(server, authority).send(OUTGOING)
    (mail,) = server.mails
    (attachment,) = mail.iter_attachments()
    content = attachment.get_content()
    assert (receipt.state, server.in_clear) == ("delivered", 0)
    assert receipt.reference == mail["Message-ID"]
    assert title_of(content, PASSWORD) == TITLE
    with pytest.raises(pikepdf.PasswordError):
        title_of(content)
    assert attachment.get_filename() == f"{copy_name(OUTGOING)}.pdf"
    open_text = mail.as_string().replace(str(attachment.get_payload()), "")
    assert all(one not in open_text for one in (*PERSONAL, PASSWORD, TITLE))


@pytest.mark.parametrize(
    ("at", "word", "outcome"),
    [
        ("rcpt", "550 5.1.1 no such mailbox", "rejected"),
        ("rcpt", "450 4.7.1 greylisted, come back", Busy),
        ("data", "554 5.7.1 refused", "rejected"),
        ("data", "552 5.3.4 too big", "rejected"),
        ("data", "451 4.3.0 try again", Busy),
        ("data", "drop", Unknown),
    ],
)
def test_each_word_of_the_server_has_its_outcome(
    server: MailServer, authority: Authority, at: str, word: str, outcome: str | type[InteropError]
) -> None:
    getattr(server, at).append(word)
    mail = mail_to(server, authority)
    if isinstance(outcome, str):
        receipt = mail.send(OUTGOING)
        assert (receipt.state, word[:3] in receipt.reason, word[4:] in receipt.reason) == (outcome, True, False)
        return
    with pytest.raises(outcome):
        mail.send(OUTGOING)


def test_a_mail_cannot_be_read_back(server: MailServer, authority: Authority) -> None:
    with pytest.raises(Conflict):
        mail_to(server, authority).settle(OUTGOING)


def test_nothing_is_mailed_without_tls_or_to_a_stranger(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "stranger")
    pairs = [(None, Forbidden), (stranger.signed("mail"), Unavailable)]
    for pair, error in pairs:
        with mail_server(pair) as server, pytest.raises(error):
            mail_to(server, authority).send(OUTGOING)
        assert server.mails == []


def test_the_check_tells_of_a_login_that_is_refused(server: MailServer, authority: Authority) -> None:
    wrong = mail_to(server, authority, secret="toinen")
    assert [one.ok for one in mail_to(server, authority).check()] == [True, True]
    assert [one.ok for one in wrong.check()] == [False]
    with pytest.raises(Forbidden):
        wrong.send(OUTGOING)
    assert server.mails == []


def test_a_server_that_is_not_there_is_tried_again(authority: Authority) -> None:
    with ExitStack() as stack:
        gone = stack.enter_context(mail_server(None))
    with pytest.raises(Unavailable):
        mail_to(gone, authority).send(OUTGOING)


def test_the_time_of_making_is_that_of_the_document() -> None:
    with pikepdf.open(BytesIO(OUTGOING.payload)) as opened:
        assert str(opened.docinfo["/CreationDate"]).startswith(f"D:{datetime(2026, 11, 2, tzinfo=UTC):%Y%m%d}")
