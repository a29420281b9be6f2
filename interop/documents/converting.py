"""Converts a document from any known format to another, and tells what was lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from interop.documents.examined import Examined, Options
from interop.documents.examining import examine
from interop.errors import Invalid
from mappings.agreement import additions
from mappings.formats import format_named
from mappings.migration import carried_over
from mappings.report import Entry, Report
from schemas.issues import Issue
from schemas.record import Record
from schemas.structures import Structure, shipped

__all__ = ["Converted", "Written", "convert", "convert_version", "write"]


@dataclass(frozen=True, slots=True)
class Written:
    """A record in one format. `data` is empty when the format cannot hold the record at all."""

    format: str
    data: bytes
    report: Report
    issues: list[Issue]


@dataclass(frozen=True, slots=True)
class Converted:
    """An examination, and what could be written of the record; `written` is None when there was none."""

    examined: Examined
    written: Written | None


def write(record: Record, format_name: str) -> Written:
    """The record in a format. Raises: KeyError for a format that does not exist."""
    result = format_named(format_name).write(record)
    return Written(format_name, result.data, result.report, result.issues)


def convert(data: bytes, to: str, format_name: str | None = None, options: Options | None = None) -> Converted:
    """The document in another format, with the findings about it. Raises: KeyError for a format that does not exist."""
    target = format_named(to)
    examined = examine(data, format_name, options)
    if examined.record is None:
        return Converted(examined, None)
    written = write(examined.record, target.name)
    return Converted(examined, replace(written, report=written.report + _beyond(data, examined)))


def _beyond(data: bytes, examined: Examined) -> Report:
    """What a FHIR document holds beyond the record: the places that our own writing of the record would not have.

    The other formats need no such look: an XSD, or the structure itself, has named what does not belong.
    """
    form = format_named(examined.format)
    if form.media_type != "application/fhir+json" or examined.record is None:
        return Report()
    ours = form.parse(form.write(examined.record).data).tree
    places = additions(form.parse(data).tree, ours)
    return Report(unmapped=tuple(Entry(place, "No row of the mapping knows the place.") for place in places))


def convert_version(converted: Converted, structure: Structure) -> Converted:
    """The same conversion with the content carried to another version of its structure first.

    Raises: Invalid when the document is of no known structure, or of one with another root property.
    """
    record, written = converted.examined.record, converted.written
    old = shipped().get(record.structure) if record else None
    if record is None or written is None or old is None or old.root != structure.root:
        raise Invalid("The structure to carry the document to is no version of its own structure.")
    carried, report = carried_over(record, old, structure)
    again = write(carried, written.format)
    return replace(converted, written=replace(again, report=report + again.report))
