from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interop.errors import InteropError, NotFound
from interop.exchange import Exchange, Pace, Participant, Parts
from interop.store import KeyRing, Store
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from mappings.report import Report
from schemas.issues import Issue, Rule, has_errors
from schemas.record import Record

RULE = Rule("plan_has_a_goal", "rules", "error", "required", {"fi": "-", "sv": "-", "en": "-"}, "test")
OWN, OTHER = "1.2.246.10.99999999.19.0", "1.2.246.10.88888888.19.0"


@dataclass
class Examined:
    record: Record | None
    issues: list[Issue]

    @property
    def valid(self) -> bool:
        return not has_errors(self.issues)


@dataclass
class Written:
    data: bytes
    report: Report = field(default_factory=Report)
    issues: list[Issue] = field(default_factory=list)


def examine(data: bytes, _form: str) -> Examined:
    """Reads the tests' own little format: an envelope and a content in JSON; a content without a goal is an error."""
    try:
        value = json.loads(data)
    except ValueError:
        return Examined(None, [RULE.at("")])
    issues = [] if value["content"].get("goal") else [RULE.at("/content")]
    return Examined(Record(value["envelope"], value["content"]), issues)


def write(record: Record, form: str) -> Written:
    if record.content.get("goal") == "unwritable":
        return Written(b"", issues=[RULE.at("")])
    return Written(json.dumps([form, record.envelope, record.content]).encode())


def plan(version: int = 1, **changes: Any) -> bytes:
    first = "1.2.246.10.99999999.11.2026.7"
    envelope = {
        "document": first if version == 1 else f"{first}{version}",
        "original": first,
        "version": version,
        "structure": "1.2.246.537.6.1506.15020.2024.11.28",
        "controller": {"identifier": {"value": changes.pop("controller", OWN)}},
    } | changes.pop("envelope", {})
    return json.dumps({"envelope": envelope, "content": {"goal": "home"} | changes}).encode()


class Peer:
    """A record system in memory. It files whatever it is sent, also twice: exactly-once is the exchange's business."""

    def __init__(self, name: str, *, asks_later: bool = False) -> None:
        self.name, self.format, self.asks_later = name, name, asks_later
        self.outbox: dict[str, bytes] = {}
        self.answers: dict[str, list[Acknowledgement]] = {}
        self.filed: list[tuple[str, int]] = []
        self.payloads: list[bytes] = []
        self.sends: list[InteropError] = []
        self.settles: list[InteropError | Receipt | None] = []
        self.arrival_errors: list[InteropError] = []

    def capabilities(self) -> Capabilities:
        return Capabilities(
            reads_plans=True, writes_structured=True, writes_documents=True, notifies=False, versions=True
        )

    def check(self) -> Sequence[Finding]:
        return ()

    def file(self, message_id: str, message: bytes) -> None:
        self.outbox[message_id] = message

    def arrivals(self) -> Sequence[Arrival]:
        if self.arrival_errors:
            raise self.arrival_errors.pop(0)
        done = {key for key, said in self.answers.items() if said[-1].type == "AA"}
        return [Arrival(f"in-{key}", key) for key in self.outbox if key not in done]

    def fetch(self, arrival: Arrival) -> bytes:
        if arrival.message_id not in self.outbox:
            raise NotFound("The message is gone.")
        return self.outbox[arrival.message_id]

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        self.answers.setdefault(arrival.message_id, []).append(acknowledgement)

    def send(self, outgoing: Outgoing) -> Receipt:
        if self.sends:
            raise self.sends.pop(0)
        self.filed.append((outgoing.document, outgoing.version))
        self.payloads.append(outgoing.payload)
        return Receipt("accepted" if self.asks_later else "delivered", f"{self.name}/{len(self.filed)}")

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        said = self.settles.pop(0) if self.settles else self._told(outgoing)
        if isinstance(said, InteropError):
            raise said
        return said

    def _told(self, outgoing: Outgoing) -> Receipt | None:
        return Receipt("delivered", "r") if (outgoing.document, outgoing.version) in self.filed else None


@dataclass
class World:
    """Three systems, one exchange, and a clock that the test moves."""

    url: str
    source: Peer = field(default_factory=lambda: Peer("source"))
    quick: Peer = field(default_factory=lambda: Peer("quick"))
    slow: Peer = field(default_factory=lambda: Peer("slow", asks_later=True))
    now: datetime = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    ring: KeyRing = field(default_factory=lambda: KeyRing("k", {"k": bytes(32)}))
    controllers: dict[str, str] = field(default_factory=dict)
    plan: Callable[..., bytes] = plan
    examine: Callable[[bytes, str], Examined] = examine
    opened: list[Store] = field(default_factory=list)

    def parts(self, wrap: Callable[[Any], Any] = lambda one: one) -> Parts:
        store = Store(self.url, self.ring)
        self.opened.append(store)
        participants = {
            one.name: Participant(wrap(one), self.controllers.get(one.name, OWN))
            for one in (self.source, self.quick, self.slow)
        }
        pace = Pace(timedelta(seconds=1), timedelta(minutes=1))
        return Parts(wrap(store), participants, self.examined, write, lambda: self.now, pace)

    def examined(self, data: bytes, form: str) -> Examined:
        return self.examine(data, form)

    def exchange(self, wrap: Callable[[Any], Any] = lambda one: one) -> Exchange:
        return Exchange(self.parts(wrap))

    def later(self, exchange: Exchange, rounds: int = 12, **by: float) -> None:
        for _ in range(rounds):
            exchange.round()
            self.now += timedelta(**(by or {"minutes": 2}))

    def states(self) -> dict[str, list[str]]:
        states: dict[str, list[str]] = {}
        for one in self.opened[-1].deliveries():
            states.setdefault(one.receiver, []).append(one.state)
        return states


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(f"sqlite:///{tmp_path / 'interop.db'}")
    yield made
    for store in made.opened:
        store.close()
