"""Mapping tables: reads the declarative files that say which place of a record is which place of a format.

One table per (format, structure); it serves both directions. `docs/mapping-tables.md` describes the language with an
example of each construct.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from typing import Any

from mappings.codecs import CODECS, Codec, code_map
from mappings.places import Each, Place, parse_place, write_place
from mappings.table_error import TableError

__all__ = ["Row", "Table", "load_table"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a place in the record, the same place in the format, and the codec between.

    A row without `record` writes the constant `value`; a row without `format` says in `omit` why the format does not
    hold the place; a `copy` is written for readers of the format and not read back.
    """

    record: Place | None
    format: Place | None
    codec: Codec
    value: Any = None
    omit: str = ""
    copy: bool = False
    line: int = 0

    @property
    def is_group(self) -> bool:
        """True for a row that carries no value, but the presence of a group."""
        return self.codec.name == "group"


@dataclass(frozen=True, slots=True)
class Table:
    """A whole table. `settings` are the format's own settings in it, such as the resources of a FHIR graph."""

    name: str
    format: str
    structure: str
    rows: tuple[Row, ...]
    settings: Mapping[str, Any]


_TABLE_KEYS = {"format", "structure", "codec", "includes", "settings", "section"}
_ROW_KEYS = {"record", "format", "codec", "map", "value", "omit", "copy"}
_RELATIONSHIPS = ("equivalent", "wider", "narrower", "inexact")
"""How a list's local codes stand to THL's. Source: FHIR R4 ConceptMapEquivalence."""
_GROUP = Codec("group", lambda value: value, lambda value: value)


def load_table(folder: Traversable, name: str, maps: Traversable, at: str = "") -> Table:
    """The table `name` (`effica/15020`), with those that it includes.

    In: `maps` is the folder of code maps; `at` is the place in the record that the table's own places start from.
    Raises: TableError.
    """
    file = folder.joinpath(*f"{name}.toml".split("/"))
    text = file.read_text("utf-8")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise TableError(
            file.name, int(line[1]) if line else 1, "This is not TOML: look at the quotes and commas."
        ) from error
    unknown = sorted({*raw} - _TABLE_KEYS)
    if unknown:
        known = ", ".join(sorted(_TABLE_KEYS))
        raise TableError(file.name, _line_of(unknown[0], text), f"A table has no '{unknown[0]}'; it has {known}.")
    rows = tuple(_Reader(file.name, text, raw, maps, at).rows())
    included = [load_table(folder, *_include(other, maps, at)) for other in raw.get("includes", ())]
    return Table(
        name=name,
        format=raw.get("format", ""),
        structure=raw.get("structure", ""),
        rows=tuple(row for table in included for row in table.rows) + rows,
        settings=_joined([*(table.settings for table in included), raw.get("settings", {})]),
    )


def _line_of(name: str, text: str) -> int:
    """The first line that begins with a name; 1 when it is written otherwise."""
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if re.match(rf"[\s\[\"]*{re.escape(name)}\b", line)), 1)


def _include(entry: Any, maps: Traversable, at: str) -> tuple[str, Traversable, str]:
    """What to load for an entry of `includes`: a table's name, or `{ table, at }` for one that starts at a place."""
    named = {"table": entry} if isinstance(entry, str) else entry
    return named["table"], maps, _joined_place(at, named.get("at", ""))


def _joined_place(prefix: str, text: str) -> str:
    if not prefix or not text:
        return prefix or text
    return f"{prefix}{'' if text.startswith('[') else '.'}{text}"


class _Reader:
    """Reads the sections of one file into rows, and keeps count of the lines for errors."""

    def __init__(self, name: str, text: str, raw: Mapping[str, Any], maps: Traversable, at: str) -> None:
        self.name, self.raw, self.maps, self.at = name, raw, maps, at
        lines = enumerate(text.splitlines(), 1)
        self.lines = iter([number for number, line in lines if line.lstrip().startswith("{")])
        self.line = 1

    def rows(self) -> Iterator[Row]:
        for section in self.raw.get("section", ()):
            left, right = _joined_place(self.at, section.get("record", "")), section.get("format", "")
            for row in section.get("rows", ()):
                self.line = next(self.lines, self.line)
                yield self._row(row, left, right)

    def _row(self, raw: Mapping[str, Any], left: str, right: str) -> Row:
        unknown = set(raw) - _ROW_KEYS
        if unknown:
            raise self._error(f"A row has no '{sorted(unknown)[0]}'; it has {', '.join(sorted(_ROW_KEYS))}.")
        record = self._place(left, raw["record"]) if "record" in raw else None
        format_ = self._place(right, raw["format"]) if "format" in raw else None
        copy = bool(raw.get("copy", False))
        row = Row(record, format_, self._codec(raw), raw.get("value"), raw.get("omit", ""), copy, self.line)
        if format_ is None and not row.omit:
            raise self._error("A row without 'format' needs 'omit' with the reason.")
        if record is None and "value" not in raw:
            raise self._error("A row without 'record' needs the constant 'value'.")
        if record and format_ and _lists(record) != _lists(format_):
            raise self._error("Both sides of a row have the same number of [].")
        return row

    def _place(self, prefix: str, text: str) -> Place:
        if not isinstance(text, str):
            raise self._error("A place is a text in quotes.")
        try:
            return parse_place(_joined_place(prefix, text))
        except ValueError as error:
            raise self._error(str(error)) from error

    def _codec(self, raw: Mapping[str, Any]) -> Codec:
        if "map" in raw:
            return self._code_map(raw["map"])
        name = raw.get("codec", self.raw.get("codec", "same"))
        if name == "group":
            return _GROUP
        if name not in CODECS:
            raise self._error(f"There is no codec '{name}'; there are {', '.join(sorted(CODECS))}.")
        return CODECS[name]

    def _code_map(self, name: str) -> Codec:
        file, _, key = name.partition("/")
        entry = _code_maps(self.maps, file).get(key)
        if entry is None:
            raise self._error(f"There is no code map '{name}'.")
        if entry.get("relationship") not in _RELATIONSHIPS or not entry.get("source"):
            raise self._error(
                f"The code map '{name}' needs 'source', and 'relationship' as one of {', '.join(_RELATIONSHIPS)}."
            )
        try:
            return code_map(name, entry["codes"], entry.get("system", ""), one_way=entry.get("one_way", False))
        except (KeyError, ValueError) as error:
            raise self._error(f"The code map '{name}' needs 'codes', one to one.") from error

    def _error(self, sentence: str) -> TableError:
        return TableError(self.name, self.line, sentence)


def _code_maps(folder: Traversable, name: str) -> Mapping[str, Any]:
    file = folder.joinpath(f"{name}.toml")
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}


def _joined(settings: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Settings of several tables as one: lists are joined, anything else is taken from the last table that has it."""
    joined: dict[str, Any] = {}
    for one in settings:
        for name, value in one.items():
            joined[name] = [*joined.get(name, []), *value] if isinstance(value, list) else value
    return joined


def _lists(place: Place) -> int:
    return sum(isinstance(step, Each) for step in place)


def turned(row: Row) -> Row:
    """The row with its sides changed: what a table is in the other direction."""
    codec = replace(row.codec, write=row.codec.read, read=row.codec.write, lossy="")
    return replace(row, record=row.format, format=row.record, codec=codec)


def describe(row: Row) -> str:
    """The row as a person writes it: `clients[].family ↔ Patient[].name[0].family (text)`."""
    left = write_place(row.record) if row.record else f"= {row.value!r}"
    right = write_place(row.format) if row.format else f"omitted: {row.omit}"
    return f"{left} ↔ {right} ({row.codec.name})"
