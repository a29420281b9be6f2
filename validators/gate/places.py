"""Finds where a document tells where its client lives or is: fields by their keys, units by their names, free texts.

The table is `places.toml`, which a site may lay its own over. Nothing is taken out here: the places are named, and
`mappings.redacting` leaves them out. Source: act 661/2009 § 36-37; THL Sosmeta, relationship document 1505.1.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.identity import is_oid
from schemas.json_text import pointer
from schemas.record import Record
from schemas.site import resource
from schemas.structures import Structure

__all__ = ["RevealingPlaces", "revealing_places", "reveals", "role_of", "stripped_fields"]

_Path = tuple[str | int, ...]
_IDENTIFIER = frozenset(("system", "value"))
_ROLES = ("keep", "strip", "unit", "unread")


@dataclass(frozen=True, slots=True)
class RevealingPlaces:
    """The places (JSON Pointer into the record) that are taken out, those of them that are mandatory, and the free
    texts that a person has to read.
    """

    locations: tuple[str, ...] = ()
    mandatory: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(resource("validators", "gate/places.toml").read_text("utf-8"))


@cache
def _roles() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The roles of fields, with what matches a key, in the order in which they are asked."""
    return tuple((role, re.compile("|".join(map(_glob, _table()["fields"][role])))) for role in _ROLES)


def _glob(name: str) -> str:
    return re.escape(name).replace(r"\*", ".*")


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(
            _municipalities() if row.get("municipalities") else row["pattern"],
            re.IGNORECASE if row.get("ignore_case", True) else 0,
        )
        for row in _table()["text"]
    )


def _municipalities() -> str:
    stems = tomllib.loads(resource("validators", "gate/municipalities.toml").read_text("utf-8"))
    names = sorted({*stems["fi"], *stems["sv"]}, key=len, reverse=True)
    return rf"\b(?:{'|'.join(map(re.escape, names))})\w{{0,6}}\b"


def reveals(text: str) -> bool:
    """True when the text may tell a place."""
    return any(pattern.search(text) for pattern in _patterns())


@cache
def role_of(key: str) -> str:
    """What becomes of a field with this key: `keep`, `strip`, `unit`, `unread`, or empty for free text."""
    return next((role for role, pattern in _roles() if pattern.fullmatch(key)), "")


def stripped_fields(structure: Structure) -> dict[str, str]:
    """The fields of a structure that are taken out: `strip`, or `unit` when their name tells a place; by path."""
    found: dict[str, str] = {}
    for path, field in structure.by_path.items():
        above = [role_of(key) for key in field.path[:-1]]
        role = role_of(field.key)
        if role in ("strip", "unit") and "keep" not in above and "strip" not in above:
            found[path] = role
    return found


def revealing_places(record: Record, structure: Structure | None) -> RevealingPlaces:
    """Where the record tells, or may tell, where its client lives or is. In: `structure` is the record's, if known."""
    walk = _Walk([], [])
    for root, body in record.content.items():
        # A content has one root property; what stands beside it in a faulty one is read all the same.
        walk.inside(body, ("content", root))
    for name in _table()["envelope"]["unit"]:
        walk.unit(*_at(record.envelope, name))
    for name in _table()["envelope"]["free"]:
        walk.text(*_at(record.envelope, name))
    fields = structure.by_path if structure is not None else {}
    mandatory = [path for path in walk.locations if _is_mandatory(path, fields)]
    return RevealingPlaces(
        tuple(map(pointer, walk.locations)), tuple(map(pointer, mandatory)), tuple(map(pointer, walk.suspects))
    )


def _is_mandatory(path: _Path, fields: Mapping[str, Any]) -> bool:
    """True when the structure demands what would be taken out."""
    if path[0] != "content":
        return False
    field = fields.get("/".join(key for key in path[2:] if isinstance(key, str)))
    return field is not None and bool(field.required)


def _at(envelope: Mapping[str, Any], name: str) -> tuple[Any, _Path]:
    value: Any = envelope
    for key in name.split("/"):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value, ("envelope", *name.split("/"))


@dataclass(frozen=True, slots=True)
class _Walk:
    """What a walk through a content has found."""

    locations: list[_Path]
    suspects: list[_Path]

    def field(self, value: Any, path: _Path) -> None:
        """A field with its key last in the path."""
        match role_of(str(path[-1])):
            case "strip":
                self.locations.append(path)
            case "unit":
                self.unit(value, path)
            case "keep" | "unread":
                return
            case _:
                self.inside(value, path)

    def unit(self, value: Any, path: _Path) -> None:
        """A unit or an organisation: taken out when its name tells a place."""
        if isinstance(value, list):
            for index, one in enumerate(value):
                self.unit(one, (*path, index))
        elif _is_named_place(value):
            self.locations.append(path)
        elif isinstance(value, Mapping) and "display" not in value:
            self.inside(value, path)

    def text(self, value: Any, path: _Path) -> None:
        """A free text."""
        if isinstance(value, str) and not is_oid(value) and reveals(value):
            self.suspects.append(path)

    def inside(self, value: Any, path: _Path) -> None:
        """What is no field by itself: a group, a list, or a value."""
        if isinstance(value, Mapping) and value.keys() <= _IDENTIFIER:
            return
        if isinstance(value, Mapping):
            for key, inner in value.items():
                self.field(inner, (*path, key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self.inside(inner, (*path, index))
        else:
            self.text(value, path)


def _is_named_place(value: Any) -> bool:
    name = value.get("display") if isinstance(value, Mapping) else value
    return isinstance(name, str) and reveals(name)
