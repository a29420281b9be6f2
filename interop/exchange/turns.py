"""A batch of turns, the unit that the engine carries: arrivals of one system, or deliveries to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["Act", "Batch", "Kind"]

Kind = Literal["arrival", "delivery"]


@dataclass(frozen=True, slots=True)
class Batch:
    """The turns of some rows of the ledger, named by ids alone; each is over when its row has been moved.

    In: `rows` holds the turn that each row is at, by the row's id.
    """

    id: str
    kind: Kind
    system: str
    rows: Mapping[str, int]


Act = Callable[[Batch], None]
"""Does the turns of a batch; doing them again does no harm, and it raises nothing."""
