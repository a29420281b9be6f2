"""What the tests of the FHIR tables share: the structures with tables, their records, and what a table carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
from hypothesis import strategies as st

from mappings.codecs import Codec, Untranslatable
from mappings.formats import format_named
from mappings.places import write_place
from mappings.shipped import mapping_of
from schemas.record import Record
from schemas.structures import Structure, shipped
from tests.formats.test_round_trips import record_of
from tests.strategies import contents

__all__ = [
    "PLANS",
    "SECTION_LABELS",
    "STRUCTURES",
    "bare",
    "bundle_of",
    "carried",
    "codecs_of",
    "declared",
    "limits_in",
    "records",
    "references",
    "structure",
]

PLANS = (
    "15003", "15004", "15007", "15008", "15009", "15010", "15015", "15016", "15020", "15021", "15022", "15023", "15024",
    "15026", "15900",
)  # fmt: skip
STRUCTURES = (*PLANS, "1012", "1019", "16009")
SECTION_LABELS = "osioiden_nakyvyys"


def structure(code: str) -> Structure:
    return shipped().find(code)


def records(code: str, *, full: bool = False) -> st.SearchStrategy[Record]:
    """Records of any valid content, with the envelope of the example."""
    envelope = {**record_of("plan.json").envelope, "structure": structure(code).oid}
    return contents(structure(code), full=full).map(lambda content: Record(envelope, content))


def bundle_of(format_name: str, record: Record) -> Any:
    return orjson.loads(format_named(format_name).write(record).data)


def declared(format_name: str, code: str) -> set[str]:
    """The fields that have a row or the reason why they have none, as paths."""
    mapping = mapping_of(format_name, structure(code).oid)
    assert mapping is not None
    places = (write_place(row.record) for row in mapping.table.rows if row.record)
    return {_path(place) for place in places if place.startswith("content")}


@cache
def codecs_of(format_name: str, code: str) -> dict[str, Codec]:
    """The codec of each field that the semantic resources give back, by its path."""
    mapping = mapping_of(format_name, structure(code).oid)
    assert mapping is not None
    rows = [row for row in mapping.table.rows if row.record and row.format and not row.copy]
    named = ((write_place(row.record or ()), row.codec) for row in rows)
    return {_path(place): codec for place, codec in named if place.startswith("content")}


def _path(place: str) -> str:
    return re.sub(r"\[\]", "", place).removeprefix("content.").replace(".", "/")


def carried(value: Any, codecs: dict[str, Codec], path: str = "") -> Any:
    """The part of a content that the codecs can carry."""
    if isinstance(value, list):
        items = [carried(item, codecs, path) for item in value]
        return [item for item in items if item is not None]
    if path in codecs:
        try:
            codecs[path].write(value)
        except Untranslatable:
            return None
        return value
    if not isinstance(value, dict):
        return None
    inner = {key: f"{path}/{key}".strip("/") for key in value}
    return {
        key: carried(value[key], codecs, at)
        for key, at in inner.items()
        if any(known == at or known.startswith(f"{at}/") for known in codecs)
    }


def limits_in(body: Any) -> set[tuple[str, str]]:
    """Which sectors may see which sections, by their codes, as a content says."""
    groups = body.get(SECTION_LABELS, ())
    return {
        (group["osio"]["code"], sector["code"])
        for group in groups
        if isinstance(group.get("osio"), dict)
        for sector in group.get("sektori", ())
    }


def bare(value: Any) -> Any:
    """The value without groups and lists that hold nothing; an item of a list stays, so that its place does."""
    if isinstance(value, dict):
        return {key: inner for key, item in value.items() if (inner := bare(item)) not in ({}, [], None)}
    return [bare(item) for item in value] if isinstance(value, list) else value


def references(value: Any) -> Iterator[str]:
    """Every reference in a resource."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
