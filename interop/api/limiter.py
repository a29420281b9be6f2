"""How often a client may ask: a bucket of requests per client that fills up evenly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import ceil

__all__ = ["Limiter"]


class Limiter:
    """The buckets of one process. In: `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, per_minute: int) -> int:
        """0 when the client may go on; else the seconds until it may. A minute's worth may come at once."""
        with self._lock:
            now = self._clock()
            left, at = self._held.get(name, (float(per_minute), now))
            left = min(per_minute, left + (now - at) * per_minute / 60)
            allowed = left >= 1
            self._held[name] = (left - 1 if allowed else left, now)
            return 0 if allowed else max(1, ceil((1 - left) * 60 / per_minute))
