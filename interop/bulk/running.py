"""Runs a bulk run to its end, or on from where it stopped: by the processes of this machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from interop.bulk.chunks import part_of
from interop.bulk.joining import Joined
from interop.bulk.planning import Plan, planned
from interop.bulk.processes import Job, Processes
from interop.bulk.reporting import Sums
from interop.bulk.room import room
from interop.bulk.task import Task
from interop.errors import Conflict
from interop.store.engine import SoleUse

__all__ = ["CHUNK", "done", "opened", "undone"]

CHUNK = 200
"""So many documents make a chunk."""
_WAITING = 3
"""How many chunks are under way for each process, at most."""


@contextmanager
def opened(folder: Path, sources: Sequence[str], task: Task, size: int, run: str) -> Iterator[tuple[Plan, Joined]]:
    """The plan of the run in a folder, and what has been joined of it; nobody else works on it meanwhile.

    Raises: Conflict when somebody else does; otherwise as `planned`.
    """
    with room(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        sole = SoleUse(f"sqlite:///{folder / 'run.db'}")
    except Conflict as error:
        raise Conflict(f"Another command works on the run in '{folder}' already.") from error
    try:
        plan = planned(folder, sources, task, size, run)
        yield plan, Joined(folder, plan)
    finally:
        sole.close()


def done(folder: Path, plan: Plan, joined: Joined, jobs: int) -> Iterator[Sums]:
    """What has been counted so far, after each chunk, until all is done. In: `jobs` is how many processes, 0 all cores.

    Raises: Unavailable when a disk is full or does not answer; the run can go on later.
    """
    with _processes(jobs) as processes:
        under_way: deque[tuple[Job, Future[None] | None]] = deque()
        waiting = undone(folder, plan, joined)
        while not joined.is_whole:
            for job in islice(waiting, max(0, processes.count * _WAITING - len(under_way))):
                whole = part_of(folder, job.number).exists()
                under_way.append((job, None if whole else processes.begin(job)))
            job, work = under_way.popleft()
            if work is not None:
                processes.end(job, work)
            joined.join()
            yield joined.sums
    joined.tidy()


def undone(folder: Path, plan: Plan, joined: Joined) -> Iterator[Job]:
    """The chunks that have not been joined, in order."""
    first = joined.next
    return (Job(folder, number, offset) for number, offset in plan.places() if number >= first)


@contextmanager
def _processes(jobs: int) -> Iterator[Processes]:
    processes = Processes(jobs)
    try:
        yield processes
    finally:
        processes.close()
