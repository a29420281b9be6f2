"""What has changed from one version of a structure to another: fields added, fields removed, and fields changed.

A field that has moved to another group is told as removed and added, because its place in a content is another.
Source: THL Sosmeta publishes each version of a structure whole, under an OID that ends with its date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.structures import Field, Structure

__all__ = ["Change", "FieldChange", "diff_structures"]

Change = Literal["added", "removed", "changed"]

_FACTS = ("type", "author", "subject", "components")
_PARTS = ("cardinality", "kind", "system", "codes", "phrases", "label", "conditional", "national", "hidden", "untitled")

_SHAPES: Mapping[str, str] = (
    dict.fromkeys(("group", "heading"), "fields")
    | dict.fromkeys(("text", "name", "signature"), "text")
    | dict.fromkeys(("count", "number"), "number")
    | dict.fromkeys(("quantity", "measure", "percent"), "quantity")
)
"""The kinds that are written alike, so that a content that fits one fits the other."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference. `path` is empty for the structure itself; `part` is what has changed of it, with both values.

    `breaks` tells that a content which followed the old version may not follow the new one.
    """

    change: Change
    path: str
    field: Field | None = None
    part: str = ""
    old: Any = None
    new: Any = None
    breaks: bool = False


def diff_structures(old: Structure, new: Structure) -> list[FieldChange]:
    """The differences in the display order of the new version, the removed fields last. OID and date do not count."""
    before, after = old.by_path, new.by_path
    found: list[FieldChange] = [
        FieldChange("changed", "", None, part, getattr(old, part), getattr(new, part), breaks=part == "root")
        for part in ("root", "label", *_FACTS)
        if getattr(old, part) != getattr(new, part)
    ]
    if [path for path in before if path in after] != [path for path in after if path in before]:
        found.append(FieldChange("changed", "", None, "order"))
    for path, field in after.items():
        if path in before:
            found += _changes(path, before[path], field)
        else:
            # A required field breaks only what can be there: contents with the group that it was added to.
            there = len(field.path) == 1 or "/".join(field.path[:-1]) in before
            found.append(FieldChange("added", path, field, breaks=field.required and there))
    found += [FieldChange("removed", path, field, breaks=True) for path, field in before.items() if path not in after]
    return found


def _changes(path: str, old: Field, new: Field) -> Iterator[FieldChange]:
    for part in _PARTS:
        was, now = getattr(old, part), getattr(new, part)
        if was != now:
            yield FieldChange("changed", path, new, part, was, now, breaks=_breaks(part, old, new))


def _breaks(part: str, old: Field, new: Field) -> bool:
    match part:
        case "cardinality":
            return old.repeats != new.repeats or new.required > old.required
        case "kind":
            return _SHAPES.get(old.kind, old.kind) != _SHAPES.get(new.kind, new.kind)
        case "codes":
            return new.codes is not None and (old.codes is None or not set(old.codes) <= set(new.codes))
        case "phrases":
            return not set(old.phrases) <= set(new.phrases)
        case "system":
            return new.kind == "code"
    return False
