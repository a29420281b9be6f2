"""Watches the calls that reach the sandboxes, and does what is asked just before or just after the work of one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Call", "Phase", "Watching"]

Phase = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a system: `what` is its SOAP operation, its method and path, or for a drop folder `rename`."""

    system: str
    what: str
    number: int = 0


class Watching:
    """Counts the calls, and does what is asked at one of them."""

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()
        self._wanted: Callable[[Call, Phase], bool] | None = None
        self._act: Callable[[], None] = _nothing

    def at_call(self, number: int, phase: Phase, act: Callable[[], None]) -> None:
        """Nothing; the act is done once, before or after the work of the so manyeth call from now."""
        self._watch(lambda call, now: (call.number, now) == (number, phase), act)

    def at(self, system: str, what: str, phase: Phase, act: Callable[[], None]) -> None:
        """Nothing; the act is done once, before or after the work of the next such call. In: `what` is its end."""
        self._watch(lambda call, now: call.system == system and call.what.endswith(what) and now == phase, act)

    @property
    def is_over(self) -> bool:
        """True when the act has been done."""
        return self._wanted is None

    def before(self, system: str, what: str) -> Call:
        """The call, with its number, before its work."""
        with self._lock:
            self.calls += 1
            call = Call(system, what, self.calls)
        self._meet(call, "before")
        return call

    def after(self, call: Call) -> None:
        """Nothing; the call's work is done."""
        self._meet(call, "after")

    def _watch(self, wanted: Callable[[Call, Phase], bool], act: Callable[[], None]) -> None:
        with self._lock:
            self.calls, self._wanted, self._act = 0, wanted, act

    def _meet(self, call: Call, phase: Phase) -> None:
        with self._lock:
            if self._wanted is None or not self._wanted(call, phase):
                return
            self._wanted = None
        self._act()


def _nothing() -> None:
    """What is done where nothing is asked."""
