"""How the formats carry the structures: the coverage matrix, and each mapping table as a page."""

from __future__ import annotations

from starlette.responses import Response

from interop.console.asking import Ask
from interop.errors import NotFound
from interop.service.catalogue import named
from interop.service.correspondence import KINDS, correspondence, overview
from mappings.formats import FORMATS
from mappings.shipped import mapping_of
from schemas.structures import Structure

__all__ = ["matrix", "table"]


def matrix(ask: Ask) -> Response:
    """The share of each structure's fields that each format carries; of all structures when the address says so."""
    every = ask.asked("all") == "1"
    tables = {
        (one.oid, form.name) for one, _ in overview(every=every) for form in FORMATS if _has_table(form.name, one)
    }
    return ask.page("mappings.html", rows=overview(every=every), every=every, formats=FORMATS, tables=tables)


def table(ask: Ask) -> Response:
    """One table, whole. Raises: NotFound."""
    format_name, name = (str(ask.request.path_params[part]) for part in ("format", "structure"))
    structure = named(name)
    found = correspondence(format_name, structure) if structure else None
    if found is None:
        raise NotFound(ask.say("mappings.no_table"))
    others = [form.name for form in FORMATS if _has_table(form.name, found.structure)]
    return ask.page("mapping.html", found=found, kinds=KINDS, others=others)


def _has_table(format_name: str, structure: Structure) -> bool:
    return mapping_of(format_name, structure.oid) is not None
