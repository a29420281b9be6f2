"""Calls kept below a rate that the other side has set, or that we keep out of courtesy.

Each call takes the next free place in a row of places that are evenly spaced; a pause saves places up to a burst.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Bucket"]


class Bucket:
    """A token bucket. Safe to share between threads: they are served in the order in which they come.

    Units: `rate` in calls a second, 0 for any number; `burst` in calls that a pause saves at most.
    """

    def __init__(
        self, rate: float = 0.0, burst: int = 1, clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._space = 1 / rate if rate > 0 else 0.0
        self._saved = self._space * (burst - 1)
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next = float("-inf")

    def take(self) -> None:
        """Nothing; it is the caller's turn."""
        if not self._space:
            return
        with self._lock:
            now = self._clock()
            turn = max(self._next, now - self._saved)
            self._next = turn + self._space
        if turn > now:
            self._sleep(turn - now)
