"""The facts of a multidisciplinary plan that the gate judges by: participants, term, permits, who sees which section.

A day or a label that is there and cannot be read closes: it is never as good as not there. Source: the structure of the
multidisciplinary plan; act 1301/2014 § 39.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from schemas.dates import earliest, latest
from schemas.json_text import pointer
from schemas.record import Record
from schemas.structures import shipped
from schemas.wills import bare
from validators.gate.facts import Plan, PlanPermit, Sector

__all__ = ["SECTORS", "inner", "items", "plan_of", "text"]

SECTORS: Mapping[str, Sector] = {
    "1": "social",
    "2": "health",
    "3": "employment",
    "4": "education",
    "5": "third",
    "6": "relative",
    "99": "other",
}
"""The sectors of a multidisciplinary plan, by the codes of its structure."""

_MEDIATED = "3"
_WAYS_OF_WORKING = ("1", "2", _MEDIATED)
_ENDS = ("maaraajan_paattymispaiva", "toteutunut_paattymispaiva")
_LABELS = "osioiden_nakyvyys"


def plan_of(record: Record) -> Plan:
    """The facts of the record of a plan."""
    body = record.body
    term = body.get("yhteisasiakkuus")
    way = text(body.get("tyoskentelytapa"), "code")
    fixed, actual = (inner(term, name) for name in _ENDS)
    return Plan(
        participants=tuple(_participants(body)),
        starts=latest(inner(term, "alkamispaiva")),
        ends=earliest(fixed),
        ended=earliest(actual),
        mediated=way == _MEDIATED if way in _WAYS_OF_WORKING else None,
        permits=tuple(_permits(body)),
        hidden=tuple((sector, tuple(_hidden_from(record, code))) for code, sector in SECTORS.items()),
        is_term_understood=not any(_is_unread(day) for day in (fixed, actual)),
        are_labels_understood=_are_labels_understood(record),
    )


def _participants(body: Mapping[str, Any]) -> Iterator[tuple[str, Sector]]:
    for one in items(body.get("osallistujat")):
        sector = SECTORS.get(text(one.get("sektori"), "code"), "")
        person = " ".join(filter(None, (text(one, "etunimet"), text(one, "sukunimi"))))
        yield text(one, "organisaatio") or person, sector


def _permits(body: Mapping[str, Any]) -> Iterator[PlanPermit]:
    for one in items(body.get("luvat_joihin_suunnitelma_perustuu")):
        yield PlanPermit(
            receiver=text(one, "tietojen_saaja"),
            given=latest(one.get("antamispaiva")),
            until=_closing(one.get("voimassa_asti")),
            revoked=_closing(one.get("peruuttamispaiva")),
            document=bare(text(one, "lupa_asiakirjan_tunnus")),
        )


def _closing(day: Any) -> date | None:
    """The first day that the end of a permit can mean; the beginning of time for one that cannot be read."""
    return date.min if _is_unread(day) else earliest(day)


def _is_unread(day: Any) -> bool:
    return day not in (None, "") and earliest(day) is None


def _hidden_from(record: Record, sector: str) -> Iterator[str]:
    """The sections of the plan that carry a label which does not name the sector."""
    seen: dict[str, set[str]] = {}
    for label in items(record.body.get(_LABELS)):
        codes = {text(one, "code") for one in items(label.get("sektori"))}
        seen.setdefault(text(label.get("osio"), "code"), set()).update(codes)
    for section, codes in seen.items():
        if sector not in codes and section in record.body:
            yield pointer(("content", record.root, section))


def _are_labels_understood(record: Record) -> bool:
    """True when every label names a section of the structure, so that none limits what we cannot find."""
    labels = record.body.get(_LABELS)
    structure = shipped().get(record.structure)
    sections = {field.key for field in structure.fields} if structure is not None else set()
    several = labels if isinstance(labels, list) else [] if labels is None else [labels]
    return all(isinstance(one, Mapping) and text(one.get("osio"), "code") in sections for one in several)


def items(value: Any) -> list[Mapping[str, Any]]:
    """The groups of a repeating part, or of one that is written alone; what has another shape is not there."""
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, Mapping)]


def inner(value: Any, key: str) -> Any:
    """The part of a group, or None."""
    return value.get(key) if isinstance(value, Mapping) else None


def text(value: Any, key: str) -> str:
    """The text of a part of a group, without white space around it; empty for another shape."""
    found = inner(value, key)
    return found.strip() if isinstance(found, str) else ""
