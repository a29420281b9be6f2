"""A document as a person reads it, its versions, its written forms, and what the gate says of it. Nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from interop.documents import Comparison, Examined, compare, examine, origins
from interop.errors import Invalid
from interop.exchange import Parts, prepare
from interop.service.lineage import Excerpt, excerpts, trace_back
from interop.service.masking import Mask, mask_for
from interop.store import Delivery, StoredDocument
from mappings.outline import Line, outline
from schemas.issues import SEVERITIES, Issue, has_errors
from schemas.record import Record, envelope_structure
from schemas.structures import Structure, shipped
from validators.gate import GROUNDS, Decision

__all__ = [
    "Change",
    "Judged",
    "Reading",
    "ShownLine",
    "changes",
    "judgements",
    "read",
    "read_bytes",
    "version_record",
    "whereabouts",
]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One field of a document: a heading when it has no value. `at` is its place in the record; `issues` belong to it.

    `labels` are the field's names in the languages of THL.
    """

    at: str
    depth: int
    labels: Mapping[str, str]
    value: str | None
    masked: bool
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A document read: `lines` of its content, `facts` of its envelope, and its findings.

    `record` is None, and there are no lines, when it cannot be read. `loose` are the findings that have no place of
    their own among the lines and facts. `resource` is the type of a FHIR resource that was judged by itself.
    """

    data: bytes = field(repr=False)
    examined: Examined = field(repr=False)
    structure: Structure | None
    lines: tuple[ShownLine, ...]
    facts: tuple[ShownLine, ...]
    issues: tuple[Issue, ...]
    loose: tuple[Issue, ...]
    mask: Mask

    @property
    def format(self) -> str:
        """The format that it is in; empty when none is recognised."""
        return self.examined.format

    @property
    def record(self) -> Record | None:
        """The record that it holds."""
        return self.examined.record

    @property
    def resource(self) -> str:
        """The type of a FHIR resource that is no document."""
        return self.examined.resource

    @property
    def valid(self) -> bool:
        """True when it can be read and no finding is an error."""
        return (self.record is not None or bool(self.resource)) and not has_errors(self.issues)


def read(parts: Parts, document: StoredDocument, *, opened: bool = False) -> Reading:
    """A stored document, read. In: `opened` shows identity codes. Raises: NotFound; Fault when it is not decrypted."""
    return read_bytes(parts.store.payload(document.id), document.format, opened=opened)


def read_bytes(data: bytes, format_name: str | None = None, *, opened: bool = False) -> Reading:
    """Any document, read. In: `format_name` None means: recognise it."""
    examined = examine(data, format_name)
    record, mask = examined.record, mask_for(examined.record, opened=opened)
    issues = tuple(sorted(examined.issues, key=lambda one: (SEVERITIES.index(one.rule.severity), one.line or 0)))
    if record is None:
        return Reading(data, examined, None, (), (), issues, issues, mask)
    structure = shipped().get(record.structure)
    by_place = trace_back(issues, origins(data, examined) if issues else ())
    content = outline(structure, record.body, record.language) if structure else []
    return Reading(
        data=data,
        examined=examined,
        structure=structure,
        lines=tuple(_shown(content, f"/content/{record.root}", mask, by_place)),
        facts=tuple(_shown(outline(envelope_structure(), record.envelope), "/envelope", mask, by_place)),
        issues=issues,
        loose=tuple(by_place.get("", ())),
        mask=mask,
    )


def whereabouts(reading: Reading, at: str) -> tuple[ShownLine | None, list[Excerpt]]:
    """The line at a place of the record, and where it stands in each form; without one, how each form begins."""
    lines = (*reading.lines, *reading.facts)
    line = next((one for one in lines if one.at == at and one.value is not None), None)
    place, value = (line.at, line.value or "") if line else ("", "")
    return line, excerpts(reading.data, reading.examined, reading.mask, place, value)


def _shown(
    lines: Sequence[Line], above: str, mask: Mask, by_place: Mapping[str, Sequence[Issue]]
) -> Iterator[ShownLine]:
    for line in lines:
        at = above + line.path
        value = None if line.value is None else mask(line.value)
        hidden = value is not None and mask.hides(line.value or "")
        labels = _numbered(line) if line.label else {}
        yield ShownLine(at, line.depth, labels, value, hidden, tuple(by_place.get(at, ())))


def _numbered(line: Line) -> Mapping[str, str]:
    """The names of a field, each with the number that the line carries when its group stands there several times."""
    number = line.label.rpartition(" ")[2] if line.value is None else ""
    several = number.isdecimal() and line.label not in line.field.label.values()
    return {language: f"{name} {number}" if several else name for language, name in line.field.label.items()}


def version_record(parts: Parts, document: StoredDocument) -> Record:
    """The record of a stored document. Raises: Invalid when it cannot be read."""
    record = parts.examine(parts.store.payload(document.id), document.format).record
    if record is None:
        raise Invalid("The stored document cannot be read, so there is nothing to compare.")
    return record


Marked = tuple[tuple[str, bool], ...]
"""A text in pieces, each with whether it differs from the other version."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between two versions, masked, word by word; None where a version does not have it."""

    path: str
    label: str
    before: Marked | None
    after: Marked | None


def changes(before: Record, after: Record) -> tuple[Comparison, tuple[Change, ...]]:
    """How two versions stand to each other, and what differs, in display order."""
    comparison, mask_before, mask_after = compare(before, after), mask_for(before), mask_for(after)
    return comparison, tuple(
        Change(one.path, one.label, *_word_by_word(_masked(one.left, mask_before), _masked(one.right, mask_after)))
        for one in comparison.differences
    )


def _masked(text: str | None, mask: Mask) -> str | None:
    return None if text is None else mask(text)


def _word_by_word(before: str | None, after: str | None) -> tuple[Marked | None, Marked | None]:
    """Both texts with the words marked that the other one does not have in their place."""
    if before is None or after is None:
        return (None if before is None else ((before, True),), None if after is None else ((after, True),))
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    left = tuple(("".join(old[begin:end]), what != "equal") for what, begin, end, _, _ in steps if begin < end)
    right = tuple(("".join(new[begin:end]), what != "equal") for what, _, _, begin, end in steps if begin < end)
    return left, right


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate says now of one delivery, and what it said when each attempt was made.

    `now` is None when the document cannot be read or the receiver has left the exchange.
    """

    delivery: Delivery
    now: Decision | None
    redactions: tuple[str, ...]
    earlier: tuple[Mapping[str, Any], ...]


def judgements(parts: Parts, document: StoredDocument) -> list[Judged]:
    """The gate's word on each delivery of a document. Nothing is sent."""
    return [_judged(parts, one) for one in parts.store.deliveries(document=document.id)]


def _judged(parts: Parts, delivery: Delivery) -> Judged:
    prepared = prepare(parts, delivery) if delivery.receiver in parts.participants else None
    earlier = [
        {**one.decision, "at": one.at, "attempt": one.attempt, "words": _words(one.decision)}
        for one in parts.store.history(delivery.id)
        if one.decision
    ]
    now = prepared.decision if prepared else None
    return Judged(delivery, now, now.redactions if now else (), tuple(earlier))


def _words(decision: Mapping[str, Any]) -> Mapping[Any, str]:
    ground = GROUNDS.get(str(decision.get("ground", "")))
    return ground.message if ground else {}
