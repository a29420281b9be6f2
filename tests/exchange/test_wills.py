"""Permits and prohibitions in the exchange, between two Effica sandboxes of two controllers, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from interop.documents import examine, write
from interop.exchange import Exchange, Pace, Participant, Parts
from interop.exchange.resting import resting
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.faults import Fault
from interop.sandboxes.running import Running
from interop.store import KeyRing, Store
from interop.systems.effica import Effica, EfficaSettings
from interop.systems.http import Bounds
from schemas.wills import Client, ClientWills, Permit, Prohibition, Will
from validators.gate import Receiver

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAN = (EXAMPLES / "plan-effica.xml").read_bytes()
OWN, OTHER = "1.2.246.10.99999999.19.0", "1.2.246.10.88888888.19.0"
CHAIN = "1.2.246.10.99999999.11.2026.50"
FACTS = Receiver(sector="social", ownership="public", duty="broad_responsibility")
CLIENT: Client = ("urn:oid:1.2.246.21", "010280-952L")


@dataclass
class Pair:
    sender: EfficaSandbox
    receiver: EfficaSandbox
    exchange: Exchange
    times: list[datetime]

    @property
    def store(self) -> Store:
        return self.exchange.parts.store

    def go(self, rounds: int = 3) -> list[str]:
        for _ in range(rounds):
            self.exchange.round()
            self.times.append(self.times[-1] + timedelta(minutes=5))
        return [one.state for one in self.store.deliveries()]

    def say(self, version: int, said: ClientWills) -> None:
        self.store.wills.learn([Will(CLIENT, CHAIN, version, said)], "test", self.times[-1])

    def decisions(self) -> list[tuple[str, list[str]]]:
        return [(one.decision["ground"], one.decision["permits"]) for one in self.store.history(1) if one.decision]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    sender, receiver = EfficaSandbox(), EfficaSandbox()
    times = [datetime(2026, 11, 25, 12, tzinfo=UTC)]
    store = Store(f"sqlite:///{tmp_path / 'interop.db'}", KeyRing("k", {"k": bytes(32)}))
    with Running(sender) as one, Running(receiver) as two:
        bounds = Bounds(connect=5, read=5, total=10)
        at = {"sender": one.url + sender.path, "receiver": two.url + receiver.path}
        adapters = {name: Effica(EfficaSettings(url, bounds=bounds)) for name, url in at.items()}
        participants = {
            "sender": Participant(adapters["sender"], OWN, receives=False),
            "receiver": Participant(adapters["receiver"], OTHER, sends=False, facts=FACTS),
        }
        pace = Pace(timedelta(seconds=1), timedelta(seconds=60))
        parts = Parts(store, participants, examine, write, lambda: times[-1], pace)
        yield Pair(sender, receiver, Exchange(parts), times)
        for adapter in adapters.values():
            adapter.close()
    store.close()


PERMIT = Permit(CHAIN, "inside_social_care", date(2026, 1, 10))


def test_without_a_permit_nothing_goes_to_another_controller(pair: Pair) -> None:
    pair.sender.file(PLAN)
    assert pair.go() == ["rejected"]
    assert pair.receiver.received == {}


def test_with_a_permit_it_goes_and_what_has_left_is_told(pair: Pair) -> None:
    pair.say(1, ClientWills(permits=(PERMIT,)))
    pair.sender.file(PLAN)
    assert pair.go() == ["delivered"]
    assert pair.decisions() == [("permit_inside_social_care", [CHAIN])]
    assert [one.id for one in pair.store.wills.relying_on([CHAIN])] == [1]


def test_a_permit_revoked_between_two_attempts_stops_the_second(pair: Pair) -> None:
    pair.say(1, ClientWills(permits=(PERMIT,)))
    pair.sender.file(PLAN)
    pair.receiver.faults.lay(Fault("answer", status=503))
    assert pair.go(1) == ["pending"]
    (known,) = pair.store.wills.known()
    pair.store.wills.revoke(known.id, date(2026, 11, 25), pair.times[-1])
    assert pair.go() == ["rejected"]
    assert pair.decisions() == [("permit_inside_social_care", [CHAIN]), ("permit_is_revoked", [])]
    assert pair.receiver.received == {}
    assert pair.store.wills.relying_on([CHAIN]) == []


def test_a_permit_that_ends_between_two_attempts_stops_the_second(pair: Pair) -> None:
    pair.say(1, ClientWills(permits=(replace(PERMIT, ends=date(2026, 11, 25)),)))
    pair.sender.file(PLAN)
    pair.receiver.faults.lay(Fault("answer", status=503))
    assert pair.go(1) == ["pending"]
    pair.times.append(pair.times[-1] + timedelta(days=1))
    assert pair.go() == ["rejected"]
    assert pair.decisions() == [("permit_inside_social_care", [CHAIN]), ("permit_is_outside_its_time", [])]
    assert pair.receiver.received == {}


def test_what_has_not_left_is_told_with_what_a_revocation_makes_of_it(pair: Pair) -> None:
    def here(wanted: list[int] | None = None, receivers: tuple[str, ...] = ("receiver",)) -> list[tuple[int, str]]:
        facts = {name: pair.exchange.parts.participants[name].receiver for name in receivers}
        found = resting(pair.store, facts, pair.times[-1], wanted)
        return [(one.delivery.id, one.decision.basis.id) for one in found]

    pair.say(1, ClientWills(permits=(PERMIT,)))
    pair.sender.file(PLAN)
    pair.receiver.faults.lay(Fault("answer", status=503))
    pair.go(1)
    assert here() == here([1]) == [(1, "permit_inside_social_care")]
    assert here([2]) == here(receivers=()) == []
    (known,) = pair.store.wills.known()
    pair.store.wills.revoke(known.id, date(2026, 11, 25), pair.times[-1])
    assert here() == [(1, "permit_is_revoked")]
    pair.go()
    assert here() == []


def test_a_prohibition_that_arrives_stops_a_delivery_that_waits(pair: Pair) -> None:
    pair.say(1, ClientWills(permits=(PERMIT,)))
    pair.sender.file(PLAN)
    pair.receiver.faults.lay(Fault("answer", status=503))
    pair.go(1)
    pair.store.wills.learn(
        [Will(CLIENT, "1.2.9", 1, ClientWills(prohibitions=(Prohibition("K", "service_task", ("30",)),)))],
        "test", pair.times[-1],
    )  # fmt: skip
    assert pair.go() == ["rejected"]
    assert pair.decisions()[-1][0] == "client_forbids_the_service_task"


def test_the_decision_of_each_attempt_has_its_own_id_and_time(pair: Pair) -> None:
    pair.say(1, ClientWills(permits=(PERMIT,)))
    pair.sender.file(PLAN)
    pair.receiver.faults.lay(Fault("answer", status=503))
    pair.go()
    attempts = [one for one in pair.store.history(1) if one.after == "sent"]
    stored = [one.decision or {} for one in attempts]
    assert len({one["id"] for one in stored}) == len(attempts) == 2
    assert [one["at"] for one in stored] == [one.at.isoformat() for one in attempts]
