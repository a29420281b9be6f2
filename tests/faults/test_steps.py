"""A worker dies by SIGKILL once at every step of a delivery, on both databases, and the next one ends what it began."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from interop.faults.crew import Crew
from interop.faults.field import Field, field_of
from interop.faults.plans import Plans
from interop.faults.steps import STEPS
from interop.faults.watching import Phase

PATIENCE = 30
COMMITTED = [
    one for one in STEPS if one.phase == "after" and one.place.startswith(("interop.store", "interop.exchange.engine"))
]
STORING = (
    ("effica", "SendDocument", "effica_sftp"),
    ("effica_sftp", "rename", "effica"),
    ("omni360", "POST /fhir/CarePlan", "effica"),
    ("omni360", "POST /fhir/Task", "effica"),
    ("apotti", "R4/DocumentReference", "effica"),
)
"""The calls that file something in a system, and who sends the document that leads to each."""
OTHERS = (
    ("effica", "FetchDocument", "effica"),
    ("effica", "Acknowledge", "effica"),
    ("omni360", "POST /oauth2/token", "effica"),
    ("omni360", "POST /fhir/Binary", "effica"),
    ("apotti", "oauth2/token", "effica"),
    ("apotti", "DocumentReference/_search", "effica"),
)


@contextmanager
def manned(url: str, place: Path, plans: Plans) -> Iterator[tuple[Field, Crew]]:
    """A field with a drop folder, whose dead are missed soon."""
    with field_of(url, place, plans, drop=True) as field:
        crew = Crew(replace(field.stage.settings, worker_grace=timedelta(seconds=1.5)), place / "workers.log")
        try:
            yield field, crew
        finally:
            crew.end()


def died(crew: Crew, start: Callable[[], None]) -> bool:
    """Whether the only worker has died of itself after the start of something."""
    (process,) = crew.members
    start()
    process.join(PATIENCE)
    if process.is_alive():
        crew.kill()
        return False
    crew.bury(process)
    return True


def all_is_well(field: Field, crew: Crew) -> None:
    crew.start()
    assert field.settle(60)
    account = field.account()
    assert account.is_clean, account
    assert account.held == 0


def test_a_worker_killed_at_every_step_leaves_nothing_lost_or_double(
    database_url: str, tmp_path: Path, plans: Plans, thorough: bool
) -> None:
    """In a short run on PostgreSQL only where something has just been committed."""
    with manned(database_url, tmp_path, plans) as (field, crew):
        steps = COMMITTED if field.opened().is_shared and not thorough else STEPS
        for number, step in enumerate(steps):
            crew.start(step)
            assert died(crew, partial(field.file_chain, number, source=step.source)), step.name
        all_is_well(field, crew)
        assert crew.kills == len(steps)
        causes = {step.cause for one in field.deliveries() for step in field.opened().history(one.id)}
    assert "interrupted" in causes


def test_a_worker_killed_as_a_system_does_its_work_leaves_nothing_lost_or_double(
    tmp_path: Path, plans: Plans, thorough: bool
) -> None:
    phases: tuple[Phase, ...] = ("before", "after") if thorough else ("after",)
    calls = (*STORING, *OTHERS) if thorough else STORING
    with manned(f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, plans) as (field, crew):
        for number, (phase, (system, what, source)) in enumerate(product(phases, calls)):
            process = crew.start()
            field.stage.watching.at(system, what, phase, partial(os.kill, process.pid or 0, signal.SIGKILL))
            assert died(crew, partial(field.file_chain, number, source=source)), what
        all_is_well(field, crew)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_worker_killed_at_any_call_leaves_nothing_lost_or_double(
    tmp_path: Path, plans: Plans, phase: Phase, thorough: bool
) -> None:
    """Call by call until a document needs no more of them; in a short run at one of them."""
    with field_of(f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, plans) as field:
        crew = Crew(field.stage.settings, tmp_path / "workers.log")
        try:
            for call in range(1, 60) if thorough else (12,):
                process = crew.start()
                field.stage.watching.at_call(call, phase, partial(os.kill, process.pid or 0, signal.SIGKILL))
                field.file_chain(call)
                if not ended(process, field):
                    crew.kill()
                    break
                crew.bury(process)
            all_is_well(field, crew)
        finally:
            crew.end()
        assert crew.kills > (20 if thorough else 0)


def ended(process: BaseProcess, field: Field) -> bool:
    """Whether the worker was killed before everything was settled."""
    while process.is_alive() and not field.settle(0.2):
        process.join(0.2)
    process.join(0.5)
    return not process.is_alive()
