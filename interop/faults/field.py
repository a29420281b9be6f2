"""The field of a run: what was filed, and what arrived in the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from interop.errors import InteropError
from interop.faults.plans import Filed, Plans
from interop.faults.stage import Boxes, Stage, staged
from interop.store import Delivery, KeyRing, Store

__all__ = ["ENDED", "Account", "Field", "field_of"]

ENDED = ("delivered", "rejected", "superseded", "held")
"""The states that a delivery stays in by itself."""
_FOR_A_PERSON = frozenset({"receiver_needs_a_person", "receiver_rejected"})


@dataclass(frozen=True, slots=True)
class Account:
    """What the receivers themselves hold, against what was filed; each entry names a receiver and a document."""

    expected: int
    lost: Sequence[str]
    duplicated: Sequence[str]
    leaked: Sequence[str]
    overtaken: Sequence[str]
    held: int
    unanswered: int

    @property
    def is_clean(self) -> bool:
        """True when all is where it belongs, once and in order, and every sender knows."""
        return not (self.lost or self.duplicated or self.leaked or self.overtaken or self.unanswered)


@dataclass
class Field:
    """The stage of a run with what was filed on it. In: `random` makes the run the same for the same seed."""

    stage: Stage
    plans: Plans
    random: Random
    filed: list[Filed] = field(default_factory=list)
    copies: Counter[str] = field(default_factory=Counter)
    _store: Store | None = None

    @property
    def boxes(self) -> Boxes:
        """The stand-ins."""
        return self.stage.boxes

    def file_chain(
        self, number: int, versions: int = 1, *, secret: bool = False, copies: int = 1, source: str = "effica"
    ) -> None:
        """Nothing; all versions of one plan are filed, in an order by chance, and each so many times."""
        order = list(range(1, versions + 1))
        self.random.shuffle(order)
        for version in order:
            message = self.plans.message(self.plans.record(number, version, secret=secret), source)
            for _ in range(copies):
                self._file(message, source)
            self.filed.append(self.plans.filed(number, version, source=source, secret=secret))

    def calm(self) -> None:
        """Nothing; no trouble is made any more."""
        for one in self.stage.chaos:
            one.calm()
        for box in (self.boxes.effica, self.boxes.omni360, self.boxes.apotti):
            box.faults.clear()

    def send_again(self) -> int:
        """How many deliveries a person has had sent again: those that a receiver refused or needed help with."""
        store, again = self.opened(), 0
        for one in store.deliveries("held", "rejected", limit=1_000_000):
            if store.history(one.id)[-1].cause in _FOR_A_PERSON:
                store.resend(one.id, datetime.now(UTC))
                again += 1
        return again

    def settle(self, seconds: float) -> bool:
        """True when every message has been answered and every delivery has ended within the time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if self._is_settled():
                    return True
            except InteropError:
                pass
            time.sleep(0.1)
        return False

    def deliveries(self) -> list[Delivery]:
        """All deliveries."""
        return self.opened().deliveries(limit=1_000_000)

    def opened(self) -> Store:
        """The database. Raises: Unavailable."""
        if self._store is None:
            settings = self.stage.settings
            self._store = Store(settings.database_url, KeyRing(settings.active_key, settings.keys))
        return self._store

    def close(self) -> None:
        """Nothing; the database has been let go."""
        if self._store is not None:
            self._store.close()

    def account(self) -> Account:
        """What was filed against what the receivers hold. Raises: Unavailable."""
        found = self.boxes.found()
        newest = {one.chain: one for one in sorted(self.filed, key=lambda one: one.version)}
        secret = {one.document for one in self.filed if one.secret}
        lost, duplicated, overtaken, expected = [], [], [], 0
        leaked = [f"foreign {one}" for one in found["foreign"]]
        for receiver, documents in found.items():
            if receiver == "foreign" or not self._receives(receiver):
                continue
            wanted = {one.document for one in newest.values() if not one.secret and _goes(one, receiver)}
            counts = Counter(documents)
            expected += len(wanted)
            lost += [f"{receiver} {one}" for one in sorted(wanted - set(counts))]
            duplicated += [f"{receiver} {one}" for one, count in sorted(counts.items()) if count > 1]
            leaked += [f"{receiver} {one}" for one in sorted(secret & set(counts))]
            overtaken += [f"{receiver} {one}" for one in self._overtaken(documents)]
        held = sum(one.state == "held" for one in self.deliveries())
        unanswered = sum((self.copies - self.boxes.answered()).values())
        return Account(expected, lost, duplicated, leaked, overtaken, held, unanswered)

    def _file(self, message: bytes, source: str) -> None:
        boxes: Mapping[str, object] = {
            "effica": self.boxes.effica, "omni360": self.boxes.omni360, "effica_sftp": self.boxes.drop,
        }  # fmt: skip
        boxes[source].file(message)  # type: ignore[attr-defined]
        self.copies[source] += 1

    def _receives(self, name: str) -> bool:
        return any(one.receives and one.name == name.split(maxsplit=1)[0] for one in self.stage.settings.systems)

    def _overtaken(self, documents: Sequence[str]) -> list[str]:
        """The documents that came after a newer version of themselves."""
        known = {one.document: one for one in self.filed}
        newest: Counter[str] = Counter()
        late = []
        for one in (known[name] for name in documents if name in known):
            if one.version < newest[one.chain]:
                late.append(one.document)
            newest[one.chain] = max(newest[one.chain], one.version)
        return late

    def _is_settled(self) -> bool:
        if self.copies - self.boxes.answered():
            return False
        figures = self.opened().counts.deliveries()
        ended = sum(one.count for one in figures if one.state in ENDED)
        receivers = [one.name for one in self.stage.settings.systems if one.receives]
        awaited = sum(one.source != name for one in self.filed for name in receivers)
        return ended == sum(one.count for one in figures) == awaited


@contextmanager
def field_of(
    url: str, place: Path, plans: Plans, seed: int = 1, share: float = 0.0, *, drop: bool = False
) -> Iterator[Field]:
    """An empty field over the database of the URL. In: as `staged`; `plans` makes what is filed.

    Raises: Unavailable when a stand-in does not start.
    """
    random = Random(seed)  # noqa: S311 - a run is to be repeated by its seed
    with staged(url, place, plans, random, share, drop=drop) as stage:
        made = Field(stage, plans, random)
        try:
            yield made
        finally:
            made.close()


def _goes(one: Filed, receiver: str) -> bool:
    return one.source != receiver.split(maxsplit=1)[0]
