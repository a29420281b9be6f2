"""Hands over what is due, in batches: few and large ones under load, one of a single row when it is quiet.

The ledger tells what is due. What was handed over is remembered here until the row has been moved, or until the engine
knows nothing of its batch any more; whoever begins without that memory hands over again, which does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Protocol

from interop.exchange.parts import Parts
from interop.exchange.turns import Batch, Kind

__all__ = ["Backlog", "Carrier"]

_AHEAD = 2
"""So many batches for each worker and system are handed over at once; the rest gathers, and makes larger batches."""
_STALE, _LOOK_AGAIN = 5.0, 2.0

_Key = tuple[Kind, str, int]


class Carrier(Protocol):
    """The engine, as the backlog uses it. Raises, from every method: Unavailable."""

    def carry(self, batch: Batch) -> None:
        """Nothing; the turns of the batch will be done."""
        ...

    def states(self, names: Collection[str]) -> dict[str, bool]:
        """Whether a batch is over, by its name, for those that the engine knows."""
        ...


class _Row(Protocol):
    """A row of the ledger that is due."""

    @property
    def id(self) -> int | str:
        """Its id."""
        ...

    @property
    def turn(self) -> int:
        """How often it was moved."""
        ...

    @property
    def begun(self) -> int:
        """How often it was taken up since, and nothing came of it."""
        ...


@dataclass(slots=True)
class _Handed:
    """A row that was handed over, with which batch and when."""

    batch: str
    system: str
    at: float


@dataclass(slots=True)
class Backlog:
    """What is due and what was handed over. In: `most` is how many rows a batch holds at most."""

    parts: Parts
    carrier: Carrier
    most: int
    new_id: Callable[[], str]
    _handed: dict[_Key, _Handed] = field(default_factory=dict, init=False)
    _failed: dict[_Key, tuple[int, float]] = field(default_factory=dict, init=False)
    _looked: float = field(default=0.0, init=False)
    _lock: RLock = field(default_factory=RLock, init=False)

    def hand_over(self, workers: int) -> int:
        """How many rows have been handed over now. In: the number of workers that share the work."""
        with self._lock:
            return self._hand_over(workers)

    def clear(self) -> None:
        """Nothing; all that was handed over before is handed over again when it is due."""
        with self._lock:
            self._handed.clear()

    def over(self, batch: Batch, *, failed: bool = False) -> None:
        """Nothing; the batch has ended in this process, and what is still due of it is handed over again.

        In: `failed` when it ended with an error: then each of its rows is tried alone, and ever more seldom.
        """
        with self._lock:
            for row, turn in batch.rows.items():
                key = (batch.kind, row, turn)
                self._handed.pop(key, None)
                if failed:
                    tries = self._failed.get(key, (0, 0.0))[0] + 1
                    self._failed[key] = tries, time.monotonic() + self.parts.pace.wait(tries).total_seconds()

    def _hand_over(self, workers: int) -> int:
        store, now = self.parts.store, self.parts.clock()
        self._forget_stale()
        circuits = {one.system: one.open_until for one in store.circuits.all() if one.open_until is not None}
        resting = set(store.circuits.resting(now)) if circuits else set()
        seen: set[_Key] = set()
        count = 0
        for receiver in store.receivers("pending", "accepted", "unknown", due=now):
            if receiver in resting:
                continue
            # While a system is probed one call alone is made; the others need not be put off one by one.
            room = 1 if receiver in circuits else _AHEAD * workers * self.most
            count += self._group("delivery", receiver, room, seen, now)
        for source in store.inbox.sources(now):
            count += self._group("arrival", source, _AHEAD * workers * self.most, seen, now)
        self._handed = {key: one for key, one in self._handed.items() if key in seen or one.system in resting}
        return count

    def _group(self, kind: Kind, system: str, room: int, seen: set[_Key], now: datetime) -> int:
        """How many rows of one system have been handed over."""
        mine = sum(one.system == system and key[0] == kind for key, one in self._handed.items())
        due: Sequence[_Row]
        if kind == "delivery":
            due = self.parts.store.due(now, system, room + mine)
        else:
            due = self.parts.store.inbox.due(now, system, room + mine)
        keys: dict[_Key, _Row] = {(kind, str(row.id), row.turn): row for row in due}
        seen.update(keys)
        going = {self._handed[key].batch for key in keys if key in self._handed}
        free = room // self.most - len(going) if room > 1 else 1 - len(going)
        fresh = [(key, row) for key, row in keys.items() if key not in self._handed and not self._rests(key)]
        count = 0
        for keys_of_batch in self._parted(fresh, min(room, self.most)):
            if free <= 0:
                break
            self._carry(kind, system, keys_of_batch)
            free -= 1
            count += len(keys_of_batch)
        return count

    def _parted(self, fresh: Sequence[tuple[_Key, _Row]], most: int) -> Iterable[list[_Key]]:
        """The rows in batches; one that ended a process, or a batch, stands alone, so that it harms no other."""
        trusted = [key for key, row in fresh if not row.begun and key not in self._failed]
        yield from ([key] for key, row in fresh if row.begun or key in self._failed)
        yield from (trusted[start : start + most] for start in range(0, len(trusted), most))

    def _carry(self, kind: Kind, system: str, keys: Sequence[_Key]) -> None:
        batch = Batch(self.new_id(), kind, system, {row: turn for _, row, turn in keys})
        at = time.monotonic()
        # Noted first: the batch may be over before the call returns.
        for key in keys:
            self._handed[key] = _Handed(batch.id, system, at)
        try:
            self.carrier.carry(batch)
        except BaseException:
            self.over(batch)
            raise

    def _rests(self, key: _Key) -> bool:
        failed = self._failed.get(key)
        return failed is not None and time.monotonic() < failed[1]

    def _forget_stale(self) -> None:
        """Lets go of rows whose batch has ended elsewhere without moving them, or was lost with the engine's tables."""
        now = time.monotonic()
        if now - self._looked < _LOOK_AGAIN:
            return
        self._looked = now
        self._failed = {key: one for key, one in self._failed.items() if now < one[1] + 3600}
        old = {one.batch for one in self._handed.values() if now - one.at > _STALE}
        going = {name for name, is_over in self.carrier.states(old).items() if not is_over} if old else set()
        lost = old - going
        self._handed = {key: one for key, one in self._handed.items() if one.batch not in lost}
