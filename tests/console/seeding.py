"""An exchange with a past, to be shown: three systems, a plan in two versions, deliveries in every state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interop.documents import examine, write
from interop.exchange import Participant, Parts
from interop.exchange.receiving import identity_of
from interop.store import Answer, Delivery, Incoming, KeyRing, State, Step, Store, StoredDocument
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from validators.gate import Receiver, Subject, decide

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 25, 18, 20, tzinfo=UTC)
CODE = "010280-952L"
OWN = "1.2.246.10.99999999.19.0"
PLAN = (ROOT / "examples" / "plan-effica.xml").read_bytes()
FIRST = b"1.2.246.10.99999999.11.2026.1001"


@dataclass
class Still:
    """A system that nobody calls while a page is shown."""

    name: str
    format: str
    sent: list[Outgoing] = field(default_factory=list)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            reads_plans=True, writes_structured=True, writes_documents=True, notifies=False, versions=True
        )

    def check(self) -> Sequence[Finding]:
        return ()

    def arrivals(self) -> Sequence[Arrival]:
        return ()

    def fetch(self, arrival: Arrival) -> bytes:
        raise AssertionError

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        raise AssertionError

    def send(self, outgoing: Outgoing) -> Receipt:
        raise AssertionError

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        raise AssertionError


def empty_parts(url: str) -> Parts:
    """An exchange of three systems in which nothing has happened."""
    systems = [Still("effica", "effica"), Still("omni360", "omni360"), Still("apotti", "apotti")]
    joined = {one.name: Participant(one, OWN) for one in systems}
    return Parts(Store(url, KeyRing("k", {"k": bytes(32)})), joined, examine, write, lambda: NOW)


def plan(number: int, version: int = 1) -> bytes:
    """The example plan as another document, and as a later version of it."""
    first = b"1.2.246.10.99999999.11.2026.%d" % number
    this = first if version == 1 else first + b"%d" % version
    data = PLAN.replace(b"<Tunnus>" + FIRST + b"</Tunnus>", b"<Tunnus>" + this + b"</Tunnus>")
    data = data.replace(b'juuri="' + FIRST + b'" paate="1"', b'juuri="' + this + b'" paate="%d"' % version)
    data = data.replace(FIRST + b"</AlkuperainenTunnus>", first + b"</AlkuperainenTunnus>")
    if version > 1:
        replaced = b"<Versio>%d</Versio><Korvaa>%s</Korvaa>" % (version, first)
        data = data.replace(b"<Versio>1</Versio>", replaced)
        data = data.replace("puutöissä".encode(), "puutöissä ja keramiikassa".encode())
    return data


def accept(parts: Parts, data: bytes, at: datetime, receivers: Sequence[str] = ("omni360", "apotti")) -> StoredDocument:
    record = examine(data, "effica").record
    assert record is not None
    identity = identity_of(record)
    incoming = Incoming("effica", "effica", record.document, data, identity, at)
    return parts.store.accept(incoming, Answer("AA", "taken_care_of"), receivers)


def move(parts: Parts, delivery: Delivery, at: datetime, *steps: tuple[State, str, float]) -> Delivery:
    """The delivery after steps: each a state, its cause, and how many seconds after the one before."""
    decision = decide(Subject(OWN, "social", "client_plan"), Receiver(OWN, "social", "public"), {}, at).as_json()
    for after, cause, wait in steps:
        at += timedelta(seconds=wait)
        told = decision if after == "sent" else None
        step = Step(after, at, cause, next_at=at + timedelta(minutes=5), decision=told)
        delivery = parts.store.move(delivery, step)
    return delivery


Way = tuple[tuple[State, str, float], ...]

_SENT: tuple[State, str, float] = ("sent", "attempt", 2)
_WELL: Way = (_SENT, ("delivered", "receiver_delivered", 1.0))
_WAYS: tuple[Way, ...] = (
    *[_WELL] * 7,
    (_SENT, ("accepted", "receiver_accepted", 1.0), ("delivered", "receiver_delivered", 40.0)),
    (_SENT, ("unknown", "answer_lost", 30.0), ("delivered", "receiver_delivered", 65.0)),
    (_SENT, ("pending", "receiver_is_unavailable", 5.0), ("sent", "attempt", 300.0),
     ("delivered", "receiver_delivered", 1.0)),
)  # fmt: skip
_LAST: tuple[Way, ...] = (
    (("held", "client_is_under_non_disclosure", 1.0),),
    (_SENT, ("held", "receiver_needs_a_person", 3.0)),
    (("rejected", "receiver_has_another_controller", 1.0),),
    (_SENT, ("accepted", "receiver_accepted", 1.0)),
    (_SENT, ("unknown", "answer_lost", 30.0)),
    (_SENT, ("pending", "receiver_is_unavailable", 5.0)),
    (),
)


def fill(parts: Parts, documents: int = 40) -> StoredDocument:
    """The newest document, in two versions; before it a day's traffic, in which each state is seen."""
    for number in range(documents):
        at = NOW - timedelta(minutes=20 + (documents - number) * 33 + number * number % 17)
        document = accept(parts, plan(2000 + number), at)
        for place, delivery in enumerate(parts.store.deliveries(document=document.id)):
            kind = number * 2 + place
            ways = _LAST if number >= documents - 4 else _WAYS
            move(parts, delivery, at, *ways[kind % len(ways)])
    unreadable = Incoming("effica", "effica", "broken", b"<Sanoma", None, NOW - timedelta(hours=2))
    parts.store.reject(unreadable, "unreadable", Answer("AR", "document_cannot_be_read"))
    parts.store.circuits.failed("apotti", NOW, 1, lambda _: timedelta(minutes=12))
    first = accept(parts, plan(1001), NOW - timedelta(minutes=14))
    for delivery in parts.store.deliveries(document=first.id):
        move(parts, delivery, NOW - timedelta(minutes=14), _SENT, ("delivered", "receiver_delivered", 1.0))
    newest = accept(parts, plan(1001, 2), NOW - timedelta(minutes=9))
    omni360, apotti = parts.store.deliveries(document=newest.id)
    move(parts, omni360, NOW - timedelta(minutes=9), _SENT, ("delivered", "receiver_delivered", 1.0))
    move(parts, apotti, NOW - timedelta(minutes=9), ("held", "client_is_under_non_disclosure", 1.0))
    return newest
