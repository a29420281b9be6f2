"""The mapping tables that are shipped, compiled once each when they are first asked for."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from mappings.engine import Mapping
from mappings.tables import load_table
from schemas.structures import PREFIX

__all__ = ["mapping_of", "mapping_without_structure", "tables_of"]

_TABLES = files("mappings").joinpath("tables")
_MAPS = files("mappings").joinpath("code_maps")


@cache
def mapping_of(format_name: str, structure: str) -> Mapping | None:
    """The mapping between a structure (its OID) and a format, or None when there is none. Raises: TableError."""
    code = structure.removeprefix(PREFIX).split(".")[1:2]
    if not code or not code[0].isdecimal() or not _TABLES.joinpath(format_name, f"{code[0]}.toml").is_file():
        return None
    mapping = Mapping(load_table(_TABLES, f"{format_name}/{code[0]}", _MAPS))
    return mapping if mapping.table.structure == structure else None


@cache
def mapping_without_structure(format_name: str) -> Mapping:
    """The mapping of the envelope alone, which serves a structure that has no table of its own in a lossless format."""
    return Mapping(load_table(_TABLES, f"{format_name}/envelope", _MAPS))


def tables_of(format_name: str) -> tuple[str, ...]:
    """The OIDs of the structures for which a format has a table."""
    names = sorted(file.name.removesuffix(".toml") for file in _TABLES.joinpath(format_name).iterdir())
    return tuple(load_table(_TABLES, f"{format_name}/{name}", _MAPS).structure for name in names if name.isdecimal())
