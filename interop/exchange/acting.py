"""Does the turns of a batch: arrivals of one system are taken in, or deliveries to one are brought on.

Each row's error is a state of that row. A batch is done in slices of as many rows as are called at once, so that a stop
or a receiver out of reach ends it soon; what is left is still due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from interop.errors import Busy, Conflict, Forbidden, NotFound, Unavailable
from interop.exchange.bringing import bring
from interop.exchange.parts import Parts, Spread
from interop.exchange.receiving import Received, receive_all
from interop.exchange.turns import Batch
from interop.logs import log
from interop.store import Delivery, Ended, Waiting
from interop.systems.base import Arrival

__all__ = ["Acting"]

_LOG = logging.getLogger(__name__)
_EXPECTED = (Busy, Conflict, Forbidden, Unavailable)
_A = TypeVar("_A")
_B = TypeVar("_B")


@dataclass(slots=True)
class Acting:
    """The hands of a worker. `goes_on` says whether the next slice may begin; `busy` are deliveries now being moved.

    In: `together` is how many calls to one system are made at once.
    """

    parts: Parts
    together: int
    goes_on: Callable[[], bool]
    busy: set[int] = field(default_factory=set, init=False)
    _pools: dict[str, ThreadPoolExecutor] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def act(self, batch: Batch) -> None:
        """Nothing; the turns of the batch have been done, as far as they still were theirs to do."""
        do = self._take if batch.kind == "arrival" else self._bring
        rows = list(batch.rows.items())
        for start in range(0, len(rows), self.together):
            if not self.goes_on():
                return
            part = dict(rows[start : start + self.together])
            with self.parts.span(f"bring {batch.kind}", batch=batch.id, system=batch.system, rows=len(part)):
                if not do(batch.system, part):
                    return

    def close(self) -> None:
        """Nothing; the threads have ended."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, source: str, rows: Mapping[str, int]) -> bool:
        """Whether the system can be worked with."""
        store, parts = self.parts.store, self.parts
        taken = store.inbox.take(rows, parts.clock())
        if source not in parts.participants:
            store.inbox.end([Ended(one) for one in taken], parts.clock())
            return True
        distrusted = {one.place for one in taken if one.begun >= parts.begins}
        arrivals = [Arrival(one.place, one.message_id) for one in taken]
        outcomes = receive_all(parts, source, arrivals, self._spread(source), distrusted) if taken else []
        ended = [self._ended(one, outcome) for one, outcome in zip(taken, outcomes, strict=True)]
        store.inbox.end(ended, parts.clock())
        return not any(isinstance(outcome, _EXPECTED) for outcome in outcomes)

    def _ended(self, arrival: Waiting, outcome: Received | Exception) -> Ended:
        if isinstance(outcome, Received):
            _tell_received(outcome)
            waits = outcome.answer.type == "CA" and outcome.document is not None
            return Ended(arrival, parked=outcome.document.id if waits and outcome.document is not None else "")
        if isinstance(outcome, NotFound):
            # Somebody else has fetched it, or it was taken back; should it be listed again, it is taken again.
            return Ended(arrival)
        level = logging.WARNING if isinstance(outcome, _EXPECTED) else logging.ERROR
        log(_LOG, level, "arrival_failed", error=outcome, system=arrival.source, tries=arrival.tries + 1)
        asked = outcome.retry_after if isinstance(outcome, Busy) else None
        return Ended(arrival, until=self.parts.clock() + self.parts.pace.wait(arrival.tries + 1, asked))

    def _bring(self, receiver: str, rows: Mapping[str, int]) -> bool:
        """Whether the receiver can be worked with."""
        wanted = {int(row): turn for row, turn in rows.items()}
        self.busy.update(wanted)
        try:
            brought = bring(self.parts, receiver, wanted, self._spread(receiver))
        finally:
            self.busy.difference_update(wanted)
        for one in brought:
            if one.outcome is None:
                log(_LOG, logging.INFO, "delivery_taken_by_another", delivery=one.before.id)
            else:
                _tell_moved(one.before, one.outcome.delivery)
        return not any(one.outcome is not None and one.outcome.out_of_reach for one in brought)

    def _spread(self, system: str) -> Spread:
        """Several calls at once, by threads of the system's own: a slow system keeps no other waiting."""
        with self._lock:
            if system not in self._pools:
                self._pools[system] = ThreadPoolExecutor(self.together, thread_name_prefix=f"call-{system}")
            pool = self._pools[system]

        def spread(call: Callable[[_A], _B], values: Sequence[_A], /) -> Iterable[_B]:
            return pool.map(call, values) if len(values) > 1 else map(call, values)

        return spread


def _tell_received(received: Received) -> None:
    log(
        _LOG, logging.INFO, "document_received", system=received.source, answer=received.answer.type,
        code=received.answer.code, document=received.document.id if received.document else None,
        issues=len(received.issues), repeated=received.repeated,
    )  # fmt: skip


def _tell_moved(before: Delivery, after: Delivery) -> None:
    if (after.state, after.attempts) != (before.state, before.attempts):
        log(
            _LOG, logging.INFO, "delivery_moved", delivery=after.id, document=after.document_id,
            receiver=after.receiver, before=before.state, after=after.state, attempt=after.attempts,
        )  # fmt: skip
