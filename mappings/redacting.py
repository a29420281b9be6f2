"""Leaves places out of a record, so that everything that is written from it is written without them.

What is written in any format (displayed text, narrative, attachment, structured part) is made anew from the record;
nothing of the document that came is carried over. Which places those are, `validators.gate` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from schemas.record import Record

__all__ = ["redacted"]

_Path = tuple[str, ...]


def redacted(record: Record, places: Iterable[str]) -> Record:
    """The record without the places, and without groups that hold nothing any more; the record itself is untouched.

    In: JSON Pointers into `{"envelope": ..., "content": ...}`; a place that is not there is no mistake. The root
    property of the content stays, even empty. Loses: what stands at the places, and the whole residue, since nobody
    knows what of it says the same.
    """
    out = frozenset(tuple(_unescaped(step) for step in place.split("/")[1:]) for place in places)
    if not out:
        return record
    envelope = _without(record.envelope, ("envelope",), out)
    content = {root: _without(body, ("content", root), out) for root, body in record.content.items()}
    return replace(record, envelope=envelope, content=content, residue=())


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _without(value: Any, path: _Path, out: frozenset[_Path]) -> Any:
    """The value without what is left out under it. What had something in it and is empty now is left out too."""
    if isinstance(value, Mapping):
        kept = {key: _without(inner, (*path, key), out) for key, inner in value.items() if (*path, str(key)) not in out}
        return {key: inner for key, inner in kept.items() if not _was_emptied(value[key], inner)}
    if isinstance(value, list):
        pairs = [
            (inner, _without(inner, (*path, str(index)), out))
            for index, inner in enumerate(value)
            if (*path, str(index)) not in out
        ]
        return [after for before, after in pairs if not _was_emptied(before, after)]
    return value


def _was_emptied(before: Any, after: Any) -> bool:
    return isinstance(after, dict | list) and not after and bool(before)
