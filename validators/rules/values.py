"""What the values of a content say, whatever JSON it is: what stands at a path, whether anything is recorded, a number.

Source: THL Sosmeta, JSON Schema export (the JSON shape of a content).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import inf
from typing import Any

__all__ = ["is_recorded", "number_of", "reach"]

_NUMBER_LIMIT = 10**15


def reach(group: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Any]:
    """Every value that stands at a path below a group; the items of a list count one by one."""
    values: list[Any] = [group]
    for key in path:
        found = (value[key] for value in values if isinstance(value, Mapping) and key in value)
        values = [item for value in found for item in (value if isinstance(value, list) else [value])]
    yield from values


def is_recorded(value: Any) -> bool:
    """True when anything stands in the value: a text that is not blank, a number, a switch in either position."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, Mapping):
            rest += item.values()
        elif isinstance(item, list):
            rest += item
        elif item is not None and not (isinstance(item, str) and not item.strip()):
            return True
    return False


def number_of(value: Any) -> float | None:
    """The number as a float; infinite when it is out of all proportion, and None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    if isinstance(value, Decimal) and value.is_nan():
        return None
    if -_NUMBER_LIMIT < value < _NUMBER_LIMIT:
        return float(value)
    return inf if value > 0 else -inf
