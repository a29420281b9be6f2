"""A worker: looks for what waits in the systems, and brings every arrival and delivery on, turn by turn.

receive → examine → store → answer the sender; then for each receiver: gate → map → send → acknowledgement. The sender
is answered as soon as its document is stored: from then on it cannot be lost, however long a receiver is away. Any
number of workers share a PostgreSQL database; what one that died had begun the others take over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Any, TypeVar

from interop.errors import Busy, Conflict, Forbidden, InteropError, NotFound, Unavailable
from interop.exchange.delivering import abandon, deliver, settle
from interop.exchange.engine_dbos import Engine, EnginePlace
from interop.exchange.parts import Parts
from interop.exchange.receiving import receive
from interop.exchange.turns import Turn
from interop.logs import log
from interop.store import Delivery, Waiting
from interop.systems.base import Arrival

__all__ = ["Worker", "Working"]

_LOG = logging.getLogger(__name__)
_EXPECTED = (Busy, Conflict, Forbidden, Unavailable)
_UPKEEP, _TIDYING = timedelta(seconds=1), timedelta(minutes=10)
_KEEP_TURNS, _KEEP_ARRIVALS = timedelta(days=1), timedelta(days=30)
_LATE = timedelta(seconds=2)
_STEPS = {"pending": deliver, "accepted": settle, "unknown": settle}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Working:
    """How a worker works: how often it looks into each system, how many turns of a kind it does at once, and after how
    long a silence a worker is taken for dead.
    """

    look_every: timedelta = timedelta(seconds=5)
    together: int = 8
    grace: timedelta = timedelta(seconds=30)


class Worker:
    """One process's part in the exchange. In: `parts.worker` is a name that no other process has or had.

    Raises: Unavailable when the database cannot be reached at the start; later that is waited for.
    """

    def __init__(self, parts: Parts, place: EnginePlace, working: Working | None = None) -> None:
        self._working = working or Working()
        self._parts = _one_at_a_time(parts)
        self._engine = Engine(place, parts.worker, self.act, self._working.together)
        self._stop = Event()
        self._threads: list[Thread] = []
        self._busy: set[int] = set()
        self._beat_at = 0.0
        self._tidied_at: datetime | None = None

    def start(self) -> None:
        """Nothing; the worker works in threads of its own."""
        if not self._parts.store.is_shared:
            # One process at a time has a database file: whoever is named there has ended.
            self._parts.store.workers.forget([one.name for one in self._parts.store.workers.all()])
        self._beat()
        self._engine.start()
        self._go("heart", self._working.grace / 6, self._beat)
        self._go("upkeep", _UPKEEP, self._upkeep)
        for name, participant in self._parts.participants.items():
            if participant.sends:
                self._go(f"look-{name}", self._working.look_every, _Looking(self, name))
        log(_LOG, logging.INFO, "worker_started", worker=self._parts.worker)

    def stop(self, seconds: int = 30) -> None:
        """Nothing; what was under way has had so many seconds to end, and what has not ended is left to others."""
        self._stop.set()
        for thread in self._threads:
            thread.join(seconds)
        self._engine.stop(seconds)
        try:
            self._parts.store.workers.forget([self._parts.worker])
        except Unavailable:
            log(_LOG, logging.WARNING, "store_not_available", error=True)
        log(_LOG, logging.INFO, "worker_stopped", worker=self._parts.worker)

    def run(self, stop: Event) -> None:
        """Nothing; the worker has worked until it was told to stop."""
        self.start()
        stop.wait()
        self.stop()

    # Turns

    def act(self, turn: Turn) -> list[Turn]:
        """The turns that follow from the one now done. An error is a state of its row, never an error of the turn."""
        try:
            if turn.kind == "arrival":
                return self._take(turn)
            return self._bring(turn)
        except (NotFound, Conflict):
            log(_LOG, logging.INFO, "turn_taken_by_another", kind=turn.kind, row=turn.id)
        except Exception:  # noqa: BLE001 - the outermost loop: what is left undone is overdue, and is taken up again
            log(_LOG, logging.ERROR, "turn_failed", error=True, kind=turn.kind, row=turn.id)
        return []

    def _take(self, turn: Turn) -> list[Turn]:
        """The deliveries of the document that an arrival has brought, or the arrival's own next turn."""
        store = self._parts.store
        arrival = store.inbox.arrival(turn.id)
        if arrival.turn != turn.turn or arrival.state != "waiting":
            return []
        if arrival.source not in self._parts.participants:
            store.inbox.done(arrival, self._parts.clock())
            return []
        try:
            received = receive(self._parts, arrival.source, Arrival(arrival.place, arrival.message_id))
        except NotFound:
            # Somebody else has fetched it, or it was taken back; should it be listed again, it is taken again.
            store.inbox.done(arrival, self._parts.clock())
            return []
        except Exception as error:  # noqa: BLE001 - whatever one document did, it is tried again later, and others go on
            return self._again(arrival, error)
        store.inbox.done(arrival, self._parts.clock())
        log(
            _LOG, logging.INFO, "document_received", system=arrival.source, answer=received.answer.type,
            code=received.answer.code, document=received.document.id if received.document else None,
            issues=len(received.issues), repeated=received.repeated,
        )  # fmt: skip
        if received.document is None:
            return []
        return [_turn_of(one) for one in store.deliveries("pending", document=received.document.id)]

    def _again(self, arrival: Waiting, error: Exception) -> list[Turn]:
        known = isinstance(error, _EXPECTED)
        level = logging.WARNING if known else logging.ERROR
        log(_LOG, level, "arrival_failed", error=True, system=arrival.source, tries=arrival.tries + 1)
        asked = error.retry_after if isinstance(error, Busy) else None
        wait = self._parts.pace.wait(arrival.tries + 1, asked)
        later = self._parts.store.inbox.later(arrival, self._parts.clock() + wait)
        return [Turn("arrival", later.id, later.turn, wait.total_seconds())]

    def _bring(self, turn: Turn) -> list[Turn]:
        """The delivery's next turn, unless it has ended or waits for a person."""
        delivery = self._parts.store.delivery(int(turn.id))
        step = _STEPS.get(delivery.state)
        if delivery.turn != turn.turn or step is None or not self._is_heard():
            return []
        self._busy.add(delivery.id)
        try:
            after = step(self._parts, delivery.id).delivery
        except InteropError:
            raise
        except Exception:  # noqa: BLE001 - one delivery's trouble is its own state: held, or in doubt
            log(_LOG, logging.ERROR, "delivery_failed", error=True, delivery=delivery.id)
            after = abandon(self._parts, delivery.id)
        finally:
            self._busy.discard(delivery.id)
        if after.state != delivery.state or after.attempts != delivery.attempts:
            _tell(delivery, after)
        if after.state not in _STEPS:
            return []
        if after.turn == turn.turn:
            now = self._parts.clock()
            self._parts.store.postpone(after, max(after.next_at, now + self._parts.pace.wait(1)))
            after = self._parts.store.delivery(delivery.id)
        return [self._later(after)]

    def _later(self, delivery: Delivery) -> Turn:
        return _turn_of(delivery, (delivery.next_at - self._parts.clock()).total_seconds())

    # Chores

    def look(self, source: str) -> None:
        """Nothing; what waits in the system is known. Raises: what the system raises."""
        store, now, pace = self._parts.store, self._parts.clock(), self._parts.pace
        span = max(3 * self._working.look_every, self._working.grace)
        if not store.workers.lease(f"look:{source}", self._parts.worker, now, span):
            return
        found = self._parts.participants[source].system.arrivals()
        names = [(one.id, one.message_id) for one in found]
        fresh = store.inbox.listed(source, names, self._parts.clock(), lambda tries: pace.wait(tries + 1))
        self._engine.carry(Turn("arrival", one.id, one.turn) for one in fresh)

    def _beat(self) -> None:
        self._parts.store.workers.beat(self._parts.worker, self._parts.clock())
        self._beat_at = time.monotonic()

    def _is_heard(self) -> bool:
        """False when others may take this worker for dead: then it must not begin to send anything."""
        return time.monotonic() - self._beat_at < self._working.grace.total_seconds() / 2

    def _upkeep(self) -> None:
        store, me, now = self._parts.store, self._parts.worker, self._parts.clock()
        self._doubt(lambda one: one.worker == me and one.id not in self._busy)
        if not store.workers.lease("upkeep", me, now, self._working.grace):
            return
        dead = store.workers.silent(now, self._working.grace)
        store.workers.forget(dead)
        alive = {one.name for one in store.workers.all()}
        self._doubt(lambda one: one.worker not in alive)
        taken = self._engine.take_over(alive)
        if dead or taken:
            log(_LOG, logging.WARNING, "work_taken_over", workers=len(dead), turns=taken)
        self._hand_over_again(now - _LATE)
        if self._tidied_at is None or now - self._tidied_at > _TIDYING:
            while self._engine.forget(now - _KEEP_TURNS) and not self._stop.is_set():
                pass
            store.inbox.forget(now - _KEEP_ARRIVALS)
            self._tidied_at = now

    def _doubt(self, is_gone: Callable[[Delivery], bool]) -> None:
        if not self._parts.store.deliveries("sent", limit=1):
            return
        now, pause = self._parts.clock(), self._parts.pace.wait(1)
        count = self._parts.store.doubt_interrupted(now, pause=pause, is_gone=is_gone)
        if count:
            log(_LOG, logging.WARNING, "deliveries_interrupted", count=count)

    def _hand_over_again(self, late: datetime) -> None:
        """Gives the engine what the ledger shows as overdue and the engine does not know, or has ended without it."""
        store, now = self._parts.store, self._parts.clock()
        deliveries = {_turn_of(one).name: one for one in store.overdue(late)}
        arrivals = {_arrival_turn(one).name: one for one in store.inbox.overdue(late)}
        turns = [*map(_turn_of, deliveries.values()), *map(_arrival_turn, arrivals.values())]
        states = self._engine.states(turns)
        self._engine.carry(turn for turn in turns if turn.name not in states)
        for name in (name for name, is_over in states.items() if is_over):
            try:
                if name in deliveries:
                    store.postpone(deliveries[name], now)
                else:
                    store.inbox.later(arrivals[name], now)
            except Conflict:
                continue

    def _go(self, name: str, every: timedelta, chore: Callable[[], None]) -> None:
        """Does a chore again and again in a thread of its own, ever more seldom while it fails."""

        def loop() -> None:
            failures = 0
            while not self._stop.wait(_rest(self._parts, every, failures) if failures else 0.0):
                try:
                    chore()
                    failures = 0
                except Exception as error:  # noqa: BLE001 - the outermost loop: a chore that fails is tried again
                    failures += 1
                    level = logging.WARNING if isinstance(error, InteropError) else logging.ERROR
                    log(_LOG, level, "chore_failed", error=True, chore=name)
                    continue
                if self._stop.wait(every.total_seconds()):
                    return

        thread = Thread(target=loop, name=f"worker-{name}", daemon=True)
        thread.start()
        self._threads.append(thread)


@dataclass(frozen=True, slots=True)
class _Looking:
    """The chore of looking into one system."""

    worker: Worker
    source: str

    def __call__(self) -> None:
        self.worker.look(self.source)


def _rest(parts: Parts, every: timedelta, failures: int) -> float:
    longest = max(every, timedelta(seconds=30))
    return min(longest, parts.pace.wait(failures)).total_seconds()


def _turn_of(delivery: Delivery, delay: float = 0.0) -> Turn:
    return Turn("delivery", str(delivery.id), delivery.turn, delay)


def _arrival_turn(arrival: Waiting) -> Turn:
    return Turn("arrival", arrival.id, arrival.turn)


def _one_at_a_time(parts: Parts) -> Parts:
    """The parts with reading and writing for one thread at a time: compiled XML schemas are no good to two at once."""
    lock = Lock()

    def alone(call: Callable[..., _T]) -> Callable[..., _T]:
        def locked(*arguments: Any) -> _T:
            with lock:
                return call(*arguments)

        return locked

    return replace(parts, examine=alone(parts.examine), write=alone(parts.write))


def _tell(before: Delivery, after: Delivery) -> None:
    log(
        _LOG, logging.INFO, "delivery_moved", delivery=after.id, document=after.document_id, receiver=after.receiver,
        before=before.state, after=after.state, attempt=after.attempts,
    )  # fmt: skip
