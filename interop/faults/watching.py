"""Watches the calls that reach the sandboxes, and does what is asked just before or just after the work of one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Call", "Phase", "Watching"]

Phase = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a system: `what` is its SOAP operation, its method and path, or for a drop folder `rename`.

    Units: seconds; the call's work begins after the `pause`.
    """

    system: str
    what: str
    number: int = 0
    pause: float = 0.0


class Watching:
    """Counts the calls, and does what is asked at one of them."""

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()
        self._wanted: Callable[[Call, Phase], bool] | None = None
        self._act: Callable[[], None] = _nothing
        self._pause = 0.0

    def at_call(self, number: int, phase: Phase, act: Callable[[], None]) -> None:
        """Nothing; the act is done once, before or after the work of the so manyeth call from now."""
        self._watch(lambda call, now: (call.number, now) == (number, phase), act)

    def at(self, system: str, what: str, phase: Phase, act: Callable[[], None], pause: float = 0.0) -> None:
        """Nothing; the act is done once, before or after the work of the next such call. In: `what` is its end.

        Units: seconds; so long the call then rests before its work.
        """
        self._pause = pause
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
        return replace(call, pause=self._pause) if self._meet(call, "before") else call

    def after(self, call: Call) -> None:
        """Nothing; the call's work is done."""
        self._meet(call, "after")

    def _watch(self, wanted: Callable[[Call, Phase], bool], act: Callable[[], None]) -> None:
        with self._lock:
            self.calls, self._wanted, self._act = 0, wanted, act

    def _meet(self, call: Call, phase: Phase) -> bool:
        """Whether the act has been done at this call."""
        with self._lock:
            if self._wanted is None or not self._wanted(call, phase):
                return False
            self._wanted = None
        self._act()
        return True


def _nothing() -> None:
    """What is done where nothing is asked."""
