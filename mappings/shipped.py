"""The mapping tables that are shipped, compiled once each when they are first asked for."""

from __future__ import annotations

import tomllib
from functools import cache

from mappings.effica_layout import derived_table
from mappings.engine import Mapping
from mappings.tables import load_table
from schemas.site import resource
from schemas.structures import shipped

__all__ = ["code_map_facts", "mapping_of", "mapping_without_structure", "tables_of"]

_TABLES = resource("mappings", "tables")
_MAPS = resource("mappings", "code_maps")


def mapping_of(format_name: str, structure: str) -> Mapping | None:
    """The mapping between a structure (its OID) and a format, or None when there is none. Raises: TableError.

    A structure that is known and has no table of its own has a derived one in `effica`.
    """
    # What a document calls its structure can be any text: only what is known is looked up, and kept.
    return _mapping_of(format_name, structure) if structure in shipped() else None


@cache
def _mapping_of(format_name: str, structure: str) -> Mapping | None:
    code = "".join(structure.split(".")[-4:-3])
    if code.isdecimal() and _TABLES.joinpath(format_name, f"{code}.toml").is_file():
        mapping = Mapping(load_table(_TABLES, f"{format_name}/{code}", _MAPS))
        if mapping.table.structure == structure:
            return mapping
    if format_name == "effica":
        return Mapping(derived_table(shipped()[structure], _TABLES, _MAPS))
    return None


@cache
def mapping_without_structure(format_name: str) -> Mapping:
    """The mapping of the envelope alone, which serves a structure that has no table of its own in a lossless format."""
    return Mapping(load_table(_TABLES, f"{format_name}/envelope", _MAPS))


@cache
def code_map_facts(name: str) -> tuple[str, str]:
    """How the codes of a map (`effica/status`) stand to ours, and where they come from; empty without a file."""
    file, _, key = name.partition("/")
    maps = _MAPS.joinpath(f"{file}.toml")
    entry = tomllib.loads(maps.read_text("utf-8")).get(key, {}) if maps.is_file() else {}
    return entry.get("relationship", ""), entry.get("source", "")


def tables_of(format_name: str) -> tuple[str, ...]:
    """The OIDs of the structures for which a format has a table."""
    names = sorted(file.name.removesuffix(".toml") for file in _TABLES.joinpath(format_name).iterdir())
    return tuple(load_table(_TABLES, f"{format_name}/{name}", _MAPS).structure for name in names if name.isdecimal())
