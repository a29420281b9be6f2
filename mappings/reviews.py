"""When a plan is to be looked at again, by the rules of `reviews.toml`."""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from schemas.issues import Language
from schemas.record import Record
from schemas.site import resource
from schemas.structures import shipped

__all__ = ["Review", "has_reviews", "reason_name", "reviews_of"]


@dataclass(frozen=True, slots=True)
class Review:
    """Why and when a plan is due. `opens` is the first day that suits and `due` the last; `place` the field that says
    so, as a path in the content, or empty when the time since the plan was made does.
    """

    reason: str
    opens: date
    due: date
    place: str = ""


def has_reviews(structure: str) -> bool:
    """True when plans of the structure are to be looked at again. In: the structure's OID."""
    return bool(_rules_of(structure))


def reviews_of(record: Record) -> list[Review]:
    """All that is to come of a plan, the earliest first; dates that cannot be read are left to the validation."""
    found = (one for rule in _rules_of(record.structure) for one in _by_rule(rule, record))
    return sorted(found, key=lambda one: (one.due, one.reason))


def reason_name(reason: str, language: Language) -> str:
    """What people call the reason. Raises: KeyError."""
    name: str = _declared()["reasons"][reason]["name"][language]
    return name


def _by_rule(rule: Mapping[str, Any], record: Record) -> Iterator[Review]:
    """What one rule gives. A repeated group with dates of its own gives one each."""
    ends_with = rule.get("ends_with", "").split("/")
    for place in rule["dates"]:
        days = [day for scope in _scopes(record.body, place, ends_with) if (day := _day(scope)) is not None]
        if days:
            yield from (Review(rule["reason"], day, day, place) for day in days)
            return
    made = _day(record.body.get("paivamaara")) or _day(record.envelope.get("created"))
    if "months" in rule and made is not None:
        yield Review(rule["reason"], _later(made, rule["months"]["from"]), _later(made, rule["months"]["until"]))


def _scopes(body: Mapping[str, Any], place: str, ends_with: list[str]) -> Iterator[Any]:
    """The values at a place, but those beside which (in the same group or above it) stands what ends them."""
    groups: list[tuple[Any, Any]] = [(body, _at(body, ends_with))]
    for number, name in enumerate(place.split("/")):
        inner = [(item, end) for group, end in groups for item in _items(group, name)]
        rest = ends_with[number + 1 :] if ends_with[: number + 1] == place.split("/")[: number + 1] else []
        groups = [(item, _at(item, rest) if rest else end) for item, end in inner]
    yield from (value for value, end in groups if not end)


def _items(group: Any, name: str) -> list[Any]:
    value = group.get(name) if isinstance(group, dict) else None
    return value if isinstance(value, list) else [] if value is None else [value]


def _at(value: Any, path: list[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _day(value: Any) -> date | None:
    """The calendar day of a date or an instant, as it is written."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _later(day: date, months: int) -> date:
    """So many months later; the last day of the month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@cache
def _rules_of(structure: str) -> tuple[Mapping[str, Any], ...]:
    known = shipped()
    code = known[structure].code if structure in known else ""
    return tuple(rule for rule in _declared()["rules"] if code in rule["structures"])


@cache
def _declared() -> Mapping[str, Any]:
    return tomllib.loads(resource("mappings", "reviews.toml").read_text("utf-8"))
