"""What the formats that are JSON have in common: strict parsing, and places as JSON Pointer with line and column."""

from __future__ import annotations

from functools import lru_cache

from mappings.formats.base import Format, Parsed, Place
from schemas import json_text
from schemas.limits import DEFAULT_LIMITS, Limits

__all__ = ["JsonFormat"]


class JsonFormat(Format):
    """A format whose documents are JSON."""

    media_type = "application/json"
    suffix = ".json"

    def parse(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Parsed:
        """The JSON value."""
        return Parsed(data, *json_text.parse(data, limits))

    def place(self, parsed: Parsed, pointer: str) -> Place:
        """The pointer itself, with the line and column of the nearest place that exists."""
        places = _positions(parsed.data)
        at = pointer
        while at and at not in places:
            at = at.rpartition("/")[0]
        line, column = places.get(at, (None, None))
        return Place(pointer, line, column)


_positions = lru_cache(maxsize=4)(json_text.positions)
