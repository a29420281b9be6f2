"""One turn of work, the unit that the engine carries: an arrival to be taken in, or a delivery to be brought on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Act", "Kind", "Turn"]

Kind = Literal["arrival", "delivery"]


@dataclass(frozen=True, slots=True)
class Turn:
    """The turn of one row of the ledger, named by ids alone; it is over when the row has been moved.

    Units: `delay` in seconds, the time until it begins.
    """

    kind: Kind
    id: str
    turn: int
    delay: float = 0.0

    @property
    def name(self) -> str:
        """What the engine knows it by: a turn that is handed over twice is one turn."""
        return f"{self.kind}-{self.id}-{self.turn}"


Act = Callable[[Turn], Sequence[Turn]]
"""Does one turn and gives the turns that follow from it; doing it again does no harm."""
