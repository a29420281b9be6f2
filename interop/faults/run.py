"""A run: plans are filed while all kinds of trouble happen; then what each receiver holds is counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from interop.faults.crew import Crew
from interop.faults.field import Account, field_of
from interop.faults.plans import Plans
from interop.faults.troubles import Restartable, Scene, happens
from schemas.record import Record

__all__ = ["Outcome", "Plan", "run"]

_SHOWN, _MOST_TIMES, _LEAST_CLIENTS = 20, 5, 80


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done in a run: in so many goes documents are filed, and after each something happens.

    Units: seconds. `trouble` is the share of calls that something happens to; `pause` is the longest time from go to
    go; `patience` is how long everything may take to settle in the end.
    """

    documents: int
    seed: int
    workers: int = 1
    trouble: float = 0.15
    pause: float = 1.0
    patience: float = 60.0
    goes: int = 5

    @classmethod
    def long(cls, documents: int, seed: int, workers: int = 1, trouble: float = 0.15) -> Plan:
        """The plan of a long run: something happens after every forty documents or so."""
        return cls(documents, seed, workers, trouble, patience=120.0 + documents, goes=max(8, documents // 40))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run has ended. `happened` counts the troubles by their kinds, `resent` what a person had to send again."""

    account: Account
    settled: bool
    kills: int
    seconds: float
    happened: Mapping[str, int]
    resent: int = 0

    def told(self) -> str:
        """The outcome in a few lines."""
        one = self.account
        lines = [
            f"expected {one.expected}  lost {len(one.lost)}  duplicated {len(one.duplicated)}"
            f"  leaked {len(one.leaked)}  held {one.held}",
            f"overtaken {len(one.overtaken)}  unanswered {one.unanswered}  sent again by a person {self.resent}",
            "happened: " + ", ".join(f"{kind} {count}" for kind, count in sorted(self.happened.items())),
            f"workers killed {self.kills}  seconds {self.seconds:.1f}  settled {'yes' if self.settled else 'NO'}",
        ]
        wrong = [
            f"{what}: {name}"
            for what in ("lost", "duplicated", "leaked", "overtaken")
            for name in list(getattr(one, what))[:_SHOWN]
        ]
        return "\n".join([*lines, *wrong])


def run(plan: Plan, url: str, place: Path, example: Record, server: Restartable | None = None) -> Outcome:
    """The outcome of a run over the database of the URL. In: `server` is restarted on the way when it is given."""
    clients = max(_LEAST_CLIENTS, plan.documents // 4)
    with field_of(url, place, Plans(example, clients), plan.seed, plan.trouble) as field:
        scene = Scene(field, Crew(field.stage.settings, place / "workers.log"), server)
        began = time.monotonic()
        try:
            for _ in range(plan.workers):
                scene.crew.start()
            happened = _trouble(plan, scene)
            field.calm()
            scene.crew.replace_the_dead()
            settled, resent = _settled(plan, scene)
        finally:
            scene.crew.end()
        return Outcome(field.account(), settled, scene.crew.kills, time.monotonic() - began, happened, resent)


def _trouble(plan: Plan, scene: Scene) -> Counter[str]:
    """What has happened while everything was filed bit by bit."""
    field, happened = scene.field, Counter[str]()
    numbers = list(range(3000, 3000 + plan.documents))
    part = max(1, -(-len(numbers) // plan.goes))
    for start in range(0, len(numbers), part):
        for number in numbers[start : start + part]:
            versions = field.random.choice([1, 1, 2, 3])
            secret, copies = field.random.random() < 0.1, field.random.choice([1, 1, 1, 2])
            field.file_chain(number, versions, secret=secret, copies=copies)
        scene.pause(plan.pause / 2, plan.pause)
        happened[happens(scene)] += 1
    return happened


def _settled(plan: Plan, scene: Scene) -> tuple[bool, int]:
    """Whether all has settled in the end, and how many deliveries a person had to send again for that."""
    resent = 0
    for _ in range(_MOST_TIMES):
        scene.crew.replace_the_dead()
        if not scene.field.settle(plan.patience):
            return False, resent
        again = scene.field.send_again()
        resent += again
        if not again:
            return True, resent
    return False, resent
