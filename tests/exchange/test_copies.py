"""Copies in the exchange: a plan of Effica over real sockets, and its copies in a real folder and a real mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from interop.config import parse, receivers
from interop.documents import write
from interop.errors import Conflict, Invalid, NotFound
from interop.exchange.copies import Copies, distribution
from interop.exchange.joining import receivers_of
from interop.store import Delivery, Sought
from tests.exchange.copy_house import PASSWORD, SECRETS, SETTINGS, House, opened_house, with_clients, with_content
from tests.exchange.test_two_way import record_of
from tests.store.databases import database_url, new_database, postgresql_base
from tests.systems.certificates import Authority
from tests.systems.mail_server import USER

__all__ = ["database_url", "new_database", "postgresql_base"]


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    with opened_house(tmp_path, database_url) as opened:
        yield opened


def test_the_agreed_copies_of_a_plan_reach_client_and_provider_once(house: House) -> None:
    house.effica.file(write(record_of(), "effica").data)
    assert house.go() == {"client_copies": "delivered", "mallikoti": "delivered"}
    house.go()
    (file,) = house.folder.iterdir()
    (mail,) = house.mail.mails
    (attachment,) = mail.iter_attachments()
    for data in (file.read_bytes(), attachment.get_content()):
        with pikepdf.open(BytesIO(data), password=PASSWORD) as opened:
            assert len(opened.pages) >= 1
    grounds = {
        one.receiver: next(
            step.decision["ground"] for step in house.exchange.parts.store.history(one.id) if step.decision
        )
        for one in house.exchange.parts.store.deliveries()
    }
    assert grounds == {"client_copies": "client_gets_an_own_copy", "mallikoti": "producer_acts_for_the_controller"}


def test_a_greylisted_copy_is_tried_again_and_arrives_once(house: House) -> None:
    house.mail.rcpt.append("450 4.7.1 greylisted")
    house.effica.file(write(record_of(), "effica").data)
    assert house.go()["mallikoti"] == "delivered"
    assert len(house.mail.mails) == 1


def test_a_mailbox_that_is_not_there_rejects_the_copy(house: House) -> None:
    house.mail.rcpt.append("550 5.1.1 no such mailbox")
    house.effica.file(write(record_of(), "effica").data)
    assert (house.go()["mallikoti"], house.mail.mails) == ("rejected", [])


def in_doubt(house: House) -> Delivery:
    """A mail that has arrived, and whose answer was lost: it is held for a person."""
    house.mail.data.append("drop")
    house.effica.file(write(record_of(), "effica").data)
    house.go()
    (held,) = house.exchange.parts.store.deliveries("held")
    return held


def causes(house: House, delivery: Delivery) -> list[str]:
    return [one.cause for one in house.exchange.parts.store.history(delivery.id)]


def test_a_mail_whose_answer_was_lost_waits_for_a_person_and_is_not_sent_twice(house: House) -> None:
    held = in_doubt(house)
    house.go()
    assert held.receiver == "mallikoti"
    assert len(house.mail.mails) == 1
    assert causes(house, held)[-2:] == ["answer_lost", "arrival_is_not_known"]


def test_a_person_confirms_that_a_mail_in_doubt_has_arrived(house: House) -> None:
    store, held = house.exchange.parts.store, in_doubt(house)
    assert store.confirm(held.id, house.times[-1], "The receiver has it.", "user:anna").state == "delivered"
    house.go()
    assert len(house.mail.mails) == 1
    last = store.history(held.id)[-1]
    assert (last.cause, last.reason) == ("confirmed_by_a_person", "The receiver has it.")
    (entry,) = store.audit.entries(Sought(what="confirmed"))
    assert (entry.who, entry.delivery, entry.ground) == ("user:anna", held.id, "producer_acts_for_the_controller")


def test_a_person_has_a_mail_sent_again_under_the_same_message_id(house: House) -> None:
    held = in_doubt(house)
    house.exchange.parts.store.resend(held.id, house.times[-1], "The receiver has nothing.")
    assert house.go()["mallikoti"] == "delivered"
    assert len(house.mail.mails) == 2
    assert len({mail["Message-ID"] for mail in house.mail.mails}) == 1


def test_only_what_is_in_doubt_can_be_confirmed(house: House) -> None:
    house.effica.file(write(with_clients(record_of(), 2), "effica").data)
    house.mail.rcpt.append("550 5.1.1 no such mailbox")
    house.go()
    states = {one.state: one for one in house.exchange.parts.store.deliveries()}
    assert states.keys() == {"held", "rejected"}
    for one in states.values():
        with pytest.raises(Conflict):
            house.exchange.parts.store.confirm(one.id, house.times[-1])
    with pytest.raises(NotFound):
        house.exchange.parts.store.confirm(999, house.times[-1])


def test_a_refused_copy_goes_once_the_mailbox_is_there(house: House) -> None:
    house.mail.rcpt.append("550 5.1.1 no such mailbox")
    house.effica.file(write(record_of(), "effica").data)
    assert house.go()["mallikoti"] == "rejected"
    (rejected,) = house.exchange.parts.store.deliveries("rejected")
    last = house.exchange.parts.store.history(rejected.id)[-1]
    assert (last.cause, "status 550" in last.reason) == ("receiver_rejected", True)
    house.exchange.parts.store.resend(rejected.id, house.times[-1], "The mailbox was made.")
    assert house.go()["mallikoti"] == "delivered"
    assert len(house.mail.mails) == 1


def test_a_plan_that_names_nobody_is_copied_to_nobody(house: House) -> None:
    house.effica.file(write(with_content(record_of(), jakelu="Arkisto"), "effica").data)
    assert house.go() == {}
    assert (list(house.folder.iterdir()), house.mail.mails) == ([], [])


def copies(**values: object) -> Copies:
    return Copies(**{"structures": frozenset({"15020"}), "names": frozenset({"Mallikoti ry"}), **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("Mallikoti ry", True),
        ("Asiakas ja  MALLIKOTI RY", True),
        ("Klienten, Mallikoti ry.", True),
        ("Ei Mallikoti ry", False),
        ("Mallikoti ry:n esimies", False),
        ("", False),
    ],
)
def test_a_distribution_list_names_whole_names_alone(text: str, *, is_named: bool) -> None:
    assert copies().wants(with_content(record_of(), jakelu=text)) is is_named


def test_the_list_of_a_multidisciplinary_plan_names_people_and_organisations() -> None:
    record = with_content(record_of(), jakelu=[{"saaja": "Aino Malli", "organisaatio": "Mallikoti ry"}, "ei", {}])
    assert list(distribution(record)) == ["Aino Malli", "Mallikoti ry"]


def test_the_people_to_whom_a_plan_is_delivered_are_its_distribution_list() -> None:
    told = "Asiakas, Mallikoti ry"
    plan = {"henkilot_joille_tama_suunnitelma_toimitetaan": told}
    assert list(distribution(with_content(record_of(), suunnitelma=plan, jakelu=None))) == ["Asiakas", "Mallikoti ry"]
    assert list(distribution(with_content(record_of(), suunnitelma=[plan], jakelu=None))) == []


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"structures": frozenset({"15003"})}, False),
        ({"names": frozenset()}, False),
        ({"names": frozenset(), "always": True}, True),
        ({"names": frozenset(), "for_client": True}, True),
        ({"names": frozenset(), "oids": frozenset({"1.2.246.10.99999999.10.20"})}, True),
        ({"clients": lambda: ["urn:oid:1.2.246.21|010280-952L"]}, True),
        ({"clients": lambda: ["urn:oid:1.2.246.21|010181-900C"]}, False),
        ({"clients": tuple}, False),
    ],
)
def test_no_copy_is_made_without_an_agreement(values: dict[str, object], *, wanted: bool) -> None:
    assert copies(**values).wants(record_of()) is wanted


def test_a_list_of_clients_holds_for_each_client_of_the_document() -> None:
    one = copies(clients=lambda: ["urn:oid:1.2.246.21|010280-952L"])
    assert [one.wants(with_clients(record_of(), number)) for number in (0, 1, 2)] == [False, True, False]


MISTAKES = [
    ('kind = "effica"\nurl = "https://x.example"\nrole = "client"', "role:"),
    ('kind = "mail"\nurl = "smtp://x.example"\nrole = "provider"', "copy_age_key:"),
    ('kind = "mail"\nurl = "smtp://x.example"\nrole = "client"', "clients_file:"),
]


@pytest.mark.parametrize(("table", "told"), MISTAKES)
def test_settings_that_would_let_copies_astray_are_refused(table: str, told: str) -> None:
    rest = 'structures = ["15020"]\nmail_from = "a@b.example"\nmail_to = "c@d.example"\n'
    with pytest.raises(Invalid, match=f"systems.post.{told}"):
        parse(f"[systems.post]\n{table}\n{rest}", SECRETS)


@pytest.mark.parametrize("wrong", ['structures = ["99999"]', 'mail_to = "nobody"', 'copy_age_key = ""'])
def test_a_setting_of_copies_that_is_none_is_told(wrong: str) -> None:
    with pytest.raises(Invalid, match=wrong.split(maxsplit=1)[0]):
        parse(f'[systems.post]\nkind = "folder"\nurl = "file:///x"\n{wrong}\n', SECRETS)


def test_a_document_let_in_by_a_person_goes_to_the_same_receivers(tmp_path: Path) -> None:
    text = SETTINGS.format(
        effica="http://127.0.0.1:9/", own=record_of().controller, folder=tmp_path.as_uri(), mail="smtp://127.0.0.1:9",
        user=USER, authority=Authority(tmp_path, "authority").path,
    )  # fmt: skip
    settings = parse(text, SECRETS)
    assert receivers_of(settings, "effica", record_of()) == ["client_copies", "mallikoti"]
    assert receivers_of(settings, "effica", with_content(record_of(), jakelu="Arkisto")) == []


def test_the_gate_is_explained_with_the_receivers_that_the_exchange_knows(tmp_path: Path) -> None:
    text = SETTINGS.format(
        effica="http://127.0.0.1:9/", own=record_of().controller, folder=tmp_path.as_uri(), mail="smtp://127.0.0.1:9",
        user=USER, authority=Authority(tmp_path, "authority").path,
    )  # fmt: skip
    path = tmp_path / "interop.toml"
    path.write_text(text, "utf-8")
    assert receivers(path) == {one.name: one.receiver for one in parse(text, SECRETS).systems}
