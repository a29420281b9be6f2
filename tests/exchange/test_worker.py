"""The durable worker on both databases, with systems in memory: turns, takeover, circuits, and a person's decisions."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import MetaData, create_engine

from interop.errors import Conflict, Unavailable
from interop.exchange import Exchange, Pace, Parts
from interop.exchange.engine_dbos import Engine, EnginePlace
from interop.exchange.turns import Batch
from interop.exchange.worker import Worker, Working
from interop.store import Step
from interop.store.engine import SoleUse, open_beside
from tests.store.databases import database_url, new_database, postgresql_base

__all__ = ["database_url", "new_database", "postgresql_base"]

PACE = Pace(timedelta(seconds=0.1), timedelta(seconds=0.5), failures=3, probe=timedelta(seconds=2))
WORKING = Working(timedelta(seconds=0.1), 4, timedelta(seconds=6))


@pytest.fixture
def durable(world: Any, database_url: str) -> Iterator[Callable[..., Worker]]:
    """Makes workers over one database; all that is left of them ends with the test."""
    world.url = database_url
    with ExitStack() as stack:

        def make(**changes: Any) -> Worker:
            parts = replace(world.parts(), clock=lambda: datetime.now(UTC), pace=PACE, worker=str(uuid4()), **changes)
            place = EnginePlace(*open_beside(database_url))
            if place.engine is not None:
                stack.callback(place.engine.dispose)
            return Worker(parts, place, WORKING)

        yield make


def until(done: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.02)


def run(worker: Worker, done: Callable[[], bool]) -> None:
    worker.start()
    try:
        until(done)
    finally:
        worker.stop(5)


def test_a_plan_goes_all_the_way_and_only_ids_stand_in_the_engine(
    world: Any, durable: Callable[..., Worker], database_url: str
) -> None:
    world.source.file("Viesti 010280-952L", world.plan(goal="Salainen 010181-900C"))
    world.quick.sends = [Unavailable("Away.")]
    both = {"quick": ["delivered"], "slow": ["delivered"]}
    run(durable(), lambda: world.states() == both and bool(world.source.answers))
    assert [one.type for one in world.source.answers["Viesti 010280-952L"]] == ["AA"]
    assert len(world.quick.filed) == len(world.slow.filed) == 1
    url, engine = open_beside(database_url)
    engine = engine or create_engine(url)
    tables = MetaData(schema=None if url.startswith("sqlite") else "dbos")
    with engine.connect() as connection:
        tables.reflect(connection)
        written = " ".join(str(row) for one in tables.sorted_tables for row in connection.execute(one.select()))
    engine.dispose()
    assert '"1": 0' in written or '"1":0' in written
    for word in ("Salainen", "Viesti", "010280", "010181", "1.2.246"):
        assert word not in written


def test_what_a_worker_that_died_had_begun_another_one_ends(world: Any, durable: Callable[..., Worker]) -> None:
    """The first worker's turn is left as a dead process leaves it: taken from the queue, the delivery half sent."""
    world.source.file("m1", world.plan())
    world.exchange().receive()
    store = world.opened[-1]
    gone = durable()
    store.workers.beat("gone", datetime.now(UTC) - timedelta(minutes=5))
    now = datetime.now(UTC)
    store.move(store.delivery(1), Step("sent", now, "attempt", worker="gone"))
    store.workers.forget(["gone"])
    world.quick.filed.append(("1.2.246.10.99999999.11.2026.7", 1))
    run(gone, lambda: world.states() == {"quick": ["delivered"], "slow": ["delivered"]})
    assert len(world.quick.filed) == 1
    assert [one.cause for one in store.history(1)][2] == "interrupted"


def test_a_turn_that_was_done_elsewhere_does_nothing(world: Any, durable: Callable[..., Worker]) -> None:
    world.source.file("m1", world.plan())
    world.exchange().receive()
    worker = durable()
    worker._beat()
    worker.act(Batch("b1", "delivery", "slow", {"2": 0}))
    worker.act(Batch("b2", "delivery", "slow", {"2": 0, "999": 0}))
    worker.act(Batch("b3", "arrival", "source", {"nothing": 0}))
    assert world.states()["slow"] == ["accepted"]
    assert len(world.slow.filed) == 1


def test_a_worker_that_others_may_take_for_dead_sends_nothing(world: Any, durable: Callable[..., Worker]) -> None:
    world.source.file("m1", world.plan())
    world.exchange().receive()
    durable().act(Batch("b", "delivery", "quick", {"1": 0}))
    assert world.quick.filed == []


def test_a_system_in_trouble_is_left_alone_then_probed_by_one_call(world: Any, database_url: str) -> None:
    world.url = database_url
    for number in range(10):
        name = f"1.2.246.10.99999999.11.2026.{number}"
        world.source.file(f"m{number}", world.plan(envelope={"document": name, "original": name}))
    world.quick.sends = [Unavailable("Away.")] * 4
    parts: Parts = replace(world.parts(), pace=replace(PACE, first=timedelta(minutes=1), longest=timedelta(hours=1)))
    exchange = Exchange(parts)
    for _ in range(3):
        exchange.round()
        world.now += timedelta(minutes=1)
    assert len(world.quick.sends) == 1
    (circuit,) = parts.store.circuits.all()
    assert (circuit.system, circuit.failures, circuit.openings) == ("quick", 3, 1)
    assert circuit.open_until is not None
    world.now = circuit.open_until
    assert parts.store.circuits.admit("quick", world.now, timedelta(minutes=2)) is None
    assert parts.store.circuits.admit("quick", world.now, timedelta(minutes=2)) == world.now + timedelta(minutes=2)
    world.now += timedelta(minutes=2)
    world.later(exchange, 1, minutes=3)
    assert world.quick.sends == []
    assert parts.store.circuits.all()[0].openings == 2
    world.later(exchange, 8, minutes=3)
    assert len(world.quick.filed) == 10
    assert parts.store.circuits.all()[0].open_until is None


def test_attempts_end_and_a_person_decides(world: Any, database_url: str) -> None:
    world.url = database_url
    world.source.file("m1", world.plan())
    world.quick.sends = [Unavailable("Away.")] * 3
    parts = replace(world.parts(), pace=replace(PACE, attempts=2, failures=100))
    exchange, store = Exchange(parts), parts.store
    world.later(exchange, 6)
    assert store.history(1)[-1].cause == "attempts_are_used_up"
    assert store.resend(1, world.now, "The line works again.").state == "pending"
    assert store.cancel(1, world.now, "No longer needed.").state == "rejected"
    with pytest.raises(Conflict):
        store.cancel(1, world.now)
    with pytest.raises(Conflict):
        store.release(1, world.now)
    assert [(one.cause, one.reason) for one in store.history(1)][-2:] == [
        ("resent_by_a_person", "The line works again."),
        ("cancelled_by_a_person", "No longer needed."),
    ]
    store.resend(1, world.now)
    world.quick.sends = []
    world.later(exchange, 4)
    assert world.states() == {"quick": ["delivered"], "slow": ["delivered"]}
    with pytest.raises(Conflict):
        store.resend(1, world.now)


def test_a_person_can_send_again_what_waits_for_its_time(world: Any, database_url: str) -> None:
    world.url = database_url
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    exchange.receive()
    store = exchange.parts.store
    store.postpone(store.delivery(1), world.now + timedelta(hours=5))
    exchange.deliver()
    assert world.quick.filed == []
    store.resend(1, world.now)
    exchange.deliver()
    assert len(world.quick.filed) == 1


def test_waits_are_spread_by_chance_and_never_below_what_was_asked() -> None:
    pace = Pace(timedelta(seconds=4), timedelta(minutes=1), chance=lambda: 0.5)
    assert pace.wait(1) == timedelta(seconds=3)
    assert timedelta(seconds=90) < pace.wait(1, 90) <= timedelta(seconds=94)


def test_a_database_file_is_for_one_process(world: Any, tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'interop.db'}"
    first = SoleUse(url)
    with pytest.raises(Conflict):
        SoleUse(url)
    first.close()
    SoleUse(url).close()


def test_the_engine_carries_each_batch_once_and_forgets_it(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    done: list[Batch] = []

    def act(batch: Batch) -> None:
        done.append(batch)
        if batch.id == "b2":
            raise ValueError("Salainen 010181-900C")

    place = EnginePlace(*open_beside(database_url))
    engine = Engine(place, str(uuid4()), act, 2)
    with caplog.at_level(logging.DEBUG):
        engine.start()
        batches = [Batch("b1", "delivery", "quick", {"7": 0, "8": 3}), Batch("b2", "arrival", "source", {"8": 9})]
        for batch in [*batches, *batches]:
            engine.carry(batch)
        until(lambda: engine.states(["b1", "b2", "b3"]) == {"b1": True, "b2": True})
        engine.carry(batches[0])
        assert engine.take_over([]) == 0
        assert engine.forget(datetime.now(UTC) - timedelta(days=1)) == 0
        assert engine.forget(datetime.now(UTC) + timedelta(days=1)) == 2
        assert engine.states(["b1", "b2"]) == {}
        engine.stop(0)
    if place.engine is not None:
        place.engine.dispose()
    assert sorted(done, key=lambda one: one.id) == batches


def test_an_engine_that_cannot_start_leaves_room_for_one_that_can(database_url: str) -> None:
    def act(_: Batch) -> None:
        return None

    away = Engine(EnginePlace("postgresql+psycopg://interop@127.0.0.1:1/away"), str(uuid4()), act, 2)
    with pytest.raises(Unavailable):
        away.start()
    place = EnginePlace(*open_beside(database_url))
    engine = Engine(place, str(uuid4()), act, 2)
    engine.start()
    engine.carry(Batch("b1", "delivery", "quick", {"1": 0}))
    until(lambda: engine.states(["b1"]) == {"b1": True})
    engine.stop(0)
    if place.engine is not None:
        place.engine.dispose()


def test_chores_and_arrivals_are_agreed_upon_through_the_database(world: Any, database_url: str) -> None:
    world.url = database_url
    store, now, span = world.parts().store, world.now, timedelta(minutes=1)
    if store.is_shared:
        now = datetime.now(UTC)
    assert store.workers.lease("look", "a", now, span)
    assert store.workers.lease("look", "a", now, span)
    assert not store.workers.lease("look", "b", now, span)
    store.workers.beat("a", now)
    (one,) = store.workers.all()
    assert (one.name, one.beat_at >= one.started_at) == ("a", True)
    store.workers.forget(["a"])
    assert store.workers.lease("look", "b", now, span)
    (fresh,) = store.inbox.listed("source", [("place", "message")], now, lambda _: span)
    assert store.inbox.listed("source", [("place", "message")], now, lambda _: span) == []
    arrival = store.inbox.arrival(fresh.id)
    assert (arrival.place, arrival.message_id) == ("place", "message")
    assert "place" not in json.dumps(repr(arrival))
    store.inbox.done(arrival, now)
    with pytest.raises(Conflict):
        store.inbox.later(arrival, now)
    assert store.inbox.overdue(now) == []
    assert store.inbox.listed("source", [("place", "message")], now, lambda _: span) == []
    (again,) = store.inbox.listed("source", [("place", "message")], now + span, lambda _: span)
    assert (again.id, again.tries) == (fresh.id, 1)
    store.inbox.done(store.inbox.arrival(again.id), now)
    store.inbox.forget(now + span)
    (new,) = store.inbox.listed("source", [("place", "message")], now, lambda _: span)
    assert new.id != fresh.id
