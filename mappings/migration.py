"""Carries a document from one version of a structure to another: what both know is taken over, the rest is reported.

A field is the same in both when it has the same path and kind; a code is taken over when the other version's list has
it. Source: THL revised several plans in November 2024; the difference of two versions is `schemas.structure_diff`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mappings.report import Entry, Report
from schemas.json_text import pointer
from schemas.record import Record
from schemas.structures import Field, Structure

__all__ = ["carried_over"]

_Path = tuple[str | int, ...]
_Fields = dict[str, Field]
_ONE_ALONE = "The field does not repeat in the other version."


def carried_over(record: Record, old: Structure, new: Structure) -> tuple[Record, Report]:
    """The record under another structure, and what the other structure could not take.

    Out: the envelope names the new structure; the report's paths lead into the old record.
    Loses: fields and codes that the other structure does not have; each is in the report.
    """
    lost: list[Entry] = []
    body = _group(record.body, _by_key(old.fields), _by_key(new.fields), ("content", old.root), lost)
    envelope = record.envelope | {"structure": new.oid}
    return replace(record, envelope=envelope, content={new.root: body}), Report(lost=tuple(lost))


def _by_key(fields: tuple[Field, ...]) -> _Fields:
    return {field.key: field for field in fields}


def _group(body: Any, old: _Fields, new: _Fields, path: _Path, lost: list[Entry]) -> dict[str, Any]:
    taken: dict[str, Any] = {}
    for key, value in body.items() if isinstance(body, dict) else ():
        before, after = old.get(key), new.get(key)
        if before is None or after is None or (before.kind != after.kind and before.is_group != after.is_group):
            lost.append(Entry(pointer((*path, key)), "The other version of the structure has no such field."))
            continue
        kept = _values(value, before, after, (*path, key), lost)
        if kept:
            taken[key] = kept if after.repeats else kept[0]
            more = () if after.repeats else range(1, len(kept))
            lost.extend(Entry(pointer((*path, key, index)), _ONE_ALONE) for index in more)
        elif value == []:
            taken[key] = []
    return taken


def _values(value: Any, before: Field, after: Field, path: _Path, lost: list[Entry]) -> list[Any]:
    several = value if before.repeats and isinstance(value, list) else [value]
    kept = []
    for index, one in enumerate(several):
        at = (*path, index) if before.repeats else path
        if after.is_group:
            kept.append(_group(one, _by_key(before.children), _by_key(after.children), at, lost))
        elif before.kind != after.kind:
            lost.append(Entry(pointer(at), "The field is of another kind in the other version."))
        elif after.kind == "code" and not _has_code(after, one):
            lost.append(Entry(pointer(at), "The other version's list does not have the code."))
        else:
            kept.append(_in_system(one, before, after))
    return kept


def _has_code(field: Field, value: Any) -> bool:
    return field.codes is None or (isinstance(value, dict) and value.get("code") in field.codes)


def _in_system(value: Any, before: Field, after: Field) -> Any:
    """A code of a list inside the document gets the name that the list has in the other version."""
    internal = after.kind == "code" and after.system and not after.system[0].isdigit()
    if internal and isinstance(value, dict) and before.system != after.system:
        return value | {"system": after.system}
    return value
