"""The values that a resource can be found by: what stands at the paths of its search parameters.

Source: FHIR R4 4.0.1 search.html (token, reference, date, uri).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from interop.service.served import COMMON, TYPES, Parameter

__all__ = ["Term", "instants", "terms_of", "values_at"]

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
_OWN = frozenset({"_id", "_lastUpdated"})
"""The parameters that have columns of their own."""


@dataclass(frozen=True, slots=True)
class Term:
    """One value of one search parameter: a text, or a span of time with an open end as None."""

    parameter: str
    value: str = ""
    low: datetime | None = None
    high: datetime | None = None


def terms_of(body: Mapping[str, Any], identifiers: Mapping[str, list[Any]]) -> Iterator[Term]:
    """The terms of a resource. In: `identifiers` of the document's other resources, by `Type/id`."""
    served = TYPES[body["resourceType"]]
    for parameter in (*COMMON, *served.parameters):
        if parameter.name in _OWN:
            continue
        for path in parameter.paths:
            for value in values_at(body, path):
                yield from _terms(parameter, value, identifiers)


def instants(text: str) -> tuple[datetime, datetime] | None:
    """The first moment of a partial date and the first one after it; None when it is no date.

    Units: a date without a zone is taken in UTC.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        whole = (
            f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}{zone or '+00:00'}"
        )
        low = datetime.fromisoformat(whole).astimezone(UTC)
        return low, low + _span(low, month, day, hour, second)
    except (ValueError, OverflowError):
        return None


def values_at(body: Any, path: str) -> Iterator[Any]:
    """Every value at a dotted path, through lists."""
    return _at(body, path.split("."))


def _span(low: datetime, month: str | None, day: str | None, hour: str | None, second: str | None) -> timedelta:
    if second:
        return timedelta(seconds=1)
    if hour:
        return timedelta(minutes=1)
    if day:
        return timedelta(days=1)
    if month:
        return (low.replace(day=28) + timedelta(days=4)).replace(day=1) - low
    return low.replace(year=low.year + 1) - low


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _at(one, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _terms(parameter: Parameter, value: Any, identifiers: Mapping[str, list[Any]]) -> Iterator[Term]:
    if parameter.kind == "token":
        yield from (Term(parameter.name, text) for text in _tokens(value))
    elif parameter.kind == "uri" and isinstance(value, str):
        yield Term(parameter.name, value)
    elif parameter.kind == "date":
        yield from _dates(parameter.name, value)
    elif parameter.kind == "reference" and isinstance(value, dict):
        yield from _references(parameter, value, identifiers)


def _tokens(value: Any) -> Iterable[str]:
    """The ways to write a token: its code, its system and code, its system alone."""
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, str):
        return [value]
    if not isinstance(value, dict):
        return []
    if "coding" in value:
        return [text for coding in value["coding"] for text in _tokens(coding)]
    code, system = value.get("code") or value.get("value"), value.get("system")
    if not isinstance(code, str):
        return []
    return [code, f"{system}|{code}", f"{system}|"] if system else [code, f"|{code}"]


def _dates(name: str, value: Any) -> Iterator[Term]:
    if isinstance(value, str) and (found := instants(value)):
        yield Term(name, low=found[0], high=found[1])
    elif isinstance(value, dict) and ("start" in value or "end" in value):
        start, end = instants(str(value.get("start", ""))), instants(str(value.get("end", "")))
        yield Term(name, low=start[0] if start else None, high=end[1] if end else None)


def _references(parameter: Parameter, value: Mapping[str, Any], identifiers: Mapping[str, list[Any]]) -> Iterator[Term]:
    """The terms of a reference: what it points to, and the identifiers by which that is known."""
    target = value.get("reference")
    known = [value["identifier"]] if "identifier" in value else []
    if isinstance(target, str):
        kind, _, name = target.partition("/")
        if parameter.targets and kind not in parameter.targets:
            return
        yield from (Term(parameter.name, text) for text in (target, name) if text)
        known = known + identifiers.get(target, [])
    yield from (Term(f"{parameter.name}:identifier", text) for one in known for text in _tokens(one))
