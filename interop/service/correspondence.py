"""A mapping table as a person reads it: each row with the official name of its field, in the order of the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from mappings.coverage import Coverage, coverage, matrix
from mappings.formats import FORMATS, format_named
from mappings.places import write_place
from mappings.shipped import code_map_facts, mapping_of, tables_of
from mappings.tables import Row
from schemas.record import envelope_structure
from schemas.structures import Field, Structure, shipped

__all__ = ["KINDS", "CodeList", "Correspondence", "Kind", "Section", "ShownRow", "correspondence", "overview"]

Kind = Literal["carried", "group", "copied", "constant", "omitted"]
KINDS: tuple[Kind, ...] = ("carried", "omitted", "copied", "constant", "group")
"""`carried`: there and back. `group`: that the group is there at all. `copied`: written, and not read back.
`constant`: written by the table itself. `omitted`: has no place, and the row says why.
"""

_Labels = Mapping[str, str]
_ATTACHED = "Carried in the complete content."
"""What tables give as the reason of most rows; a page says it in its own language."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row. `above` are the names of the groups that the field stands in, below the section."""

    kind: Kind
    labels: _Labels
    above: tuple[_Labels, ...]
    record: str
    format: str
    codec: str
    lossy: str
    has_codes: bool
    value: str
    reason: str

    @property
    def remark(self) -> str:
        """The reason, where it says more than that the complete content carries the field."""
        return "" if self.reason == _ATTACHED else self.reason


@dataclass(frozen=True, slots=True)
class Section:
    """The rows under one heading. `of` says where they belong: `constants`, `envelope` or `content`."""

    of: Literal["constants", "envelope", "content"]
    labels: _Labels
    rows: tuple[ShownRow, ...]


@dataclass(frozen=True, slots=True)
class CodeList:
    """One code map: each code of ours with its display, and the code of the format. `fields` are those that use it."""

    name: str
    relationship: str
    source: str
    codes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Correspondence:
    """One table, whole. `derived` tells one that was made from the structure, since nobody has written one."""

    structure: Structure
    format: str
    derived: bool
    coverage: Coverage
    sections: tuple[Section, ...]
    lists: tuple[CodeList, ...]
    counts: Mapping[Kind, int]


def overview(*, every: bool = False) -> tuple[tuple[Structure, tuple[Coverage, ...]], ...]:
    """The coverage of the structures that have tables, or of every structure, by each format."""
    wanted = tuple(shipped()) if every else tuple(shipped()[oid] for oid in tables_of("fhir"))
    return _rows(wanted)


def correspondence(format_name: str, structure: Structure) -> Correspondence | None:
    """The table between a structure and a format, or None when there is none. Raises: TableError."""
    mapping = mapping_of(format_name, structure.oid) if format_name in {one.name for one in FORMATS} else None
    if mapping is None:
        return None
    rows = [_shown(row, structure) for row in mapping.table.rows]
    order = {path: number for number, path in enumerate(structure.by_path)}
    return Correspondence(
        structure=structure,
        format=format_name,
        derived=structure.oid not in tables_of(format_name),
        coverage=coverage(structure, format_named(format_name)),
        sections=tuple(_sections(rows, structure, order)),
        lists=tuple(_lists(mapping.table.rows, structure)),
        counts=Counter(row.kind for row in rows),
    )


@cache
def _rows(wanted: tuple[Structure, ...]) -> tuple[tuple[Structure, tuple[Coverage, ...]], ...]:
    return tuple((one, tuple(row)) for one, row in zip(wanted, matrix(wanted), strict=True))


def _sections(rows: Iterable[ShownRow], structure: Structure, order: Mapping[str, int]) -> Iterator[Section]:
    """Envelope, content by its top fields in display order, and last what the table writes by itself."""
    by_head: dict[str, list[ShownRow]] = {"envelope": [], **{field.key: [] for field in structure.fields}, "": []}
    for row in rows:
        by_head[_head(row)].append(row)
    tops = {field.key: field.label for field in structure.fields}
    for head, inner in by_head.items():
        if not inner:
            continue
        if head in tops:
            inner.sort(key=lambda row: order.get(_path(row.record), -1))
            yield Section("content", tops[head], tuple(inner))
        else:
            yield Section("envelope" if head else "constants", {}, tuple(inner))


def _head(row: ShownRow) -> str:
    path = _path(row.record)
    return "envelope" if row.record.startswith("envelope") else path.partition("/")[0]


def _shown(row: Row, structure: Structure) -> ShownRow:
    record = write_place(row.record) if row.record else ""
    trail = _trail(record, structure)
    return ShownRow(
        kind=_kind(row),
        labels=trail[-1].label if trail else {},
        above=tuple(field.label for field in trail[1:-1] if field.label and not field.untitled and not field.hidden),
        record=record,
        format=write_place(row.format) if row.format else "",
        codec="" if row.is_group or row.codec.name == "same" else row.codec.name,
        lossy=row.codec.lossy if row.format and not row.copy else "",
        has_codes=row.codec.pairs is not None,
        value="" if row.value is None else str(row.value),
        reason=row.omit,
    )


def _kind(row: Row) -> Kind:
    if row.record is None:
        return "constant"
    if row.format is None:
        return "omitted"
    return "copied" if row.copy else "group" if row.is_group else "carried"


def _trail(record: str, structure: Structure) -> list[Field]:
    """The fields on the way to a place of the record, as far as the structure knows them."""
    of = structure if record.startswith("content") else envelope_structure()
    names = _path(record).split("/")
    parts = (of.by_path.get("/".join(names[:length])) for length in range(1, len(names) + 1))
    return [field for field in parts if field is not None]


def _path(record: str) -> str:
    """The path of the field that a place of the record names: `content.a[].b` is `a/b`."""
    return "/".join(part.partition("[")[0] for part in record.split(".")[1:])


def _lists(rows: Iterable[Row], structure: Structure) -> Iterator[CodeList]:
    seen: set[str] = set()
    for row in rows:
        name = row.codec.name
        if row.codec.pairs is None or name in seen:
            continue
        seen.add(name)
        trail = _trail(write_place(row.record), structure) if row.record else []
        known = (trail[-1].codes or {}) if trail else {}
        codes = tuple((code, known.get(code, ""), local) for code, local in row.codec.pairs.items())
        yield CodeList(name, *code_map_facts(name), codes)
