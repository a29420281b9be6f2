"""A run: plans are filed while workers are killed, answers are lost and the database goes down; then all is counted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from interop.faults.crew import Crew
from interop.faults.field import Account, Field, field_of
from interop.faults.plans import Plans
from schemas.record import Record

__all__ = ["Outcome", "Plan", "Restartable", "run"]

_SHOWN = 20


class Restartable(Protocol):
    """A database server that can be brought down without a word to its clients, and up again."""

    def stop(self, *, hard: bool = False) -> None:
        """Nothing; the server has ended."""
        ...

    def start(self) -> None:
        """Nothing; the server answers."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done in a run: in so many goes documents are filed and a worker is killed.

    Units: seconds. `trouble` is the share of calls that something happens to.
    """

    documents: int
    seed: int
    workers: int = 1
    trouble: float = 0.15
    kill_every: float = 2.0
    restarts: int = 0
    patience: float = 60.0
    goes: int = 5

    @classmethod
    def long(cls, documents: int, seed: int, workers: int = 1, trouble: float = 0.15) -> Plan:
        """The plan of a long run: trouble of every kind for every ten documents or so."""
        goes = max(5, documents // 10)
        return cls(documents, seed, workers, trouble, restarts=goes // 5, patience=60.0 + documents, goes=goes)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run has ended."""

    account: Account
    settled: bool
    kills: int
    seconds: float

    def told(self) -> str:
        """The outcome in a few lines."""
        one = self.account
        lines = [
            f"expected {one.expected}  lost {len(one.lost)}  duplicated {len(one.duplicated)}"
            f"  leaked {len(one.leaked)}  overtaken {len(one.overtaken)}  unanswered {one.unanswered}  held {one.held}",
            f"workers killed {self.kills}  seconds {self.seconds:.1f}  settled {'yes' if self.settled else 'NO'}",
        ]
        return "\n".join([*lines, *one.lost[:_SHOWN], *one.duplicated[:_SHOWN], *one.leaked[:_SHOWN]])


def run(plan: Plan, url: str, place: Path, example: Record, server: Restartable | None = None) -> Outcome:
    """The outcome of a run over the database of the URL. In: `server` is restarted on the way when it is given."""
    with field_of(url, place, Plans(example, max(80, plan.documents // 4)), plan.seed, plan.trouble) as field:
        crew = Crew(field.stage.settings, place / "workers.log")
        began = time.monotonic()
        try:
            for _ in range(plan.workers):
                crew.start()
            _trouble(plan, field, crew, server)
            field.calm()
            settled = field.settle(plan.patience)
        finally:
            crew.end()
        return Outcome(field.account(), settled, crew.kills, time.monotonic() - began)


def _trouble(plan: Plan, field: Field, crew: Crew, server: Restartable | None) -> None:
    """Files everything bit by bit, and lets something happen to workers and database between them."""
    numbers = list(range(3000, 3000 + plan.documents))
    restarts = plan.restarts if server is not None else 0
    part = max(1, -(-len(numbers) // plan.goes))
    for start in range(0, len(numbers), part):
        for number in numbers[start : start + part]:
            versions = field.random.choice([1, 1, 2, 3])
            secret, copies = field.random.random() < 0.1, field.random.choice([1, 1, 1, 2])
            field.file_chain(number, versions, secret=secret, copies=copies)
        if plan.kill_every:
            time.sleep(plan.kill_every * field.random.uniform(0.5, 1.0))
            crew.kill(field.random.randrange(len(crew.members)))
            crew.start()
        if restarts and server is not None:
            restarts -= 1
            server.stop(hard=True)
            time.sleep(0.5)
            server.start()
