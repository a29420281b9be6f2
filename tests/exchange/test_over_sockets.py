"""The exchange between two Effica sandboxes over real sockets, with the real adapter, format and database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interop.exchange import Exchange, Pace, Participant, Parts, Written
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.effica_messages import Said
from interop.sandboxes.faults import Fault
from interop.sandboxes.running import Running
from interop.store import KeyRing, Store
from interop.systems.effica import Effica, EfficaSettings
from interop.systems.http import Bounds
from mappings.formats.effica import Effica as EfficaFormat
from schemas.issues import Issue, has_errors
from schemas.record import Record

PLAN = (Path(__file__).parents[2] / "examples" / "plan-effica.xml").read_bytes()
DOCUMENT = "1.2.246.10.99999999.11.2026.1001:1"
CONTROLLER = "1.2.246.10.99999999.19.0"
FORM = EfficaFormat()


@dataclass
class Read:
    record: Record | None
    issues: list[Issue]

    @property
    def valid(self) -> bool:
        return not has_errors(self.issues)


def examine(data: bytes, _form: str) -> Read:
    result = FORM.read(data)
    return Read(result.record, result.issues)


def write(record: Record, _form: str) -> Written:
    return FORM.write(record)


@dataclass
class Pair:
    sender: EfficaSandbox
    receiver: EfficaSandbox
    exchange: Exchange
    times: list[datetime] = field(default_factory=list)

    def go(self, rounds: int = 6) -> list[str]:
        for _ in range(rounds):
            self.exchange.round()
            self.times.append(self.times[-1] + timedelta(minutes=5))
        return [one.state for one in self.exchange.parts.store.deliveries()]

    def causes(self) -> list[str]:
        return [step.cause for step in self.exchange.parts.store.history(1)]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Callable[..., Pair]]:
    opened: list[Callable[[], None]] = []

    def make(*, automatic: bool = True) -> Pair:
        sender, receiver = EfficaSandbox(), EfficaSandbox(automatic=automatic)
        times = [datetime(2026, 3, 1, tzinfo=UTC)]
        participants = {}
        for name, sandbox in (("sender", sender), ("receiver", receiver)):
            running = Running(sandbox).start()
            adapter = Effica(EfficaSettings(running.url + sandbox.path, bounds=Bounds(connect=5, read=1, total=5)))
            opened.extend((adapter.close, running.stop))
            participants[name] = Participant(adapter, CONTROLLER, sends=name == "sender")
        store = Store(f"sqlite:///{tmp_path / 'interop.db'}", KeyRing("k", {"k": bytes(32)}))
        opened.append(store.close)
        pace = Pace(timedelta(seconds=1), timedelta(seconds=60))
        parts = Parts(store, participants, examine, write, lambda: times[-1], pace)
        return Pair(sender, receiver, Exchange(parts), times)

    yield make
    for close in opened:
        close()


def test_a_plan_goes_from_one_inbox_to_the_other_once(pair: Callable[..., Pair]) -> None:
    both = pair()
    inbox_id = both.sender.file(PLAN)
    assert both.go() == ["delivered"]
    assert both.sender.acknowledgements[inbox_id].type == "AA"
    assert list(both.receiver.received) == [DOCUMENT]
    assert both.receiver.requests.count("SendDocument") == 1
    read = FORM.read(both.receiver.received[DOCUMENT]).record
    assert read == FORM.read(PLAN).record


def test_an_application_acknowledgement_that_comes_later_is_waited_for(pair: Callable[..., Pair]) -> None:
    both = pair(automatic=False)
    both.sender.file(PLAN)
    assert both.go() == ["accepted"]
    both.receiver.settle(DOCUMENT, Said("AE", "no-relationship"))
    assert both.go() == ["rejected"]
    assert both.receiver.requests.count("SendDocument") == 1


@pytest.mark.parametrize("kind", ["cut", "hang"])
def test_a_lost_answer_is_settled_by_reading_back(pair: Callable[..., Pair], kind: str) -> None:
    both = pair()
    both.sender.file(PLAN)
    both.exchange.receive()
    both.receiver.faults.lay(Fault("cut") if kind == "cut" else Fault("hang"))
    assert both.go() == ["delivered"]
    assert both.causes() == ["received", "attempt", "answer_lost", "receiver_delivered"]
    assert both.receiver.requests.count("SendDocument") == 1


def test_a_busy_receiver_is_left_alone_so_long_as_it_asks(pair: Callable[..., Pair]) -> None:
    both = pair()
    both.sender.file(PLAN)
    both.exchange.receive()
    both.receiver.faults.lay(Fault("answer", 503, {"Retry-After": "840"}))
    assert both.go(3) == ["pending"]
    assert both.go(3) == ["delivered"]
    assert both.causes()[:3] == ["received", "attempt", "receiver_is_busy"]


def test_what_is_no_message_is_refused_at_the_sender(pair: Callable[..., Pair]) -> None:
    both = pair()
    broken = PLAN.replace(b"</Asiakirja>", b"", 1)
    with pytest.raises(ValueError, match="juuri"):
        both.sender.file(broken)
    unknown = PLAN.replace(b"1.2.246.537.6.1506.15020.2024.11.28", b"1.2.246.537.6.1506.1.2.3")
    inbox_id = both.sender.file(unknown)
    assert both.go(2) == []
    said = both.sender.acknowledgements[inbox_id]
    assert (said.type, said.code) == ("AR", "document_cannot_be_read")
    assert said.text == "Rules broken: document_structure_is_known."
