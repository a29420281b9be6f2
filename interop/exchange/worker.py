"""A worker: looks for what waits in the systems, and brings every arrival and delivery on, batch by batch.

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
from uuid import uuid4

from interop.errors import InteropError, Unavailable
from interop.exchange.acting import Acting
from interop.exchange.backlog import Backlog
from interop.exchange.engine_dbos import Engine, EnginePlace
from interop.exchange.parts import Parts
from interop.exchange.turns import Batch
from interop.logs import log
from interop.store import Delivery, years_before

__all__ = ["Worker", "Working"]

_LOG = logging.getLogger(__name__)
_UPKEEP, _SEALING, _TIDYING = timedelta(seconds=1), timedelta(seconds=1), timedelta(minutes=10)
_NOTIFYING = timedelta(seconds=2)
_KEEP_TURNS, _KEEP_ARRIVALS = timedelta(days=1), timedelta(days=30)
_HAND_OVER = timedelta(seconds=0.1)
_SLICES = 4
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Working:
    """How a worker works: how often it looks into each system, how many calls it makes to one system at once, and
    after how long a silence a worker is taken for dead. While more deliveries than `backlog` are under way nothing new
    is taken in: it stays with the systems that hold it. The audit is kept for so many years.
    """

    look_every: timedelta = timedelta(seconds=5)
    together: int = 8
    grace: timedelta = timedelta(seconds=30)
    backlog: int = 10_000
    audit_years: int = 12


class Worker:
    """One process's part in the exchange. In: `parts.worker` is a name that no other process has or had.

    Raises: Unavailable when the database cannot be reached at the start; later that is waited for.
    """

    def __init__(self, parts: Parts, place: EnginePlace, working: Working | None = None) -> None:
        self._working = working or Working()
        self._parts = _one_at_a_time(parts)
        systems = len(parts.participants)
        self._engine = Engine(place, parts.worker, self.act, 2 * systems + 2)
        self._acting = Acting(self._parts, self._working.together, self._goes_on)
        self._backlog = Backlog(self._parts, self._engine, _SLICES * self._working.together, lambda: str(uuid4()))
        self._asks_at, self._leads, self._sharing = 0.0, False, 1
        self._stop = Event()
        self._threads: list[Thread] = []
        self._beat_at = 0.0
        self._heard: dict[str, tuple[datetime, float]] = {}
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
        self._go("seal", _SEALING, self._seal)
        if self._parts.notices is not None:
            self._go("notices", _NOTIFYING, self._notify)
        self._go("hand-over", _HAND_OVER, self.hand_over)
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
        self._acting.close()
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

    def act(self, batch: Batch) -> None:
        """Nothing; the turns of the batch have been done. An error is a state of its row, or is tried again later."""
        failed = True
        try:
            self._acting.act(batch)
            failed = False
        except Exception as error:  # noqa: BLE001 - the outermost loop: what is left undone is due, and is taken up again
            level = logging.WARNING if isinstance(error, InteropError) else logging.ERROR
            log(_LOG, level, "batch_failed", error=True, kind=batch.kind, system=batch.system, rows=len(batch.rows))
        finally:
            self._backlog.over(batch, failed=failed)

    # Chores

    def look(self, source: str) -> None:
        """Nothing; what waits in the system is known. Raises: what the system raises."""
        store, now, pace = self._parts.store, self._parts.clock(), self._parts.pace
        span = max(3 * self._working.look_every, self._working.grace)
        if not store.workers.lease(f"look:{source}", self._parts.worker, now, span):
            return
        under_way = store.counts.under_way()
        if under_way > self._working.backlog:
            log(_LOG, logging.WARNING, "arrivals_wait", system=source, under_way=under_way)
            return
        found = self._parts.participants[source].system.arrivals()
        names = [(one.id, one.message_id) for one in found]
        store.inbox.listed(source, names, self._parts.clock(), lambda tries: pace.wait(tries + 1))

    def hand_over(self) -> None:
        """Nothing; what is due has been handed over, if that is this worker's to do. Raises: Unavailable."""
        now = time.monotonic()
        if now >= self._asks_at:
            grace = self._working.grace
            leads = self._parts.store.workers.lease("hand-over", self._parts.worker, self._parts.clock(), grace)
            self._asks_at = now + grace.total_seconds() / 6
            if leads and not self._leads:
                self._backlog.clear()
            self._leads = leads
            self._sharing = len(self._parts.store.workers.all()) if leads else 1
        if self._leads:
            self._backlog.hand_over(max(1, self._sharing))

    def _beat(self) -> None:
        self._parts.store.workers.beat(self._parts.worker, self._parts.clock())
        self._beat_at = time.monotonic()

    def _is_heard(self) -> bool:
        """False when others may take this worker for dead: then it must not begin to send anything."""
        return time.monotonic() - self._beat_at < self._working.grace.total_seconds() / 2

    def _goes_on(self) -> bool:
        return not self._stop.is_set() and self._is_heard()

    def _upkeep(self) -> None:
        store, me, now = self._parts.store, self._parts.worker, self._parts.clock()
        self._doubt(lambda one: one.worker == me and one.id not in self._acting.busy)
        dead = self._silent()
        if not store.workers.lease("upkeep", me, now, self._working.grace):
            return
        store.workers.forget(dead)
        moved = store.waits.bring_forward(now, 2 * self._parts.pace.most)
        if moved:
            log(_LOG, logging.WARNING, "clock_was_put_back", rows=moved)
        alive = {one.name for one in store.workers.all()}
        self._doubt(lambda one: one.worker not in alive)
        taken = self._engine.take_over(alive)
        if dead or taken:
            log(_LOG, logging.WARNING, "work_taken_over", workers=len(dead), turns=taken)
        if self._tidied_at is None or now - self._tidied_at > _TIDYING:
            while self._engine.forget(now - _KEEP_TURNS) and not self._stop.is_set():
                pass
            store.inbox.forget(now - _KEEP_ARRIVALS)
            store.audit.prune(years_before(now, self._working.audit_years), now)
            store.disclosures.forget(years_before(now, self._working.audit_years))
            self._tidied_at = now

    def _silent(self) -> list[str]:
        """The other workers that have said nothing for longer than the grace, by this worker's own watch.

        No clock is asked: one that was moved would kill workers that live, and what they send would be sent twice.
        """
        now, heard = time.monotonic(), {one.name: one.beat_at for one in self._parts.store.workers.all()}
        known = self._heard
        self._heard = {
            name: known[name] if name in known and known[name][0] == beat else (beat, now)
            for name, beat in heard.items()
        }  # fmt: skip
        grace = self._working.grace.total_seconds()
        return [name for name, (_, since) in self._heard.items() if name != self._parts.worker and now - since > grace]

    def _seal(self) -> None:
        """Gives the audit's new entries their places in the chain. Any worker may: the store lets one at a time."""
        while self._parts.store.audit.seal(self._parts.clock()) and not self._stop.is_set():
            pass

    def _notify(self) -> None:
        """Puts disclosure notices into their outbox, one worker at a time."""
        parts, grace = self._parts, self._working.grace
        while parts.store.workers.lease("notices", parts.worker, parts.clock(), grace) and parts.notify():
            if self._stop.is_set():
                return

    def _doubt(self, is_gone: Callable[[Delivery], bool]) -> None:
        if not self._parts.store.deliveries("sent", limit=1):
            return
        now, pause = self._parts.clock(), self._parts.pace.wait(1)
        count = self._parts.store.doubt_interrupted(now, pause=pause, is_gone=is_gone)
        if count:
            log(_LOG, logging.WARNING, "deliveries_interrupted", count=count)

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


def _one_at_a_time(parts: Parts) -> Parts:
    """The parts with reading and writing for one thread at a time: compiled XML schemas are no good to two at once."""
    lock = Lock()

    def alone(call: Callable[..., _T]) -> Callable[..., _T]:
        def locked(*arguments: Any) -> _T:
            with lock:
                return call(*arguments)

        return locked

    return replace(parts, examine=alone(parts.examine), write=alone(parts.write))
