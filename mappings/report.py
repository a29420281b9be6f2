"""What a conversion did with every value: where each came from, and what reached no output."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Entry", "Link", "Report"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One place that a reader of the report should know of. Never holds the value. `reason` is an English sentence."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Link:
    """One value's way: the place it was read from, the place it was written to, and the codec between."""

    source: str
    target: str
    codec: str


@dataclass(frozen=True, slots=True)
class Report:
    """What one conversion lost, made up, and did not know.

    `lost`: source values that reached no output. `constants`: output values that came from no source value.
    `unmapped`: source places that no row of the mapping knows. `carried`: residue that the output holds all the same,
    put back at its place or in the part for it. `links`: where each output value came from.
    """

    lost: tuple[Entry, ...] = ()
    constants: tuple[Entry, ...] = ()
    unmapped: tuple[Entry, ...] = ()
    carried: tuple[Entry, ...] = ()
    links: tuple[Link, ...] = field(default=(), repr=False)

    def __add__(self, other: Report) -> Report:
        """Both reports as one, each entry once."""
        return Report(
            _once((*self.lost, *other.lost)),
            _once((*self.constants, *other.constants)),
            _once((*self.unmapped, *other.unmapped)),
            _once((*self.carried, *other.carried)),
            (*self.links, *other.links),
        )

    def without(self, path: str) -> Report:
        """The report without the losses at or under a place: they were carried in another way."""
        return replace(self, lost=tuple(entry for entry in self.lost if not entry.path.startswith(path)))

    def as_json(self) -> dict[str, Any]:
        """Out: the object that `interop convert --report` writes."""
        return {
            name: [{"path": entry.path, "reason": entry.reason} for entry in getattr(self, name)]
            for name in ("lost", "constants", "unmapped", "carried")
        }


def _once(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(dict.fromkeys(entries))
