"""A worker that tells at its end how much CPU time it has used, and how much of that for the ledger and the audit."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from interop.config import Settings
from interop.faults.crew import Fate, work
from interop.store.audit import Audit
from interop.store.database import Database

__all__ = ["metered_work"]


class _Meter:
    """CPU seconds by part, each thread's by itself; what a part does inside another one counts as its own alone."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.begins: float | None = None
        self._here, self._lock = threading.local(), threading.Lock()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """A context whose CPU time counts as the part's. The measurement begins with the first entry of the audit."""
        if name == "audit" and self.begins is None:
            self.begins = time.process_time()
        inside: list[float] = getattr(self._here, "inside", [])
        self._here.inside, began = [], time.thread_time()
        try:
            yield
        finally:
            spent = time.thread_time() - began
            own = spent - sum(self._here.inside)
            self._here.inside = [*inside, spent]
            with self._lock:
                self.seconds[name] += own

    def call(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, metered."""

        def metered(*arguments: Any, **named: Any) -> Any:
            with self.part(name):
                return call(*arguments, **named)

        return metered

    def context(self, name: str, make: Callable[..., AbstractContextManager[Any]]) -> Callable[..., Any]:
        """The maker of contexts, each metered from its beginning to its end."""

        @contextmanager
        def metered(*arguments: Any, **named: Any) -> Iterator[Any]:
            with self.part(name), make(*arguments, **named) as made:
                yield made

        return metered


def metered_work(settings: Settings, folder: Path) -> None:
    """Nothing; a worker has worked until SIGTERM, and a file in the folder tells its figures."""
    meter = _Meter()
    for name in ("read", "write"):
        setattr(Database, name, meter.context("ledger", getattr(Database, name)))
    for name in ("note", "seal"):
        setattr(Audit, name, meter.call("audit", getattr(Audit, name)))
    work(settings, folder / "log", Fate())
    cpu = time.process_time() - (meter.begins or 0.0)
    (folder / f"{os.getpid()}.json").write_text(json.dumps({"cpu": cpu, **meter.seconds}), "utf-8")
