"""What every step of the exchange works with: the store, the systems, reading and writing of documents, the clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, Literal, Protocol, TypeVar

from interop.exchange.copies import Copies
from interop.exchange.notifying import Outbox, notify
from interop.store import Disclosed, Store
from interop.systems.base import System
from mappings.report import Report
from schemas.issues import Issue
from schemas.record import Record
from validators.gate import Receiver

__all__ = [
    "Admission",
    "Examine",
    "Examined",
    "Pace",
    "Participant",
    "Parts",
    "Recent",
    "Span",
    "Spread",
    "Write",
    "Written",
    "in_turn",
    "no_span",
    "tried",
]

A = TypeVar("A")
B = TypeVar("B")
K = TypeVar("K", bound=Hashable)


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


Admission = Literal["reject", "tag", "quarantine"]
"""What is done with a system's documents that have errors: refused, taken in with a note, or kept for a person."""


_PUBLIC_SOCIAL_WELFARE = Receiver(sector="social", ownership="public")


@dataclass(frozen=True, slots=True)
class Participant:
    """A system in the exchange. `controller` identifies whose register it is; empty when that is not known.

    `facts`: what else the gate judges the system by. What is exchanged are social welfare documents, so that a system
    is taken for a public register of social welfare unless its settings say otherwise. `copies`: what it gets are
    copies for people, of the documents that are agreed upon.
    """

    system: System
    controller: str
    sends: bool = True
    receives: bool = True
    findings: Admission = "reject"
    facts: Receiver = _PUBLIC_SOCIAL_WELFARE
    copies: Copies | None = None

    def gets(self, record: Record) -> bool:
        """Whether the document is meant for it, before the gate is asked. Raises: Fault."""
        return self.receives and (self.copies is None or self.copies.wants(record))

    @property
    def receiver(self) -> Receiver:
        """The system as the gate sees it."""
        return replace(self.facts, controller=self.controller)


class Spread(Protocol):
    """Calls a function for each of many values, perhaps several at once, and gives the results in their order."""

    def __call__(self, call: Callable[[A], B], values: Sequence[A], /) -> Iterable[B]:
        """The results."""
        ...


def in_turn(call: Callable[[A], B], values: Sequence[A], /) -> list[B]:
    """The results of calls made one after the other."""
    return [call(value) for value in values]


def tried(call: Callable[[], B]) -> B | Exception:
    """What the call gives, or the exception that it ended with: one document's trouble is no other's."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - the outermost place of each document of a batch; its caller decides
        return error


class Span(Protocol):
    """Times a piece of work by its name, with ids and counts that belong to it."""

    def __call__(self, name: str, /, **facts: str | int) -> AbstractContextManager[object]:
        """A context that lasts as long as the work."""
        ...


def no_span(_: str, /, **__: str | int) -> AbstractContextManager[object]:
    """A context in which nothing is timed."""
    return nullcontext()


class Recent(Generic[K, A]):
    """What was made of late, by what it was made of, so that the same need not be made again soon.

    What is kept is never changed. Safe to share between threads.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._kept: OrderedDict[K, A] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: K, value: A) -> None:
        """Nothing; the value is at hand until so many others have been kept."""
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def find(self, key: K) -> A | None:
        """The value, when it is at hand."""
        with self._lock:
            return self._kept.get(key)


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

    @property
    def most(self) -> timedelta:
        """No wait is longer than this, whatever the other side asks for."""
        return max(self.longest, timedelta(days=1) + self.first)

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
    """All that a step needs besides ids. `worker` is the name that this process goes by at the database.

    After `begins` times that work on a document was begun and ended with the process itself, a person has to look.
    `records` are those of documents met of late, and `writings` what was written of them, by document, format and what
    was left out. `span` times a piece of work for whoever traces the exchange. `notices` is where disclosure notices
    go; without it they wait in the database.
    """

    store: Store
    participants: Mapping[str, Participant]
    examine: Examine
    write: Write
    clock: Callable[[], datetime]
    pace: Pace = Pace()
    worker: str = ""
    records: Recent[str, Record] = field(default_factory=Recent)
    writings: Recent[tuple[str, str, tuple[str, ...]], Written] = field(default_factory=Recent)
    begins: int = 3
    span: Span = no_span
    notices: Outbox | None = None

    def notify(self) -> int:
        """How many disclosure notices were put into their outbox; 0 when none waits, or there is no outbox.

        Raises: Unavailable, Unknown, Forbidden of the folder.
        """
        return notify(self.store, self.notices, self._disclosed, self.clock()) if self.notices is not None else 0

    def _disclosed(self, one: Disclosed) -> Record | None:
        """The document that was disclosed, as it came."""
        document = self.store.document(one.document_id)
        return self.records.find(document.id) or self.examine(self.store.payload(document.id), document.format).record

    def receivers(self, source: str, record: Record) -> list[str]:
        """The systems that get the document that comes from the source. Raises: Fault."""
        return [name for name, one in self.participants.items() if name != source and one.gets(record)]
