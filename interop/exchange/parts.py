"""What every step of the exchange works with: the store, the systems, reading and writing of documents, the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from interop.store import Store
from interop.systems.base import System
from mappings.report import Report
from schemas.issues import Issue
from schemas.record import Record

__all__ = ["Examine", "Examined", "Pace", "Participant", "Parts", "Write", "Written"]


class Examined(Protocol):
    """What reading and checking a document has found; `record` is None when it cannot be read."""

    @property
    def record(self) -> Record | None:
        """The document, or None."""
        ...

    @property
    def issues(self) -> Sequence[Issue]:
        """The findings."""
        ...

    @property
    def valid(self) -> bool:
        """True when no finding is an error."""
        ...


class Written(Protocol):
    """A document written in a format, with the report of what the format could not hold."""

    @property
    def data(self) -> bytes:
        """The bytes."""
        ...

    @property
    def report(self) -> Report:
        """What was lost, made up or unknown."""
        ...

    @property
    def issues(self) -> Sequence[Issue]:
        """The findings; an error says that the format cannot hold the document."""
        ...


Examine = Callable[[bytes, str], Examined]
"""Reads and checks a document in a named format."""

Write = Callable[[Record, str], Written]
"""Writes a document in a named format."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A system in the exchange. `controller` identifies whose register it is; empty when that is not known."""

    system: System
    controller: str
    sends: bool = True
    receives: bool = True


def _never() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the exchange waits before it tries again: twice as long each time, up to a longest wait.

    `chance` gives numbers from 0 up to 1 that spread the waits, so that what failed together is not tried again
    together. After `attempts` attempts to send, a person has to look; after `failures` failed calls in a row a system
    is left alone for a while, and then probed by one call, for whose outcome the others wait as long as `probe`.
    """

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=1)
    chance: Callable[[], float] = _never
    attempts: int = 100
    failures: int = 5
    probe: timedelta = timedelta(minutes=2)

    def wait(self, tries: int, retry_after: float | None = None) -> timedelta:
        """The wait after so many tries, up to a half shorter by chance, and never less than the other side asked for.

        Units: `retry_after` in seconds; one of more than a day is taken for a day.
        """
        doublings = min(max(tries - 1, 0), 30)
        chance = self.chance()
        own = min(self.first * (1 << doublings), self.longest) * (1 - chance / 2)
        asked = timedelta(seconds=min(max(retry_after or 0.0, 0.0), 86_400.0))
        return max(own, asked + min(self.first, asked) * chance)


@dataclass(frozen=True, slots=True)
class Parts:
    """All that a step needs besides ids. `worker` is the name that this process goes by at the database."""

    store: Store
    participants: Mapping[str, Participant]
    examine: Examine
    write: Write
    clock: Callable[[], datetime]
    pace: Pace = Pace()
    worker: str = ""

    def receivers(self, source: str) -> list[str]:
        """The systems that get what comes from the source."""
        return [name for name, one in self.participants.items() if one.receives and name != source]
