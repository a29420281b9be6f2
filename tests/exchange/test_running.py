"""The loop itself: it goes on whatever happens, stops when told, and says nothing that it should not."""

from __future__ import annotations

import io
import logging
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from interop.errors import Busy, Conflict, Unknown
from interop.exchange import Exchange, Received, deliver
from interop.logs import configure
from interop.store import Step


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    written = io.StringIO()
    configure("info", written)
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("interop").setLevel(logging.NOTSET)


class Until(Event):
    """Set by itself after some looks at it, so that no test waits for a clock."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0

    def wait(self, timeout: float | None = None) -> bool:
        return self.looks < 0


def test_the_loop_delivers_and_stops(world: Any) -> None:
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    real = exchange.parts.clock

    def clock() -> datetime:
        world.now += timedelta(seconds=1)
        return real()  # type: ignore[no-any-return]

    object.__setattr__(exchange.parts, "clock", clock)
    exchange.run(Until(8), timedelta(seconds=60))
    assert world.states() == {"quick": ["delivered"], "slow": ["delivered"]}


def test_the_loop_takes_up_what_was_interrupted(world: Any) -> None:
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    exchange.receive()
    exchange.parts.store.move(exchange.parts.store.delivery(1), Step("sent", world.now, "attempt"))
    exchange.run(Until(0))
    assert world.states()["quick"] == ["unknown"]


def test_a_database_out_of_reach_is_waited_for(world: Any, stream: io.StringIO, tmp_path: Path) -> None:
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    exchange.resume()
    with sqlite3.connect(tmp_path / "interop.db") as raw:
        raw.execute("ALTER TABLE deliveries RENAME TO away")
    object.__setattr__(exchange.parts.store, "doubt_interrupted", lambda _: 0)
    exchange.run(Until(3))
    assert stream.getvalue().count('"store_not_available"') == 3
    with raw:
        raw.execute("ALTER TABLE away RENAME TO deliveries")
    raw.close()
    world.later(exchange)
    assert world.states() == {"quick": ["delivered"], "slow": ["delivered"]}


def test_a_fault_of_the_program_holds_the_delivery_and_names_only_its_type(world: Any, stream: io.StringIO) -> None:
    world.source.file("m1", world.plan(goal="Salainen 010181-900C"))
    exchange = world.exchange()
    good, failing = exchange.parts.write, True

    def write(record: Any, form: str) -> Any:
        if failing and form == "quick":
            raise KeyError(record.content["goal"])
        return good(record, form)

    object.__setattr__(exchange.parts, "write", write)
    world.later(exchange)
    assert world.states() == {"quick": ["held"], "slow": ["delivered"]}
    assert '"KeyError"' in stream.getvalue()
    assert "Salainen" not in stream.getvalue()
    assert "010181" not in stream.getvalue()
    failing = False
    exchange.parts.store.release(1, world.now)
    world.later(exchange)
    assert world.states()["quick"] == ["delivered"]


@pytest.mark.parametrize("error", [Unknown("Lost."), ValueError("Salainen")])
def test_a_fault_while_sending_leaves_the_delivery_in_doubt(world: Any, error: Exception, stream: io.StringIO) -> None:
    world.source.file("m1", world.plan())
    world.quick.sends = [error]
    exchange = world.exchange()
    exchange.round()
    assert world.states()["quick"] == ["unknown"]
    world.later(exchange)
    assert world.states()["quick"] == ["delivered"]
    assert len(world.quick.filed) == 1


def test_two_workers_at_one_delivery_send_it_once(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.exchange().receive()
    parts = [world.parts() for _ in range(6)]

    def attempt(one: Any) -> str:
        try:
            return str(deliver(one, 1).delivery.state)
        except Conflict:
            return "taken"

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(attempt, parts))
    assert "delivered" in outcomes
    assert "held" not in outcomes
    assert len(world.quick.filed) == 1


def test_a_delivery_that_many_take_up_at_once_stops_no_program(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.exchange().receive()
    store = world.parts().store
    begun = [store.take({1: None}, world.now)[0].begun for _ in range(9)]
    assert begun == [0, *[1] * 8]
    world.now += timedelta(seconds=2)
    assert [store.take({1: None}, world.now)[0].begun for _ in range(3)] == [1, 2, 2]
    # A clock that was put back does not keep the count from going on.
    world.now -= timedelta(seconds=1)
    assert [store.take({1: None}, world.now)[0].begun for _ in range(2)] == [2, 3]


def test_nothing_of_a_document_is_said_in_the_log(world: Any, stream: io.StringIO) -> None:
    world.source.file("Viesti 010280-952L", world.plan(goal="Salainen 010181-900C"))
    world.source.file("m2", b"Salainen 010469-999W")
    world.quick.sends = [Busy("Wait for 261298-998X.")]
    exchange: Exchange = world.exchange()
    world.later(exchange)
    written = stream.getvalue()
    assert '"document_received"' in written
    assert '"delivery_moved"' in written
    for word in ("Salainen", "Viesti", "010280", "010181", "010469", "261298"):
        assert word not in written
    reasons = [step.reason for step in exchange.parts.store.history(1)]
    assert "Wait for [removed]." in reasons


def test_an_outcome_never_shows_its_findings_by_accident(world: Any) -> None:
    world.source.file("m1", world.plan())
    (received,) = world.exchange().receive()
    assert isinstance(received, Received)
    assert "issues" not in repr(received)
