"""Converts a document from any known format to another, and tells what was lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from interop.documents.examined import Examined, Options
from interop.documents.examining import examine, schema_issues
from interop.errors import Invalid
from mappings.formats import Format, format_named
from mappings.migration import carried_over
from mappings.report import Entry, Report
from schemas.issues import Issue
from schemas.record import Record, record_digest
from schemas.residue import Residue, in_order, within_bound
from schemas.structures import Structure, shipped

__all__ = ["Converted", "Written", "convert", "convert_version", "take_in", "with_residue", "write"]


_MOST_TRIED = 32
"""How many pieces of residue are tried one by one when all together would spoil a document."""
_REFUSED = "At its place it would make the document invalid, or say something else than the record."


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
    """The record in a format, with its residue: that of the format at its place, all other in the part for it.

    Residue that would make the document invalid, or say something else, is not put back; the report names it as lost.
    Raises: KeyError for a format that does not exist.
    """
    form = format_named(format_name)
    result = form.write(record)
    if any(one.format == format_name for one in record.residue):
        accepted, refused = _accepted(record, form)
        if refused:
            lost = Report(lost=tuple(Entry(f"{one.format}:{one.place}", _REFUSED) for one in refused))
            result = form.write(replace(record, residue=accepted))
            return Written(format_name, result.data, result.report + lost, result.issues)
    return Written(format_name, result.data, result.report, result.issues)


def convert(data: bytes, to: str, format_name: str | None = None, options: Options | None = None) -> Converted:
    """The document in another format, with the findings about it. Raises: KeyError for a format that does not exist."""
    target = format_named(to)
    examined, report = with_residue(data, examine(data, format_name, options))
    if examined.record is None:
        return Converted(examined, None)
    written = write(examined.record, target.name)
    return Converted(examined, replace(written, report=written.report + report))


def take_in(data: bytes, format_name: str | None = None) -> Examined:
    """The examination of a document that is to be passed on: its record carries what the document brings beyond it."""
    return with_residue(data, examine(data, format_name))[0]


def with_residue(data: bytes, examined: Examined) -> tuple[Examined, Report]:
    """The examination with all in its record that the document brings beyond it, and what cannot be carried along.

    In: `data` is the document that was examined. Out: the report names what no row knows as `unmapped`, each at its
    place in the document.
    """
    if examined.record is None:
        return examined, Report()
    form = format_named(examined.format)
    found = form.surplus(form.parse(data), examined.record)
    unmapped = tuple(Entry(place, "No row of the mapping knows the place.") for place, _ in found.residue)
    residue = in_order((*examined.record.residue, *(one for _, one in found.residue)))
    kept, beyond = within_bound(residue)
    over = tuple(
        Entry(f"{one.format}:{one.place}", "There is more residue than a document may carry.") for one in beyond
    )
    record = replace(examined.record, residue=kept)
    return replace(examined, record=record), Report(lost=(*found.lost, *over), unmapped=unmapped)


def _accepted(record: Record, form: Format) -> tuple[tuple[Residue, ...], list[Residue]]:
    """The residue with which a document is as valid as without, and says the same; and what spoils it."""
    bare = _errors(replace(record, residue=()), form)
    if _errors(record, form) <= bare:
        return record.residue, []
    own = [one for one in record.residue if one.format == form.name]
    others = tuple(one for one in record.residue if one.format != form.name)
    single = own if len(own) <= _MOST_TRIED else []
    good = [one for one in single if _errors(replace(record, residue=(one,)), form) <= bare]
    if _errors(replace(record, residue=tuple(good)), form) <= bare:
        kept = {id(one) for one in good}
        return in_order((*others, *good)), [one for one in own if id(one) not in kept]
    return others, own


def _errors(record: Record, form: Format) -> set[tuple[str, str]]:
    """The errors of a record as a format writes it: those of its schema, of reading it, and that it says otherwise."""
    parsed = form.parse(form.write(record).data)
    if parsed.tree is None:
        return {(issue.rule.id, issue.path) for issue in parsed.issues}
    decoded = form.decode(parsed)
    found = [*schema_issues(form, parsed, Options()), *decoded.issues]
    errors = {(issue.rule.id, issue.path) for issue in found if issue.rule.severity == "error"}
    same = decoded.record is not None and record_digest(decoded.record) == record_digest(record)
    return errors if same else errors | {("", "the record")}


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
