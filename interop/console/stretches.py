"""Long lists in stretches: a page shows one of them, says which, and leads to the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from interop.service.documents import Reading, ShownLine

__all__ = ["LONGEST", "Stretch", "shown_lines", "stretch"]

LONGEST = 500
"""How many entries stand on one page at most."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stretch(Generic[T]):
    """The entries of one page: its `number` of so many `pages`, and its `first` and `last` entry of the `whole`."""

    entries: Sequence[T]
    number: int
    pages: int
    first: int
    whole: int

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self.first + len(self.entries) - 1


def stretch(entries: Sequence[T], number: str, begins: Callable[[T], bool] | None = None) -> Stretch[T]:
    """The stretch with a number that somebody asks for; the nearest one for a number that there is not.

    In: `begins` tells with which entries a stretch likes to begin, such as headings.
    """
    bounds = list(_bounds(entries, begins))
    at = min(max(int(number), 1), len(bounds)) if number.isdecimal() and len(number) < 9 else 1
    first, end = bounds[at - 1]
    return Stretch(entries[first:end], at, len(bounds), first + 1, len(entries))


def shown_lines(reading: Reading, number: str, chosen: ShownLine | None = None) -> Stretch[ShownLine]:
    """The lines of a document's content that stand on one page: a numbered one, or the one of the chosen line."""
    if chosen in reading.lines:
        place = reading.lines.index(chosen)
        number = str(1 + sum(end <= place for _, end in _bounds(reading.lines, _is_heading)))
    return stretch(reading.lines, number, _is_heading)


def _is_heading(line: ShownLine) -> bool:
    return line.value is None


def _bounds(entries: Sequence[T], begins: Callable[[T], bool] | None) -> Iterator[tuple[int, int]]:
    """Where each stretch begins and ends; there is one even of nothing."""
    first = 0
    while len(entries) - first > LONGEST:
        latest = first + LONGEST
        liked = (at for at in range(latest, first + LONGEST // 2, -1) if begins is not None and begins(entries[at]))
        end = next(liked, latest)
        yield first, end
        first = end
    yield first, len(entries)
