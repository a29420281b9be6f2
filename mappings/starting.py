"""The files that a site starts from when it wants a table of its own, by their names in the site's folder."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.checks import UNDECIDED
from mappings.effica_layout import derived_layout, table_text
from mappings.effica_schema import schema_of_layout
from schemas.site import resource
from schemas.structures import Field, Structure

__all__ = ["starting_files"]


def starting_files(form: str, structure: Structure) -> Mapping[str, str]:
    """The table with a row for every leaf, first, and what goes with it: for effica the XSD of the derived layout."""
    table = f"mappings/tables/{form}/{structure.code}.toml"
    if form != "effica":
        return {table: _empty_table(form, structure)}
    layout = derived_layout(structure, resource("mappings", "tables"), resource("mappings", "code_maps"))
    schema = f"{structure.code}.xsd"
    return {
        table: table_text(structure, layout, schema),
        f"schemas/effica/{schema}": schema_of_layout(layout, structure.oid).text.decode(),
    }


def _empty_table(form: str, structure: Structure) -> str:
    head = [f'format = "{form}"', f'structure = "{structure.oid}"', f'includes = ["{form}/envelope"]', ""]
    rows = [
        f'  {{ record = "{_place(field, structure)}", omit = "{UNDECIDED} {field.kind}, {field.cardinality}" }},'
        for field in structure
        if not field.is_group
    ]
    return "\n".join([*head, "[[section]]", 'record = "content"', "rows = [", *rows, "]"]) + "\n"


def _place(field: Field, structure: Structure) -> str:
    """The place of a field as a table writes it."""
    above = [structure.by_path["/".join(field.path[: depth + 1])] for depth in range(len(field.path))]
    return ".".join(one.key + ("[]" if one.repeats else "") for one in above)
