"""Compares values with the fixed values and the patterns of definitions.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_, pattern_x_
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

__all__ = ["equals", "matches"]


def equals(value: Any, wanted: Any) -> bool:
    """True when two JSON values are the same; numbers are compared by value."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and value.keys() == wanted.keys() and _each(value, wanted)
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(equals, value, wanted))
    return _same(value, wanted)


def matches(value: Any, pattern: Any) -> bool:
    """True when a value has all that a pattern has: for a list, some item for each item of the pattern."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(key in value and matches(value[key], pattern[key]) for key in pattern)
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(matches(item, wanted) for item in value) for wanted in pattern)
    return _same(value, pattern)


def _each(value: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(equals(value[key], wanted[key]) for key in wanted)


def _same(value: Any, wanted: Any) -> bool:
    numbers = (int, float, Decimal)
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, numbers) and isinstance(wanted, numbers):
        return Decimal(str(value)) == Decimal(str(wanted))
    return bool(value == wanted)
