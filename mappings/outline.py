"""The record as a person reads it: the fields that it holds, in display order, with their official names.

Everything that is shown of a document is made from this: the note in Apotti, the narrative in FHIR, the rendered view.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mappings.codecs import CODECS, Untranslatable
from schemas.record import Record
from schemas.structures import Field, Structure

__all__ = ["Line", "outline", "plain_text", "shown"]

_SWITCH: Mapping[str, tuple[str, str]] = {"fi": ("Ei", "Kyllä"), "sv": ("Nej", "Ja"), "en": ("No", "Yes")}
_FINNISH_DATE = CODECS["finnish_date"]
_FULL_CLOCK = re.compile(r"( klo \d\d\.\d\d)\.00 (?:\+02:00|\+03:00)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One field as shown: a heading when it has no value. `path` is the JSON Pointer into the structure's root."""

    depth: int
    field: Field
    label: str
    value: str | None
    path: str


def outline(structure: Structure, body: Mapping[str, Any], language: str = "fi") -> list[Line]:
    """The lines of a document's content, from the top. In: `body` is the content under the root property."""
    return list(_group(structure.fields, body, language, 0, ""))


def plain_text(record: Record, structure: Structure) -> str:
    """The document as plain text in its own language, ending with a line break."""
    language = record.language
    title = _label(structure.label, language)
    lines = [title, "=" * len(title)]
    for line in outline(structure, record.body, language):
        indent = "  " * line.depth
        if line.value is None:
            lines += ["", f"{indent}{line.label}"] if line.label else [""]
        else:
            first, *more = line.value.splitlines() or [""]
            lines += [f"{indent}{line.label}: {first}", *(f"{indent}  {text}" for text in more)]
    return "\n".join(lines) + "\n"


def shown(field: Field, value: Any, language: str = "fi") -> str:
    """One value as a person reads it: the display of a code, a date as 1.6.2026, Kyllä or Ei."""
    match field.kind, value:
        case "code", {"display": str(display), "code": code}:
            return display or str(code)
        case "identifier", {"value": identifier}:
            return str(identifier)
        case (("quantity" | "measure" | "percent"), {"value": number, "code": unit}):
            return f"{number} {unit}".replace(".", ",", 1)
        case (("date" | "instant"), str(date)):
            return _date(date, language)
        case "switch", bool(switch):
            return _SWITCH.get(language, _SWITCH["fi"])[switch]
        case "choice", str(choice):
            return (field.codes or {}).get(choice) or choice
    return str(value)


def _date(value: str, language: str) -> str:
    """A date as 1.6.2026, a time of day without seconds and without Finland's own offset."""
    try:
        text = _FULL_CLOCK.sub(r"\1", str(_FINNISH_DATE.write(value)))
    except Untranslatable:
        return value
    return text.replace(" klo ", " kl. ") if language == "sv" else text


def _group(fields: tuple[Field, ...], body: Any, language: str, depth: int, path: str) -> Iterator[Line]:
    for field in fields:
        if isinstance(body, Mapping) and field.key in body:
            yield from _field(field, body[field.key], language, depth, f"{path}/{field.key}")


def _field(field: Field, value: Any, language: str, depth: int, path: str) -> Iterator[Line]:
    several = list(enumerate(value)) if field.repeats and isinstance(value, list) else [(None, value)]
    label = "" if field.untitled or field.hidden else _label(field.label, language)
    if not field.is_group:
        for index, item in several:
            at = path if index is None else f"{path}/{index}"
            yield Line(depth, field, label, shown(field, item, language), at)
        return
    for index, item in several:
        at = path if index is None else f"{path}/{index}"
        numbered = f"{label} {index + 1}" if index is not None and len(several) > 1 else label
        if label or index:
            yield Line(depth, field, numbered if label else "", None, at)
        yield from _group(field.children, item, language, depth + bool(label), at)


def _label(label: Mapping[str, str], language: str) -> str:
    return label.get(language) or label.get("fi", "")
