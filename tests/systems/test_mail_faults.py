"""What a mail server may say at each step, and what that is to the exchange: sent, tried again, refused, unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from interop.errors import Busy, Forbidden, InteropError, Unavailable, Unknown
from interop.exchange.copies import Copies
from interop.systems.base import Outgoing
from interop.systems.copy_mail import CopyMail, CopyMailSettings
from interop.systems.sealing import Sealer
from interop.systems.tls import Tls
from tests.exchange.test_two_way import record_of
from tests.systems.certificates import Authority
from tests.systems.scripted_mail import BREAK, scripted_mail

PLAN = record_of()
OUTGOING = Outgoing("m1", PLAN.document, 1, Copies(frozenset({"15020"})).write(PLAN).data)
NOON = 1_795_694_400.0
"""2026-11-26T12:00:00Z."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


def sender(url: str, authority: Authority, receiver: str = "a@provider.example", patience: float = 10) -> CopyMail:
    settings = CopyMailSettings(
        url, "vaihto@county.example", receiver, "vaihto", "salainen", Tls(authority.path), patience, patience
    )
    return CopyMail(settings, Sealer("avain-ja-lukko-42"), lambda: NOON)


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ({"greeting": "421 4.3.2 too busy"}, Busy),
        ({"greeting": "554 no service"}, Unavailable),
        ({"greeting": BREAK}, Unavailable),
        ({"AUTH": "454 4.7.0 try later"}, Busy),
        ({"AUTH": "535 5.7.8 wrong"}, Forbidden),
        ({"EHLO": "250 nothing offered"}, Forbidden),
        ({"MAIL": "452 4.3.1 no room now"}, Busy),
        ({"MAIL": "550 5.7.1 who are you"}, "rejected"),
        ({"MAIL": BREAK}, Unavailable),
        ({"RCPT": "450 4.2.0 greylisted"}, Busy),
        ({"RCPT": "550 5.1.1 no such mailbox"}, "rejected"),
        ({"RCPT": "251 moved, sent on"}, "delivered"),
        ({"DATA": "421 4.3.0 going down"}, Busy),
        ({"DATA": "554 5.5.1 nobody to send to"}, "rejected"),
        ({"DATA": BREAK}, Unavailable),
        ({"mail": "452 4.3.1 no room now"}, Busy),
        ({"mail": "552 5.3.4 too big"}, "rejected"),
        ({"mail": "mumble"}, Unknown),
        ({"mail": "150 eh"}, Unknown),
        ({"mail": BREAK}, Unknown),
        ({"QUIT": BREAK}, "delivered"),
    ],
)
def test_each_step_of_a_mail_has_its_outcome(
    authority: Authority, says: Mapping[str, str], outcome: str | type[InteropError]
) -> None:
    with scripted_mail(authority.signed("mail"), says) as server:
        mail = sender(server.url, authority)
        if isinstance(outcome, str):
            assert mail.send(OUTGOING).state == outcome
        else:
            with pytest.raises(outcome) as raised:
                mail.send(OUTGOING)
            assert type(raised.value) is outcome
        assert len(server.mails) == ("mail" in says or outcome == "delivered")


def test_a_connection_that_breaks_before_the_final_dot_has_handed_nothing_over(authority: Authority) -> None:
    """More than the machine's buffers hold, so that the sending itself fails."""
    large = replace(OUTGOING, payload=bytes(24_000_000))
    with scripted_mail(authority.signed("mail"), {}, most=100_000) as server:
        settings = CopyMailSettings(
            server.url, "vaihto@county.example", "a@provider.example", "vaihto", "salainen", Tls(authority.path), 10, 10
        )
        with pytest.raises(Unavailable):
            CopyMail(settings, Sealer()).send(large)
        assert server.mails == []


def test_a_server_that_never_answers_the_whole_mail_leaves_it_unknown(authority: Authority) -> None:
    with scripted_mail(authority.signed("mail"), {"mail": "250-and so on"}) as server:
        with pytest.raises(Unknown):
            sender(server.url, authority, patience=0.5).send(OUTGOING)
        assert len(server.mails) == 1


def test_a_mail_has_the_same_id_on_every_attempt_and_another_for_every_other_delivery(authority: Authority) -> None:
    with scripted_mail(authority.signed("mail"), {}) as server:
        first = sender(server.url, authority)
        for _ in range(2):
            first.send(OUTGOING)
        first.send(replace(OUTGOING, version=2))
        sender(server.url, authority, "b@provider.example").send(OUTGOING)
        ids = [told(data)["Message-ID"] for data in server.mails]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(PLAN.document not in one for one in ids)


def test_a_mail_tells_its_date_and_that_no_person_has_written_it(authority: Authority) -> None:
    with scripted_mail(authority.signed("mail"), {}) as server:
        sender(server.url, authority).send(OUTGOING)
        (mail,) = map(told, server.mails)
    assert parsedate_to_datetime(mail["Date"]).timestamp() == NOON
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"] == "vaihto@county.example"


def told(data: bytes) -> EmailMessage:
    mail = message_from_bytes(data, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail
