"""Collects the findings about one resource, each once, at a JSON Pointer and a FHIRPath expression.

Source: RFC 6901 (JSON Pointer); FHIR R4 4.0.1, OperationOutcome.issue.expression
"""

from __future__ import annotations

from typing import Any

from schemas.issues import Issue, Slot, rules_in
from schemas.json_text import pointer

__all__ = ["MOST", "Findings", "Place", "expression", "steps"]

_RULES = rules_in("validators", "fhir")

Place = tuple[Any, str | int, str]
"""Where the walk is: the place above (None at the top), the key or index, and the name that FHIRPath has for it."""

MOST = 500
"""How many findings of one resource are told; more would help nobody and cost much."""


class Findings:
    """The findings so far."""

    def __init__(self) -> None:
        self.issues: dict[tuple[str, ...], Issue] = {}

    @property
    def full(self) -> bool:
        """True when no more findings are taken."""
        return len(self.issues) >= MOST

    def add(self, rule: str, place: Place, **slots: Slot) -> None:
        """Adds a finding unless it has been told already."""
        if len(self.issues) >= MOST:
            return
        where = pointer(steps(place))
        key = (rule, where, str(slots)) if slots else (rule, where)
        if key not in self.issues:
            found = Issue(_RULES[rule], where, slots={"expression": expression(place), **slots})
            self.issues[key] = found


def steps(place: Place) -> list[str | int]:
    """The keys and indexes from the top to a place."""
    found: list[str | int] = []
    while place[0] is not None:
        found.append(place[1])
        place = place[0]
    return found[::-1]


def expression(place: Place) -> str:
    """The FHIRPath expression that leads to a place, such as `Patient.contact[0].name`."""
    parts: list[str] = []
    while place[0] is not None:
        parts.append(f"[{place[1]}]" if type(place[1]) is int else f".{place[2]}")
        place = place[0]
    return place[2] + "".join(reversed(parts))
