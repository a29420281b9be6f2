"""The coverage matrix: for each structure and format, how the leaves of the structure are carried.

`structural`: by rows, to a place of the format's own. `attached`: only in the complete content that the format carries
along (response, Binary, note, JSON). `lost`: not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mappings.checks import carried_leaves, leaves
from mappings.formats import FORMATS, Format
from mappings.shipped import mapping_of
from schemas.structures import Structure

__all__ = ["Coverage", "coverage", "matrix"]

_WHOLE = frozenset(("thl", "kanta"))
"""The formats whose own form is the content itself: every leaf has its place there."""
_ATTACHED = frozenset(("fhir", "omni360", "apotti"))
"""The formats that carry the complete content along with what they map."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many leaves of one structure a format carries, and how."""

    structure: str
    format: str
    structural: int
    attached: int
    lost: int

    @property
    def leaves(self) -> int:
        """The number of all leaves."""
        return self.structural + self.attached + self.lost

    @property
    def share(self) -> float:
        """The share of leaves that have a place of the format's own, from 0 to 1."""
        return self.structural / self.leaves if self.leaves else 1.0


def coverage(structure: Structure, form: Format) -> Coverage:
    """How one format carries the leaves of one structure."""
    every = len(leaves(structure))
    if form.name in _WHOLE:
        return Coverage(structure.oid, form.name, every, 0, 0)
    mapping = mapping_of(form.name, structure.oid)
    carried = len(carried_leaves(mapping.table, structure)) if mapping else 0
    whole = form.name in _ATTACHED and (mapping is not None or form.name != "omni360")
    return Coverage(structure.oid, form.name, carried, every - carried if whole else 0, 0 if whole else every - carried)


def matrix(structures: Iterable[Structure], forms: Iterable[Format] = FORMATS) -> Iterator[list[Coverage]]:
    """A row of coverages for each structure, in the order given."""
    forms = tuple(forms)
    for structure in structures:
        yield [coverage(structure, form) for form in forms]
