"""The envelope of a record as the metadata of a Kanta document, in both directions.

Source: Kanta, CDA R2 header, fields of the header; the names are those of `profile.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from lxml import etree

from mappings.display import XHTML, child, in_xml
from mappings.kanta.profile import Metadata, Profile
from mappings.kanta.rules import KANTA_RULES
from mappings.places import Each, Step
from schemas.issues import Issue
from schemas.json_text import pointer
from schemas.xml_text import line_of

__all__ = ["Where", "leaves", "read_metadata", "write_metadata"]

Where = tuple[str, int | None]
"""The XPath and the line of an element."""

_Path = tuple[str | int, ...]
_NUMBER = re.compile(r"\[([1-9][0-9]{0,5})\]")
_COUNT = re.compile(r"-?(?:0|[1-9][0-9]{0,99})(\.[0-9]{1,99})?([eE][-+]?[0-9]{1,3})?")
_SWITCH = {"true": True, "false": False}


def write_metadata(head: etree._Element, envelope: Mapping[str, Any], profile: Profile) -> list[tuple[str, Issue]]:
    """Puts the envelope into the head of a document. Out: the places that could not be written, each with its issue.

    Issues: kanta_metadata_can_be_written, kanta_text_can_stand_in_xml
    """
    lost: list[tuple[str, Issue]] = []
    for path, value in leaves(envelope):
        place = f"/envelope{pointer(path)}"
        row = profile.by_place.get(_place(path, value))
        text = _written(row, value) if row else None
        if row is None or text is None:
            lost.append((place, KANTA_RULES["kanta_metadata_can_be_written"].at(place)))
        elif text != in_xml(text):
            lost.append((place, KANTA_RULES["kanta_text_can_stand_in_xml"].at(place)))
        else:
            meta = child(head, "meta")
            meta.set("name", _numbered(row.name, path))
            meta.set("content", text)
    return lost


def read_metadata(head: etree._Element, profile: Profile) -> tuple[dict[str, Any], dict[str, Where], list[Issue]]:
    """The envelope that the head of a document holds. Out: the envelope, and for every place in it where it stood.

    Issues: kanta_metadata_is_known, kanta_metadata_has_its_kind, kanta_metadata_stands_once
    """
    envelope: dict[str, Any] = {}
    found: dict[str, Where] = {}
    issues: list[Issue] = []
    for number, meta in enumerate(head.iterchildren(f"{{{XHTML}}}meta"), 1):
        name = meta.get("name", profile.edition_name)
        if name == profile.edition_name:
            continue
        where = f"/html/head/meta[{number}]", line_of(meta)
        row = profile.by_name.get(_NUMBER.sub("[]", name))
        path = _path(row, name) if row else ()
        if row is None or not path or not _fits(envelope, path):
            issues.append(_at("kanta_metadata_is_known", where))
            continue
        value = [] if name.endswith("[]") else _read(row, meta.get("content", ""))
        place = pointer(path)
        if value is None:
            issues.append(_at("kanta_metadata_has_its_kind", where, row))
            found.setdefault(place, where)
        elif place in found or _value_at(envelope, path) is not None:
            issues.append(_at("kanta_metadata_stands_once", where))
        else:
            _put(envelope, path, value)
            found[place] = where
    return envelope, found, issues


def leaves(value: Any, path: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    """Every value that holds no other, with its path; an empty group or list is one."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def _place(path: _Path, value: Any) -> tuple[Step, ...]:
    """The place of the metadata that may hold a value: that of a list's items for an empty list."""
    place: tuple[Step, ...] = tuple(Each() if isinstance(step, int) else step for step in path)
    return (*place, Each()) if value == [] else place


def _written(row: Metadata, value: Any) -> str | None:
    """The text of a value; None when it is not of its field's kind."""
    if value == [] and row.place[-1] == Each():
        return ""
    if row.kind == "switch":
        return str(value).lower() if isinstance(value, bool) else None
    if row.kind == "count":
        is_count = isinstance(value, int | Decimal) and not isinstance(value, bool) and _COUNT.fullmatch(str(value))
        return str(value) if is_count else None
    return value if isinstance(value, str) else None


def _numbered(name: str, path: _Path) -> str:
    for step in path:
        if isinstance(step, int):
            name = name.replace("[]", f"[{step + 1}]", 1)
    return name


def _read(row: Metadata, text: str) -> Any:
    """The value of a text; None when it is not of its field's kind."""
    if row.kind == "switch":
        return _SWITCH.get(text)
    if row.kind == "count":
        count = _COUNT.fullmatch(text)
        return None if not count else Decimal(text) if count[1] or count[2] else int(text)
    return text


def _path(row: Metadata, name: str) -> _Path:
    """The path in the envelope of a numbered name; without its last step for an empty list, empty for a wrong name."""
    numbers = iter([int(number) - 1 for number in _NUMBER.findall(name)])
    steps = row.place[:-1] if name.endswith("[]") else row.place
    path: list[str | int] = []
    for step in steps:
        if isinstance(step, str):
            path.append(step)
        else:
            number = next(numbers, None)
            if number is None:
                return ()
            path.append(number)
    return tuple(path)


def _fits(envelope: Any, path: _Path) -> bool:
    """True when each number is that of an item that is there or of the next one, so that no list has a gap."""
    at: Any = envelope
    for step in path:
        if isinstance(step, int):
            length = len(at) if isinstance(at, list) else 0
            if step > length:
                return False
            at = at[step] if step < length else None
        else:
            at = at.get(step) if isinstance(at, dict) else None
    return True


def _value_at(envelope: Any, path: _Path) -> Any:
    at: Any = envelope
    for step in path:
        if isinstance(step, int):
            at = at[step] if isinstance(at, list) and step < len(at) else None
        else:
            at = at.get(step) if isinstance(at, dict) else None
    return at


def _put(envelope: dict[str, Any], path: _Path, value: Any) -> None:
    at: Any = envelope
    for step, following in pairwise(path):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if step == len(at):
                at.append(empty)
            at = at[step]
        else:
            at = at.setdefault(step, empty)
    if isinstance(path[-1], int):
        at.append(value)
    else:
        at[path[-1]] = value


def _at(rule: str, where: Where, row: Metadata | None = None) -> Issue:
    path, line = where
    return KANTA_RULES[rule].at(path, line=line, field=row.label if row else "")
