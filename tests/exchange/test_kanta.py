"""Kanta in the exchange, both ways: real folders, real sockets to Effica, and the real formats, gate and database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interop.documents import examine, write
from interop.exchange import Exchange, Pace, Participant, Parts
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.kanta import KantaSandbox
from interop.sandboxes.running import Running
from interop.store import KeyRing, Store
from interop.systems.effica import Effica, EfficaSettings
from interop.systems.kanta import KantaFolder
from tests.exchange.test_two_way import record_of

FOREIGN = "1.2.246.10.88888888.19.0"


@dataclass
class Two:
    effica: EfficaSandbox
    kanta: KantaSandbox
    exchange: Exchange
    times: list[datetime] = field(default_factory=lambda: [datetime.now(UTC)])

    def go(self, rounds: int = 6) -> list[tuple[str, str]]:
        for _ in range(rounds):
            self.exchange.round()
            self.kanta.work()
            self.times.append(self.times[-1] + timedelta(minutes=20))
        return [(one.receiver, one.state) for one in self.exchange.parts.store.deliveries()]

    def names(self) -> list[str]:
        return sorted(str(one.relative_to(self.kanta.root)) for one in self.kanta.root.rglob("*") if one.is_file())


@pytest.fixture
def two(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Two]:
    controller = getattr(request, "param", record_of().controller)
    effica, kanta = EfficaSandbox(), KantaSandbox(tmp_path / "kanta")
    with ExitStack() as stack:
        adapter = Effica(EfficaSettings(stack.enter_context(Running(effica)).url + effica.path))
        stack.callback(adapter.close)
        store = Store(f"sqlite:///{tmp_path / 'interop.db'}", KeyRing("k", {"k": bytes(32)}))
        stack.callback(store.close)
        joined = {
            "effica": Participant(adapter, record_of().controller),
            "kanta": Participant(KantaFolder(kanta.root), controller),
        }
        both: list[Two] = []
        pace = Pace(timedelta(seconds=1), timedelta(seconds=60))
        parts = Parts(store, joined, examine, write, lambda: both[0].times[-1], pace)
        both.append(Two(effica, kanta, Exchange(parts)))
        yield both[0]


def test_a_plan_of_effica_is_archived_once_and_its_next_version_beside_it(two: Two) -> None:
    for version in (1, 2):
        two.effica.file(write(record_of(version), "effica").data)
        assert two.go() == [("kanta", "delivered")] * version
    for version in (1, 2):
        name = f"{record_of(version).document}_{version}.xhtml"
        assert examine(two.kanta.received[name], "kanta").record == record_of(version)
    assert len(two.names()) == 2


def test_a_plan_of_kanta_reaches_effica_and_comes_back_to_nobody(two: Two) -> None:
    name = two.kanta.file(write(record_of(), "kanta").data)
    assert two.go() == [("effica", "delivered")]
    assert [examine(data, "effica").record for data in two.effica.received.values()] == [record_of()]
    assert two.names() == [f"done/{name}", f"done/{name}.ack.json"]
    assert json.loads((two.kanta.root / "done" / f"{name}.ack.json").read_text("utf-8"))["type"] == "AA"


def test_the_same_plan_again_gets_the_same_word_and_goes_nowhere(two: Two) -> None:
    names = [two.kanta.file(write(record_of(), "kanta").data) for _ in range(2)]
    assert two.go() == [("effica", "delivered")]
    assert {f"done/{name}" for name in names} <= set(two.names())
    assert two.effica.requests.count("SendDocument") == 1


def test_a_broken_document_is_put_aside_with_what_is_wrong_and_nothing_of_it_is_lost(two: Two) -> None:
    two.kanta.faults.on("truncated_document")
    whole = write(record_of(), "kanta").data
    name = two.kanta.file(whole)
    assert two.go() == []
    assert (two.kanta.root / "rejected" / name).read_bytes() == whole[: len(whole) // 2]
    said = json.loads((two.kanta.root / "rejected" / f"{name}.ack.json").read_text("utf-8"))
    assert (said["type"], said["code"]) == ("AR", "document_cannot_be_read")
    assert said["text"].startswith("Rules broken: xml_")


@pytest.mark.parametrize("two", [FOREIGN], indirect=True)
def test_nothing_goes_to_an_archive_of_another_controller_without_a_permit(two: Two) -> None:
    two.effica.file(write(record_of(), "effica").data)
    ((receiver, state),) = two.go()
    assert (receiver, state in {"held", "rejected"}, two.names()) == ("kanta", True, [])


def test_a_refusal_of_kanta_rejects_the_delivery(two: Two) -> None:
    two.kanta.faults.on("refused")
    two.effica.file(write(record_of(), "effica").data)
    assert two.go() == [("kanta", "rejected")]
    assert two.names() == [f"refused/{record_of().document}_1.xhtml"]
