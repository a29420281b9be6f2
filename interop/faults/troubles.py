"""What can happen to a run between two of its goes, each a function of the run; the seed says which comes when."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import timedelta
from typing import Protocol

from interop.faults.crew import Crew
from interop.faults.field import Field
from interop.faults.steps import STEPS

__all__ = ["TROUBLES", "Restartable", "Scene", "happens"]

_SMALL = 64 * 1024
_AMISS = (-240, -1, 240)
"""Hours. What a clock that is ahead by an hour puts off waits for an hour: that is no other wait than one asked for."""
_SWITCHES: Mapping[str, Sequence[str]] = {
    "effica": ("soap_fault", "answer_lost", "out_of_order", "disk_full"),
    "omni360": ("stale_version", "several_issues", "unknown_category", "token_expires", "busy", "answer_lost"),
    "apotti": (
        "created_without_body", "cut_after_filing", "forbidden_without_body", "pages_expire", "patient_merged",
        "partial_result", "behind_the_glass",
    ),
}  # fmt: skip
"""The switches after which a document still arrives once: by itself, or after a person has had it sent again."""


class Restartable(Protocol):
    """A database server that can be brought down without a word to its clients, and up again."""

    def stop(self, *, hard: bool = False) -> None:
        """Nothing; the server has ended."""
        ...

    def start(self) -> None:
        """Nothing; the server answers."""
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """A run as its troubles see it. In: `server` is the database's, when that may be restarted.

    `coming` are the kinds of trouble that come next: every kind comes once before any comes again.
    """

    field: Field
    crew: Crew
    server: Restartable | None = None
    coming: list[str] = attribute(default_factory=list)

    def pause(self, least: float, most: float) -> None:
        """Nothing; some time has gone by. Units: seconds."""
        time.sleep(self.field.random.uniform(least, most))


def _kill(scene: Scene) -> None:
    scene.crew.kill(scene.field.random.randrange(len(scene.crew.members)))
    scene.crew.start()


def _kill_at_a_step(scene: Scene) -> None:
    """A worker in the place of another dies by itself, at a step by chance."""
    scene.crew.kill(scene.field.random.randrange(len(scene.crew.members)))
    scene.crew.start(scene.field.random.choice([one for one in STEPS if one.source == "effica"]))


def _fill_the_disk(scene: Scene) -> None:
    scene.crew.limit_files(_SMALL)
    scene.pause(0.5, 1.5)
    scene.crew.limit_files()


def _move_the_clock(scene: Scene) -> None:
    scene.crew.move_clocks(timedelta(hours=scene.field.random.choice(_AMISS)))
    scene.pause(0.2, 1.0)
    scene.crew.move_clocks(timedelta())


def _expire_tokens(scene: Scene) -> None:
    scene.field.boxes.omni360.expire_tokens()
    scene.field.boxes.apotti.expire_tokens()


def _throw_switches(scene: Scene) -> None:
    boxes = scene.field.boxes
    for name, faults in (
        ("effica", boxes.effica.faults),
        ("omni360", boxes.omni360.faults),
        ("apotti", boxes.apotti.faults),
    ):
        faults.on(scene.field.random.choice(_SWITCHES[name]))


def _restart_the_database(scene: Scene) -> None:
    if scene.server is not None:
        scene.server.stop(hard=True)
        scene.pause(0.1, 0.5)
        scene.server.start()


TROUBLES: Mapping[str, Callable[[Scene], None]] = {
    "kill": _kill,
    "kill at a step": _kill_at_a_step,
    "full disk": _fill_the_disk,
    "moved clock": _move_the_clock,
    "expired tokens": _expire_tokens,
    "switches": _throw_switches,
    "restart of the database": _restart_the_database,
}
"""All kinds of trouble, by the words of the report."""


def happens(scene: Scene) -> str:
    """What has happened: a kind of trouble by chance. Whoever has died of it before has been replaced."""
    scene.crew.replace_the_dead()
    if not scene.coming:
        kinds = [one for one in TROUBLES if scene.server is not None or one != "restart of the database"]
        scene.coming.extend(scene.field.random.sample(kinds, len(kinds)))
    kind = scene.coming.pop()
    TROUBLES[kind](scene)
    return kind
