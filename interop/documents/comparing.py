"""Compares two documents of any formats: how their versions stand to each other, and which fields differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mappings.outline import outline
from schemas.record import Record, envelope_structure
from schemas.structures import shipped

__all__ = ["Comparison", "Difference", "Relation", "compare"]

Relation = Literal["same", "newer", "older", "concurrent", "unrelated"]
"""How B stands to A: `concurrent` means that both claim the same version, or both replace the same document."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs, as a person reads it; None where a document does not have it."""

    path: str
    label: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two documents stand to each other, and their differences in display order."""

    relation: Relation
    differences: list[Difference]


def compare(left: Record, right: Record) -> Comparison:
    """The comparison of two records, field by field."""
    differences = _differences(left, right)
    return Comparison(_relation(left, right, same=left == right), differences)


def _relation(left: Record, right: Record, *, same: bool) -> Relation:
    if left.original != right.original and right.envelope.get("replaces") != left.document:
        return "older" if left.envelope.get("replaces") == right.document else "unrelated"
    if left.version == right.version:
        return "same" if same else "concurrent"
    replaced = left.envelope.get("replaces")
    if replaced and replaced == right.envelope.get("replaces"):
        return "concurrent"
    return "newer" if right.version > left.version else "older"


def _differences(left: Record, right: Record) -> list[Difference]:
    before, after = _shown(left), _shown(right)
    paths = dict.fromkeys((*before, *after))
    return [
        Difference(
            path, (before.get(path) or after[path])[0], *(side.get(path, ("", None))[1] for side in (before, after))
        )
        for path in paths
        if before.get(path, ("", None))[1] != after.get(path, ("", None))[1]
    ]


def _shown(record: Record) -> dict[str, tuple[str, str | None]]:
    """Every value of a record by its place, with its label."""
    lines = [("/envelope" + line.path, line) for line in outline(envelope_structure(), record.envelope)]
    if record.structure in shipped():
        body = outline(shipped()[record.structure], record.body, record.language)
        lines += [(f"/content{line.path}", line) for line in body]
    return {path: (line.label, line.value) for path, line in lines if line.value is not None}
