"""Residue: what a document brought that its record has no place for, kept for the format that it came from.

A residue is carried along beside the record in a declared place of every format that can hold the record whole, and is
put back when the document is written in its own format again. It is no part of what the document says: two records are
the same document whatever they carry, and whoever may not see all of a document gets none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas.json_text import canonical

__all__ = [
    "MOST_RESIDUE",
    "RESIDUE_TYPE",
    "Residue",
    "in_order",
    "residue_as_json",
    "residue_from_json",
    "within_bound",
]

MOST_RESIDUE = 1024 * 1024
"""How much residue a document carries at most, in bytes of JSON."""

RESIDUE_TYPE = "application/vnd.sote-interop.residue+json"
"""The media type of the part that holds residue in a document."""

_FORMAT = re.compile(r"[a-z][a-z0-9]{0,31}")
_LONGEST_PLACE = 1_000
_KEYS = {"format", "place", "value", "anchor"}


@dataclass(frozen=True, slots=True)
class Residue:
    """One value without a place in the record.

    `place` is a JSON Pointer into what `format` has written; `-` at its end is one more item of a list. `anchor` is a
    digest of the list item that the value belongs to, so that it is never put to another one.
    """

    format: str
    place: str
    value: Any = field(repr=False)
    anchor: str = ""


def residue_as_json(residue: Iterable[Residue]) -> list[dict[str, Any]]:
    """Out: the list that a document carries."""
    return [
        {"format": one.format, "place": one.place, "value": one.value} | ({"anchor": one.anchor} if one.anchor else {})
        for one in residue
    ]


def residue_from_json(value: Any) -> tuple[Residue, ...] | None:
    """The residue in a list that a document carries; None when it is none, or more than a document may carry."""
    if not isinstance(value, list) or not all(map(_is_residue, value)) or len(canonical(value)) > MOST_RESIDUE:
        return None
    return in_order(Residue(one["format"], one["place"], one["value"], one.get("anchor", "")) for one in value)


def in_order(residue: Iterable[Residue]) -> tuple[Residue, ...]:
    """The residue in the one order that it is carried in, each entry once. Items of one list keep their order."""
    once = {canonical(residue_as_json([one])): one for one in residue}
    return tuple(sorted(once.values(), key=lambda one: (one.format, one.place)))


def within_bound(residue: Iterable[Residue]) -> tuple[tuple[Residue, ...], tuple[Residue, ...]]:
    """Out: the residue that a document may carry, and what is beyond the bound."""
    kept: list[Residue] = []
    beyond: list[Residue] = []
    size = 2
    for one in residue:
        length = len(canonical(residue_as_json([one]))) - 1
        fits = size + length <= MOST_RESIDUE and len(one.place) <= _LONGEST_PLACE
        (kept if fits else beyond).append(one)
        size += length if fits else 0
    return tuple(kept), tuple(beyond)


def _is_residue(entry: Any) -> bool:
    match entry:
        case {"format": str(form), "place": str(place), "value": _, **rest} if set(rest) <= _KEYS:
            return (
                bool(_FORMAT.fullmatch(form))
                and place.startswith("/")
                and len(place) <= _LONGEST_PLACE
                and isinstance(rest.get("anchor", ""), str)
            )
    return False
