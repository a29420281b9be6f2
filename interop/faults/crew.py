"""Worker processes of our own: started quickly, killed without a word."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from interop.config import Settings
from interop.documents import examine, write
from interop.errors import Conflict, Unavailable
from interop.exchange.running import opened_parts, worker_over
from interop.faults.steps import Step, die_at
from interop.logs import configure

__all__ = ["Crew", "Fate", "work"]

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([__name__])
_UNLIMITED = resource.RLIM_INFINITY


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to become of a worker: it dies at the step, and its clock goes wrong by `clock.value` seconds."""

    step: Step | None = None
    clock: Any = None


class Crew:
    """The workers of one run. A killed one gets no chance to say or tidy anything."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._settings, self._log = settings, log
        self.members: list[BaseProcess] = []
        self.kills = 0
        self._clock = _SERVER.Value("d", 0.0)

    def start(self, step: Step | None = None) -> BaseProcess:
        """A new worker process, which dies at the step."""
        fate = Fate(step, self._clock)
        process = _SERVER.Process(target=work, args=(self._settings, self._log, fate), daemon=True)
        process.start()
        self.members.append(process)
        return process

    def kill(self, index: int = 0) -> None:
        """Nothing; the worker has ended in the middle of whatever it did."""
        process = self.members.pop(index)
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
            self.kills += 1
        process.join(10)
        process.close()

    def bury(self, process: BaseProcess) -> None:
        """Nothing; a worker that has ended by itself is no member any more."""
        self.members.remove(process)
        self.kills += 1
        process.join(10)
        process.close()

    def replace_the_dead(self) -> None:
        """Nothing; every worker that has ended by itself has been replaced."""
        for process in [one for one in self.members if not one.is_alive()]:
            self.bury(process)
            self.start()

    def move_clocks(self, by: timedelta) -> None:
        """Nothing; the clocks of all workers, of now and later, go wrong by so much."""
        self._clock.value = by.total_seconds()

    def limit_files(self, size: int = _UNLIMITED) -> None:
        """Nothing; no file that a worker writes grows beyond so many bytes: its disk is full, or has room again."""
        for process in self.members:
            if process.pid is not None:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, _UNLIMITED))

    def end(self) -> None:
        """Nothing; all workers have been told to stop, and have."""
        for process in self.members:
            process.terminate()
        for process in self.members:
            process.join(20)
            if process.is_alive():
                process.kill()
                process.join(10)
            process.close()
        self.members.clear()


def work(settings: Settings, log: Path, fate: Fate) -> None:
    """Nothing; a worker has worked until SIGTERM, or until its fate. A database that is away at first is waited for."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # A file that may not grow is an error of the write, as on a full disk, and no end of the process.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if fate.step is not None:
        die_at(fate.step)
    with log.open("a", buffering=1) as stream:
        configure("info", stream)
        while not stop.is_set():
            try:
                with opened_parts(settings, examine, write) as parts:
                    timed = replace(parts, clock=_clock(fate))
                    with worker_over(timed, settings) as worker:
                        worker.run(stop)
            except (Conflict, Unavailable):
                stop.wait(0.2)


def _clock(fate: Fate) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(seconds=fate.clock.value if fate.clock is not None else 0.0)
