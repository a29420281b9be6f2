"""Worker processes of our own: started quickly, killed without a word."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path

from interop.config import Settings
from interop.documents import examine, write
from interop.errors import Conflict, Unavailable
from interop.exchange.running import opened_worker
from interop.logs import configure

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([__name__])


class Crew:
    """The workers of one run. A killed one gets no chance to say or tidy anything."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._settings, self._log = settings, log
        self.members: list[BaseProcess] = []
        self.kills = 0

    def start(self) -> BaseProcess:
        """A new worker process."""
        process = _SERVER.Process(target=work, args=(self._settings, self._log), daemon=True)
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


def work(settings: Settings, log: Path) -> None:
    """Nothing; a worker has worked until SIGTERM. A database that is away at the start is waited for."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with log.open("a", buffering=1) as stream:
        configure("info", stream)
        while not stop.is_set():
            try:
                with opened_worker(settings, examine, write) as worker:
                    worker.run(stop)
            except (Conflict, Unavailable):
                stop.wait(0.2)
