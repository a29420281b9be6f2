"""Does chunks of bulk runs over the cores of this machine, each core in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from interop.bulk.chunks import begun_in, do_chunk
from interop.errors import Fault

__all__ = ["Job", "Processes"]


@dataclass(frozen=True, slots=True)
class Job:
    """A chunk to be done: the run's folder, the chunk's number, and the place of its line in the plan."""

    folder: Path
    number: int
    offset: int


class Processes:
    """Processes that do chunks; when one ends in the midst of a document, the others' work is not lost.

    In: `count` is how many, 0 one for each core.
    """

    def __init__(self, count: int) -> None:
        self.count = count or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._pool = _pool(self.count)

    def begin(self, job: Job) -> Future[None]:
        """The work on a chunk, which `end` waits for."""
        with self._lock:
            try:
                return self._pool.submit(do_chunk, job.folder, job.offset)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False)
                self._pool = _pool(self.count)
                return self._pool.submit(do_chunk, job.folder, job.offset)

    def end(self, job: Job, work: Future[None]) -> None:
        """Nothing; the chunk is done. A document that a process ended with twice is told of, and passed over.

        Raises: as `do_chunk`; Fault when a process ended without having begun a document.
        """
        try:
            work.result()
        except BrokenProcessPool:
            # All chunks that were under way have failed with the one that is to blame: one at a time shows which.
            with self._alone:
                _do_alone(job)

    def close(self) -> None:
        """Nothing; the processes have ended, and what they had not begun has not been done."""
        self._pool.shutdown(cancel_futures=True)


def _do_alone(job: Job) -> None:
    ended: set[int] = set()
    while True:
        try:
            with _pool(1) as pool:
                return pool.submit(do_chunk, job.folder, job.offset, frozenset(ended)).result()
        except BrokenProcessPool as error:
            number = begun_in(job.folder, job.number)
            if number is None or number in ended:
                raise Fault(
                    "A process that did documents ended without an answer. Give the same command again."
                ) from error
            ended.add(number)


def _pool(count: int) -> ProcessPoolExecutor:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    return ProcessPoolExecutor(count, context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Lets this process end when the one that began it was killed: nobody would take its work."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
