"""A content with every field of a structure filled, made the same way each time: for trying mappings and showing forms.

Each text is its own field's path, so that a value that lands in another place is seen at once. The people are invented;
their identity codes are of the 900 series.
"""

from __future__ import annotations

from typing import Any

from schemas.identity import IDENTITY_CODE_SYSTEM
from schemas.record import Record, filled_envelope
from schemas.structures import Field, Structure

__all__ = ["full_content", "full_record"]

_CODES = ("010181-900C", "010280-952L", "261298-998X")


def full_record(structure: Structure) -> Record:
    """A record of the structure in which every field of content and envelope is filled."""
    content = full_content(structure)
    envelope = filled_envelope(_ENVELOPE, structure, content, "2026-11-23T08:15:30+02:00")
    envelope.pop("placeholders", None)
    return Record(envelope, content)


def full_content(structure: Structure, times: int = 2) -> dict[str, Any]:
    """A content in which every field is filled; what repeats stands `times` times, each with values of its own.

    A fixed phrase is known by its digest alone, so its text is made up and is not the prescribed one.
    """
    return {structure.root: _group(structure.fields, times, 1)}


def _group(fields: tuple[Field, ...], times: int, number: int) -> dict[str, Any]:
    group: dict[str, Any] = {}
    for field in fields:
        values = [_value(field, times, number * 10 + n) for n in range(1, times + 1 if field.repeats else 2)]
        group[field.key] = values if field.repeats else values[0]
    return group


def _value(field: Field, times: int, number: int) -> Any:  # noqa: PLR0911 - one line for each kind
    if field.is_group:
        return _group(field.children, times, number)
    text = f"{'/'.join(field.path)} {number}"
    match field.kind:
        case "code":
            return _code(field, number)
        case "identifier":
            if field.system in ("", IDENTITY_CODE_SYSTEM) and "henkilotunnus" in field.key:
                return {"system": IDENTITY_CODE_SYSTEM, "value": _CODES[number % len(_CODES)]}
            return {"system": field.system or "urn:oid:1.2.246.10.99999999.22.2026", "value": f"T{number}"}
        case "date":
            return f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
        case "instant":
            return f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:05:00+02:00"
        case "switch":
            return True
        case "count" | "number":
            return number
        case "quantity" | "measure" | "percent":
            return {"value": number, "code": "h"}
        case "choice":
            return next(iter(field.codes or {"": ""}))
        case "oid":
            return f"1.2.246.10.99999999.11.2026.{number}"
    return text


def _code(field: Field, number: int) -> dict[str, str]:
    codes = list(field.codes or {})
    code = codes[number % len(codes)] if codes else f"X{number}"
    shown = (field.codes or {}).get(code) or f"{field.key} {number}"
    system = f"urn:oid:{field.system}" if field.system[:1].isdigit() else field.system or "urn:oid:1.2.246.537.6.9999"
    return {"system": system, "code": code, "display": shown}


_NAMED = {
    "identifier": {"system": "urn:oid:1.2.246.537.6.202", "value": "1.2.246.10.99999999.10.0"},
    "name": "Esimerkkilä",
}
_ENVELOPE: dict[str, Any] = {
    "document": "1.2.246.10.99999999.11.2026.900",
    "original": "1.2.246.10.99999999.11.2026.800",
    "version": 2,
    "replaces": "1.2.246.10.99999999.11.2026.801",
    "group": {"system": "urn:oid:1.2.246.537.6.1505", "code": "3", "display": "Ryhmä"},
    "status": "final",
    "language": "fi",
    "clients": [
        {
            "identifier": {"system": IDENTITY_CODE_SYSTEM, "value": code},
            "family": f"Mallikas {n}",
            "given": f"Väinö {n}",
        }
        for n, code in enumerate(_CODES[:2], 1)
    ],
    "controller": {
        "identifier": {"system": "urn:oid:1.2.246.537.6.40174", "value": "1.2.246.10.99999999.19.0"},
        "name": "Esimerkkilän hyvinvointialue",
        "sector": "1",
    },
    "register": {"system": "urn:oid:1.2.246.537.6.1264", "code": "1", "display": "Rekisteri"},
    "organiser": _NAMED | {"name": "Järjestäjä"},
    "producer": _NAMED | {"name": "Tuottaja"},
    "service_task": {"system": "urn:oid:1.2.246.537.6.1221", "code": "30", "display": "Palvelutehtävä"},
    "service": {"system": "urn:oid:1.2.246.537.6.1222", "code": "46", "display": "Palvelu"},
    "case": {"system": "urn:oid:1.2.246.10.99999999.15.2026", "value": "ASIA-1"},
    "relationship": {"system": "urn:oid:1.2.246.10.99999999.16.2026", "value": "ASIAKKUUS-1"},
    "author": {
        "family": "Kokeilu",
        "given": "Älli",
        "title": "Sosiaalityöntekijä",
        "unit": {"system": "urn:oid:1.2.246.537.6.202", "code": "1.2.246.10.99999999.10.21", "display": "Yksikkö"},
    },
    "created": "2026-11-23T08:15:30+02:00",
    "non_disclosure": True,
}
