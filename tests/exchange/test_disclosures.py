"""Disclosure notices in the exchange: the real formats, gate and databases, systems in memory, and a real folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interop.documents import examine, write
from interop.errors import Unknown
from interop.exchange import Exchange, Pace, Participant, Parts
from interop.exchange.notifying import Outbox
from interop.store import KeyRing, Sought, SoughtDisclosures, Store
from interop.systems.notice_folder import NoticeFolder
from schemas.record import Record
from schemas.wills import Client, ClientWills, Permit, Will
from tests.exchange.conftest import Peer
from tests.exchange.copy_house import with_clients
from tests.exchange.test_crash import Killed, Wire
from tests.exchange.test_two_way import record_of
from tests.store.databases import database_url, new_database, postgresql_base
from validators.gate import Receiver

__all__ = ["database_url", "new_database", "postgresql_base"]

OWN = record_of().controller
OTHER, THIRD = "1.2.246.10.88888888.19.0", "1.2.246.10.77777777.19.0"
PERMIT = "1.2.246.10.99999999.11.2026.50"
CODES = ("010280-952L", "261298-998X")
FACTS = Receiver(sector="social", ownership="public", duty="broad_responsibility")
RING = KeyRing("k", {"k": bytes(32)})
EVERYTHING = SoughtDisclosures()


def _same(one: Any) -> Any:
    return one


@dataclass
class Region:
    """A sender, and receivers of its own controller and of others; what went to each, and the outbox of notices."""

    url: str
    place: Path
    receivers: dict[str, tuple[str, Receiver]]
    names_persons: bool = False
    peers: dict[str, Peer] = field(default_factory=dict)
    times: list[datetime] = field(default_factory=lambda: [datetime(2026, 11, 25, 12, tzinfo=UTC)])
    opened: list[Store] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outbox.mkdir(exist_ok=True)
        for name in ("source", *self.receivers):
            self.peers[name] = Peer(name)
            self.peers[name].format = "effica"

    @property
    def outbox(self) -> Path:
        return self.place / "notices"

    @property
    def store(self) -> Store:
        return self.opened[-1]

    def exchange(self, wrap: Callable[[Any], Any] = _same, *, notices: bool = True) -> Exchange:
        store = Store(self.url, RING)
        self.opened.append(store)
        for code in CODES:
            client: Client = ("urn:oid:1.2.246.21", code)
            permits = (Permit(PERMIT, "inside_social_care", date(2026, 1, 10)),)
            store.wills.learn([Will(client, PERMIT, 1, ClientWills(permits=permits))], "test", self.times[-1])
        joined = {"source": Participant(wrap(self.peers["source"]), OWN, receives=False)}
        for name, (controller, facts) in self.receivers.items():
            joined[name] = Participant(wrap(self.peers[name]), controller, sends=False, facts=facts)
        folder = Outbox(wrap(NoticeFolder(self.outbox)), self.names_persons) if notices else None
        pace = Pace(timedelta(seconds=1), timedelta(minutes=1))
        return Exchange(Parts(wrap(store), joined, examine, write, lambda: self.times[-1], pace, notices=folder))

    def go(self, exchange: Exchange, rounds: int = 4) -> None:
        for _ in range(rounds):
            exchange.round()
            self.times.append(self.times[-1] + timedelta(minutes=5))

    def send(self, record: Record | None = None) -> None:
        self.peers["source"].file("m1", write(record or record_of(), "effica").data)

    def notices(self) -> list[dict[str, Any]]:
        return [json.loads(one.read_bytes()) for one in sorted(self.outbox.glob("*.json"))]

    def pairs(self) -> list[tuple[str, str]]:
        """Discloser and receiver of each notice in the outbox."""
        events = [one["entry"][0]["resource"] for one in self.notices()]
        return sorted(
            (one["contained"][0]["identifier"][0]["value"], one["contained"][1]["identifier"][0]["value"])
            for one in events
        )

    def close(self) -> None:
        for one in self.opened:
            one.close()
        self.opened.clear()


SEVERAL = {
    "ours": (OWN, FACTS),
    "other": (OTHER, FACTS),
    "third": (THIRD, FACTS),
    "archive": (OTHER, replace(FACTS, through_kanta=True)),
    "producer": (OTHER, replace(FACTS, ownership="private", duty="private_provider", acts_for=frozenset((OWN,)),
                                service_tasks=frozenset(("working_age",)))),
    "copies": (OWN, replace(FACTS, is_client=True)),
}  # fmt: skip


@pytest.fixture
def open_region(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Region]]:
    made: list[Region] = []

    def build(*names: str, **other: Any) -> Region:
        made.append(Region(database_url, tmp_path, {name: SEVERAL[name] for name in names or SEVERAL}, **other))
        return made[-1]

    yield build
    for one in made:
        one.close()


Build = Callable[..., Region]


def test_each_other_controller_outside_kanta_has_one_notice_and_nobody_else(open_region: Build) -> None:
    region = open_region()
    region.send()
    region.go(region.exchange())
    assert {one.state for one in region.store.deliveries()} == {"delivered"}
    assert region.pairs() == sorted((f"urn:oid:{OWN}", f"urn:oid:{one}") for one in (OTHER, THIRD))
    told = {one.system: one for one in region.store.disclosures.latest(EVERYTHING, 10)}
    assert told.keys() == {"other", "third"}
    assert all(one.written_at for one in told.values())
    other = told["other"]
    assert (other.sender, other.receiver, other.ground) == (OWN, OTHER, "permit_inside_social_care")
    assert (other.act, other.section, other.permits) == ("703/2023", "55 §", (PERMIT,))
    assert (other.document, other.version) == (record_of().document, 1)


def test_the_audit_tells_of_each_disclosure_once_with_its_ground(open_region: Build) -> None:
    region = open_region("other", "ours")
    region.send()
    region.go(region.exchange())
    (entry,) = region.store.audit.entries(Sought(what="disclosed"))
    assert (entry.receiver, entry.act, entry.section) == ("other", "703/2023", "55 §")
    assert (entry.ground, entry.cause) == ("permit_inside_social_care", "disclosure_notice")
    (delivered,) = region.store.audit.entries(Sought(what="delivered", delivery=entry.delivery))
    assert (entry.at, entry.decision, entry.clients) == (delivered.at, delivered.decision, delivered.clients)
    assert region.store.audit.verify().problems == []


def test_no_identity_code_stands_in_a_notice_its_name_or_the_audit(open_region: Build) -> None:
    region = open_region("other")
    region.send()
    region.go(region.exchange())
    (file,) = region.outbox.iterdir()
    entries = region.store.audit.entries(Sought())
    for text in (file.name, file.read_text("utf-8"), repr(entries), repr(region.store.disclosures.waiting(9))):
        assert not any(code in text for code in CODES)
    person = region.notices()[0]["entry"][0]["resource"]["entity"][0]
    assert person["what"]["identifier"]["value"] == region.store.audit.pseudonym(CODES[0])


def test_a_notice_names_the_person_when_the_site_says_so(open_region: Build, caplog: Any) -> None:
    region = open_region("other", names_persons=True)
    region.send(with_clients(record_of(), 2))
    region.go(region.exchange())
    events = [one["entry"][0]["resource"] for one in region.notices()]
    assert {one["entity"][0]["what"]["identifier"]["value"] for one in events} == set(CODES)
    assert not any(code in name.name for code in CODES for name in region.outbox.iterdir())
    assert not any(code in caplog.text for code in CODES)
    assert len(region.store.audit.entries(Sought(what="disclosed"))) == 1


def test_without_an_outbox_notices_wait_and_are_written_once_there_is_one(open_region: Build) -> None:
    region = open_region("other")
    region.send()
    region.go(region.exchange(notices=False))
    assert (region.notices(), len(region.store.disclosures.waiting(9))) == ([], 1)
    region.go(region.exchange(), 1)
    assert (len(region.notices()), region.store.disclosures.waiting(9)) == (1, [])


def test_an_outbox_that_is_away_is_waited_for_and_the_exchange_goes_on(open_region: Build) -> None:
    region = open_region("other")
    region.outbox.rmdir()
    region.send()
    exchange = region.exchange()
    region.go(exchange)
    assert [one.state for one in region.store.deliveries()] == ["delivered"]
    assert len(region.store.disclosures.waiting(9)) == 1
    region.outbox.mkdir()
    region.go(exchange, 1)
    assert len(region.notices()) == 1


def test_what_is_denied_or_refused_is_not_disclosed(open_region: Build) -> None:
    region = open_region("other")
    region.peers["other"].sends = [Unknown("The answer was lost.")]
    region.send()
    exchange = region.exchange()
    for one in region.store.wills.known():
        region.store.wills.revoke(one.id, date(2026, 11, 24), region.times[-1])
    region.go(exchange)
    assert [one.state for one in region.store.deliveries()] == ["rejected"]
    assert (region.notices(), region.store.disclosures.latest(EVERYTHING, 9)) == ([], [])


def test_what_a_person_confirms_has_been_disclosed(open_region: Build) -> None:
    region = open_region("other")
    region.peers["other"].sends = [Unknown("The answer was lost.")]
    region.peers["other"].settles = [Unknown("Nothing is known.")] * 9
    region.send()
    exchange = region.exchange()
    region.go(exchange, 1)
    (delivery,) = region.store.deliveries("unknown")
    assert region.store.disclosures.waiting(9) == []
    region.store.confirm(delivery.id, region.times[-1], "The receiver has it.", "user:anna")
    region.go(exchange, 1)
    (entry,) = region.store.audit.entries(Sought(what="disclosed"))
    assert (entry.who, len(region.notices())) == ("user:anna", 1)


def test_a_notice_that_the_connector_has_taken_does_not_come_back(open_region: Build) -> None:
    region = open_region("other")
    region.send()
    exchange = region.exchange(notices=False)
    region.go(exchange)
    (one,) = region.store.disclosures.waiting(9)
    (region.outbox / "taken").mkdir()
    (region.outbox / "taken" / f"{one.id}.json").write_bytes(b"{}")
    region.go(region.exchange(), 1)
    assert (region.notices(), region.store.disclosures.waiting(9)) == ([], [])


def test_notices_are_kept_as_long_as_the_audit(open_region: Build) -> None:
    region = open_region("other", "third")
    region.send()
    exchange = region.exchange(notices=False)
    region.go(exchange)
    first, second = region.store.disclosures.latest(EVERYTHING, 9)
    region.store.disclosures.written([first.id], region.times[-1])
    region.store.disclosures.forget(first.at)
    assert len(region.store.disclosures.latest(EVERYTHING, 9)) == 2
    region.store.disclosures.forget(region.times[-1])
    assert [one.id for one in region.store.disclosures.every(EVERYTHING)] == [second.id]


def test_a_crash_at_any_step_loses_no_notice_and_makes_none_twice(open_region: Build, new_database: Any) -> None:
    crashes = 0
    for last in range(1, 300):
        region = open_region("other", "ours")
        region.url, region.place = new_database(), region.place / str(last)
        region.outbox.mkdir(parents=True)
        region.send()
        wire = Wire(last)
        try:
            region.go(region.exchange(wire.around), 2)
        except Killed:
            crashes += 1
        again = region.exchange()
        again.resume()
        region.go(again, 4)
        assert region.pairs() == [(f"urn:oid:{OWN}", f"urn:oid:{OTHER}")], last
        assert len(region.store.disclosures.latest(EVERYTHING, 9)) == 1, last
        assert len(region.store.audit.entries(Sought(what="disclosed"))) == 1, last
        assert not list(region.outbox.glob("*.part")), last
        region.close()
        if wire.left > 0:
            break
    assert crashes > 30
    assert wire.left > 0
