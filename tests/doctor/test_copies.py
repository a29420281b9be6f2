"""The examination of folders and of the mail server, where copies and documents for Kanta go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from interop.doctor import Diagnosis
from interop.doctor.diagnosis import ADVICE
from interop.systems.kanta import FOLDERS
from tests.doctor.test_doctor import CONTROLLER, Site
from tests.systems.certificates import DAY, Authority
from tests.systems.mail_server import SECRET, USER, MailServer, mail_server
from tests.systems.scripted_mail import scripted_mail

COPIES = {
    "controller": CONTROLLER, "role": "provider", "structures": ["15020"], "duty": "private_provider",
    "ownership": "private", "service_tasks": ["working_age"], "names": ["Mallikoti ry"],
}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        made = Site(tmp_path, stack)
        made.database()
        yield made


def folder(site: Site, name: str, mode: int = 0o750) -> Path:
    path = site.folder / name
    path.mkdir()
    path.chmod(mode)
    return path


def mail_table(site: Site, url: str, authority: Authority) -> None:
    site.tables["mallikoti"] = COPIES | {
        "kind": "mail", "url": url, "user": USER, "ca_file": str(authority.path),
        "mail_from": "vaihto@county.example", "mail_to": "suunnitelmat@mallikoti.example",
    }  # fmt: skip
    site.environment["INTEROP_MALLIKOTI_SECRET"] = SECRET
    site.environment["INTEROP_MALLIKOTI_COPY_PASSWORD"] = "avain-ja-lukko-42"


@pytest.fixture
def mail(site: Site) -> Iterator[MailServer]:
    """A mail server that stands in the settings, with a certificate good for sixty days."""
    authority = Authority(site.folder, "authority")
    with mail_server(authority.signed("mail", 60 * DAY)) as server:
        mail_table(site, server.address, authority)
        yield server


def told(site: Site) -> dict[str, Diagnosis]:
    return {one.what: one for one in site.examined() if one.place == "mallikoti"}


def test_a_sealed_and_closed_folder_is_sound(site: Site) -> None:
    key = str(pyrage.x25519.Identity.generate().to_public())
    site.tables["copies"] = COPIES | {
        "kind": "folder", "url": folder(site, "copies").as_uri(), "copy_age_key": key
    }  # fmt: skip
    found = [one for one in site.examined() if one.place == "copies"]
    assert [(one.what, one.level, one.found) for one in found] == [
        ("seal", "ok", "age key"), ("copies/", "ok", "a folder to read and write"),
    ]  # fmt: skip
    assert not any((site.folder / "copies").iterdir())


def test_a_folder_that_others_may_reach_or_whose_copies_are_not_sealed_is_warned_of(site: Site) -> None:
    site.tables["copies"] = COPIES | {"kind": "folder", "url": folder(site, "copies", 0o755).as_uri()}
    wrong = [one for one in site.examined() if one.level != "ok"]
    assert [(one.what, one.level, one.advice) for one in wrong] == [
        ("url", "warning", ADVICE["open_folder"]), ("seal", "warning", ADVICE["unsealed"]),
    ]  # fmt: skip


def test_a_folder_of_copies_that_is_missing_is_not_taken_for_one_of_effica(site: Site) -> None:
    site.tables["copies"] = COPIES | {"kind": "folder", "url": (site.folder / "gone").as_uri()}
    (fault,) = [one for one in site.examined() if one.level == "fault"]
    assert (fault.what, fault.advice) == ("copies/", ADVICE["folder.folder"])


def test_the_folders_of_kanta_are_looked_at_and_let_go(site: Site) -> None:
    root = folder(site, "kanta")
    for name in FOLDERS:
        (root / name).mkdir()
    site.tables["kanta"] = {"kind": "kanta", "url": root.as_uri(), "controller": CONTROLLER}
    assert site.wrong() == []
    (root / "inbox" / "plan.pdf").touch()
    (root / "outbox").rmdir()
    root.chmod(0o755)
    wrong = [one for one in site.examined() if one.level != "ok"]
    assert [(one.what, one.advice) for one in wrong] == [
        ("url", ADVICE["open_folder"]), ("outbox/", ADVICE["kanta.folder"]),
        ("names in inbox", ADVICE["kanta.names in inbox"]),
    ]  # fmt: skip


def test_a_mail_server_is_asked_and_nothing_is_mailed(site: Site, mail: MailServer) -> None:
    assert {what: one.found for what, one in told(site).items() if one.level != "warning"} == {
        "seal": "password", "server's certificate": told(site)["server's certificate"].found,
        "mail server": "answers", "mailboxes": "taken",
    }  # fmt: skip
    assert told(site)["server's certificate"].level == "ok"
    assert mail.mails == []


@pytest.mark.parametrize(("ends", "level"), [(-DAY, "fault"), (20 * DAY, "warning")])
@pytest.mark.parametrize("over", ["smtp", "smtps"])
def test_the_day_on_which_a_mail_servers_certificate_ends(site: Site, over: str, ends: timedelta, level: str) -> None:
    authority = Authority(site.folder, "authority")
    with ExitStack() as stack:
        pair = authority.signed("mail", ends)
        url = (
            stack.enter_context(mail_server(pair)).address
            if over == "smtp"
            else stack.enter_context(scripted_mail(pair, {})).url
        )
        mail_table(site, url, authority)
        found = told(site)
    assert found["server's certificate"].level == level
    assert ("it has expired" in found["mail server"].found) is (level == "fault")


def test_a_login_that_is_refused_and_a_mailbox_that_is_not_there(site: Site, mail: MailServer) -> None:
    mail.rcpt.append("550 5.1.1 no such mailbox")
    boxes = told(site)["mailboxes"]
    assert (boxes.level, boxes.advice) == ("fault", ADVICE["mail.mailboxes"])
    assert boxes.found == "needed sender and receiver: refused (status 550)"
    mail.rcpt.append("450 4.7.1 greylisted")
    assert told(site)["mailboxes"].level == "ok"
    site.environment["INTEROP_MALLIKOTI_SECRET"] = "toinen"
    server = told(site)["mail server"]
    assert (server.level, server.advice) == ("fault", ADVICE["mail.mail server"])
    assert "did not take our login" in server.found


def test_a_mail_server_without_tls_or_none_at_all(site: Site) -> None:
    authority = Authority(site.folder, "authority")
    with mail_server(None) as server:
        mail_table(site, server.address, authority)
        without_tls = told(site)
    gone = told(site)
    for found, word in ((without_tls, "does not offer TLS"), (gone, "could not be reached")):
        assert found["server's certificate"].advice == ADVICE["server_certificate_hidden"]
        assert word in found["mail server"].found
