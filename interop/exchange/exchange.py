"""The exchange's round: take in what waits, send what is due, read back what is in doubt.

One process works on a database at a time. Every step ends with a commit, so that the round can be cut anywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

from interop.errors import Busy, Conflict, Forbidden, InteropError, Unavailable
from interop.exchange.bringing import Outcome, abandon, deliver, settle
from interop.exchange.parts import Parts
from interop.exchange.receiving import Received, receive
from interop.logs import log
from interop.store import Delivery, State
from interop.systems.base import Arrival

__all__ = ["Exchange", "Round"]

_LOG = logging.getLogger(__name__)
_OUT_OF_REACH = (Busy, Unavailable, Forbidden)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round has done: the arrivals taken, and the deliveries that were moved. True when anything was new."""

    received: tuple[Received, ...] = ()
    moved: tuple[Delivery, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.moved) or any(not one.repeated for one in self.received)


@dataclass(slots=True)
class Exchange:
    """The loop around the steps; what it remembers itself, a restart may forget."""

    parts: Parts
    _rests: dict[tuple[str, str], tuple[int, datetime]] = field(default_factory=dict, init=False)

    def resume(self) -> int:
        """How many deliveries an earlier run left half sent; they are in doubt now. To be called once, at the start."""
        doubtful = self.parts.store.doubt_interrupted(self.parts.clock())
        if doubtful:
            log(_LOG, logging.WARNING, "deliveries_interrupted", count=doubtful)
        return doubtful

    def run(self, stop: Event, interval: timedelta = timedelta(seconds=1)) -> None:
        """Nothing; rounds have followed one another until `stop` was set. A database out of reach is waited for."""
        self.resume()
        while not stop.is_set():
            try:
                busy = bool(self.round())
            except Unavailable:
                log(_LOG, logging.ERROR, "store_not_available", error=True)
                busy = False
            if not busy:
                stop.wait(interval.total_seconds())

    def round(self) -> Round:
        """What was received, sent and settled in one go through everything that is due. Raises: Unavailable (store)."""
        done = Round(self.receive(), (*self.deliver(), *self.settle()))
        self.parts.store.audit.seal(self.parts.clock())
        self._notify()
        return done

    def receive(self) -> tuple[Received, ...]:
        """What became of the arrivals of every sending system."""
        outcomes: list[Received] = []
        for name, participant in self.parts.participants.items():
            if participant.sends and not self._rests_now(name):
                outcomes += self._receive_from(name)
        return tuple(outcomes)

    def deliver(self) -> tuple[Delivery, ...]:
        """The deliveries that an attempt to send has moved."""
        return self._step(deliver, "pending")

    def settle(self) -> tuple[Delivery, ...]:
        """The deliveries that reading back has moved."""
        return self._step(settle, "accepted", "unknown")

    def _notify(self) -> None:
        try:
            self.parts.notify()
        except InteropError:
            log(_LOG, logging.WARNING, "disclosure_notices_wait", error=True)

    def _receive_from(self, name: str) -> Iterator[Received]:
        try:
            for arrival in self.parts.participants[name].system.arrivals():
                outcome = None if self._rests_now(name, arrival.id) else self._receive_one(name, arrival)
                if outcome:
                    yield outcome
        except InteropError as error:
            self._rest(name, retry_after=error.retry_after if isinstance(error, Busy) else None)
            log(_LOG, logging.WARNING, "source_not_available", error=True, system=name)
        else:
            self._rests.pop((name, ""), None)

    def _receive_one(self, name: str, arrival: Arrival) -> Received | None:
        """One arrival's outcome, or None when it failed: then it is tried again later, and the others go on."""
        try:
            outcome = receive(self.parts, name, arrival)
        except _OUT_OF_REACH:
            raise
        except Exception:  # noqa: BLE001 - the outermost loop: whatever one document did, the next one is taken
            self._rest(name, arrival.id)
            log(_LOG, logging.ERROR, "arrival_failed", error=True, system=name)
            return None
        self._rests.pop((name, arrival.id), None)
        log(
            _LOG, logging.INFO, "document_received", system=name, answer=outcome.answer.type, code=outcome.answer.code,
            document=outcome.document.id if outcome.document else None, issues=len(outcome.issues),
            repeated=outcome.repeated,
        )  # fmt: skip
        return outcome

    def _rests_now(self, name: str, arrival: str = "") -> bool:
        rest = self._rests.get((name, arrival))
        return rest is not None and self.parts.clock() < rest[1]

    def _rest(self, name: str, arrival: str = "", retry_after: float | None = None) -> None:
        tries = self._rests.get((name, arrival), (0, None))[0] + 1
        self._rests[name, arrival] = tries, self.parts.clock() + self.parts.pace.wait(tries, retry_after)

    def _step(self, step: Callable[[Parts, int], Outcome], *states: State) -> tuple[Delivery, ...]:
        """The deliveries that the step has moved. A receiver out of reach is left alone till the next round."""
        store, now, moved = self.parts.store, self.parts.clock(), []
        for receiver in store.receivers(*states, due=now):
            for before in store.deliveries(*states, due=now, receiver=receiver):
                outcome = self._one(step, before)
                after = outcome.delivery
                if (after.state, after.attempts) != (before.state, before.attempts):
                    moved.append(after)
                    _tell(before, after)
                if outcome.out_of_reach:
                    break
        return tuple(moved)

    def _one(self, step: Callable[[Parts, int], Outcome], delivery: Delivery) -> Outcome:
        try:
            return step(self.parts, delivery.id)
        except Conflict:
            log(_LOG, logging.INFO, "delivery_taken_by_another", delivery=delivery.id)
            return Outcome(delivery)
        except Exception:  # noqa: BLE001 - the outermost loop: one delivery's trouble must not stop the others
            log(_LOG, logging.ERROR, "delivery_failed", error=True, delivery=delivery.id)
            return Outcome(abandon(self.parts, delivery.id))


def _tell(before: Delivery, after: Delivery) -> None:
    log(
        _LOG, logging.INFO, "delivery_moved", delivery=after.id, document=after.document_id, receiver=after.receiver,
        before=before.state, after=after.state, attempt=after.attempts,
    )  # fmt: skip
