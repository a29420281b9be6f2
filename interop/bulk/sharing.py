"""Shares bulk runs among any number of machines over a PostgreSQL database: each chunk is a durable workflow.

A workflow holds the run's folder and the chunk's place in the plan, and never a document. All machines reach the source
and the folder of the run under the same paths. Whoever does a chunk twice makes the same part of it, so that a worker
that was taken for dead too early does no harm.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

from interop.bulk.chunks import part_of
from interop.bulk.joining import Joined
from interop.bulk.planning import Plan
from interop.bulk.processes import Job, Processes
from interop.bulk.reporting import Sums
from interop.bulk.running import undone
from interop.errors import Fault, InteropError, Unavailable
from interop.exchange.engine_dbos import ChunkEngine, EnginePlace
from interop.logs import log
from interop.store.engine import open_beside
from interop.store.presence import Presence

__all__ = ["Sharing", "shared", "sharing"]

_LOG = logging.getLogger(__name__)
_IN_HAND = 16
"""So many chunks one process has in hand at most; the queue's own setting, and so the same for all processes."""
_AHEAD = 400
"""So many chunks are handed over ahead of the one that is joined next."""
_LOOK, _UPKEEP = 0.05, 2.0
_TRIES = 3
_KEEP = timedelta(days=1)
"""So long the engine remembers chunks that are over; runs that are over have no need of it."""


class Sharing:
    """This process's part in doing chunks. In: `jobs` is how many processes do them, 0 one for each core.

    Raises, from every method: Unavailable when the database cannot be reached.
    """

    def __init__(self, url: str, jobs: int) -> None:
        name = str(uuid4())
        self._presence = Presence(url, name)
        self._processes = Processes(jobs)
        self.engine = ChunkEngine(EnginePlace(*open_beside(url)), name, self._do, _IN_HAND)
        self._stop = Event()
        self._upkeep = Thread(target=self._keep_up, name="bulk-upkeep", daemon=True)

    def start(self) -> None:
        """Nothing; chunks are done from now on, also those of processes that have died."""
        self.engine.start()
        while self.engine.forget(datetime.now(UTC) - _KEEP):
            pass
        self._upkeep.start()

    def stop(self, seconds: int) -> None:
        """Nothing; what was under way has had so many seconds to end."""
        self._stop.set()
        self.engine.stop(seconds)
        self._processes.close()
        if self._upkeep.is_alive():
            self._upkeep.join(seconds)
        self._presence.close()

    def _do(self, folder: str, number: int, offset: int) -> None:
        job = Job(Path(folder), number, offset)
        try:
            self._processes.end(job, self._processes.begin(job))
        except Exception as error:
            level = logging.WARNING if isinstance(error, InteropError) else logging.ERROR
            log(_LOG, level, "chunk_failed", error=True, chunk=number)
            raise Fault("A chunk could not be done.") from error

    def _keep_up(self) -> None:
        while not self._stop.wait(_UPKEEP):
            try:
                taken = self.engine.take_over(_Living(self._presence))
            except InteropError:
                log(_LOG, logging.WARNING, "upkeep_failed", error=True)
                continue
            if taken:
                log(_LOG, logging.WARNING, "work_taken_over", chunks=taken)


class _Living(Collection[str]):
    """The names of the processes that live, asked one by one, since only those that have work in hand matter."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._known: dict[str, bool] = {}

    def __contains__(self, name: object) -> bool:
        text = str(name)
        if text not in self._known:
            self._known[text] = text in self._presence.alive([text])
        return self._known[text]

    def __iter__(self) -> Iterator[str]:
        return (name for name, lives in self._known.items() if lives)

    def __len__(self) -> int:
        return sum(self._known.values())


@contextmanager
def sharing(url: str, jobs: int, seconds: int = 30) -> Iterator[Sharing]:
    """This process's part in doing chunks, while the context lasts. Raises: Invalid, Unavailable."""
    one = Sharing(url, jobs)
    try:
        one.start()
        yield one
    finally:
        one.stop(seconds)


def shared(folder: Path, plan: Plan, joined: Joined, workers: Sharing) -> Iterator[Sums]:
    """What has been counted so far, after each chunk, until all is done by whichever workers there are.

    Raises: Unavailable when a chunk has failed too often, or a disk is full; the run can go on later.
    """
    waiting = undone(folder, plan, joined)
    handed = joined.next
    failed = dict[int, int]()
    asked = time.monotonic()
    while not joined.is_whole:
        jobs = list(islice(waiting, max(0, joined.next + _AHEAD - handed)))
        handed += len(jobs)
        _hand_over(workers.engine, plan, jobs)
        if joined.is_waiting():
            joined.join()
            asked = time.monotonic()
            yield joined.sums
        elif time.monotonic() - asked > _UPKEEP:
            _look_after(workers.engine, plan, Job(folder, joined.next, plan.place(joined.next)), failed)
            asked = time.monotonic()
        else:
            time.sleep(_LOOK)
    joined.tidy()


def _hand_over(engine: ChunkEngine, plan: Plan, jobs: Collection[Job]) -> None:
    """Nothing; those of the chunks will be done that have no part yet. What an earlier command handed over stays."""
    missing = [job for job in jobs if not part_of(job.folder, job.number).exists()]
    known = engine.states([_name(plan, job.number) for job in missing])
    engine.drop([name for name, over in known.items() if over])
    for job in missing:
        engine.carry(_name(plan, job.number), str(job.folder), job.number, job.offset)


def _look_after(engine: ChunkEngine, plan: Plan, job: Job, failed: dict[int, int]) -> None:
    """Nothing; the chunk is under way. Raises: Unavailable when it has failed too often."""
    name = _name(plan, job.number)
    over = engine.states([name]).get(name, True)
    if not over or part_of(job.folder, job.number).exists():
        return
    failed[job.number] = failed.get(job.number, 0) + 1
    if failed[job.number] >= _TRIES:
        raise Unavailable(
            f"The chunk {job.number} could not be done by any worker; their logs say why. Each needs the source and "
            "the folder of the run under the same paths, and room in it. Then give the same command again."
        )
    _hand_over(engine, plan, [job])


def _name(plan: Plan, number: int) -> str:
    return f"{plan.run}-{number}"
