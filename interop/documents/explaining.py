"""Lineage: for every value of a converted document, where it stands in the output, in the record and in the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from interop.documents.converting import Written
from interop.documents.examined import Examined, Options
from interop.documents.examining import examine
from mappings.formats import Format, Place, format_named
from mappings.outline import Line, outline
from schemas.record import Record, envelope_structure
from schemas.structures import shipped

__all__ = ["Explained", "Way", "explain"]

_NOWHERE = Place("")


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one value. `output.path` is empty when the value reached no output. Never holds the value itself."""

    output: Place
    record: str
    source: Place
    codec: str
    label: str


@dataclass(frozen=True, slots=True)
class Explained:
    """An examination, what was written, and the way of every value of the record, in display order."""

    examined: Examined
    written: Written | None
    ways: list[Way]


def explain(data: bytes, to: str, format_name: str | None = None, options: Options | None = None) -> Explained:
    """The lineage of a conversion. Raises: KeyError for a format that does not exist."""
    target = format_named(to)
    examined = examine(data, format_name, options)
    if examined.record is None:
        return Explained(examined, None, [])
    result = target.write(examined.record, traced=True)
    written = Written(target.name, result.data, result.report, result.issues)
    codecs = {link.source: link.codec for link in result.report.links if link.codec != "group"}
    sources = _places(format_named(examined.format), data, examined.record)
    outputs = _places(target, result.data, examined.record) if result.data else {}
    ways = [
        Way(outputs.get(at, _NOWHERE), at, sources.get(at, _NOWHERE), codecs.get(_in_tables(at), "same"), line.label)
        for at, line in _values(examined.record)
    ]
    return Explained(examined, written, ways)


def _places(form: Format, data: bytes, record: Record) -> dict[str, Place]:
    """Where each value of a record stands in a document of it."""
    parsed = form.parse(data)
    if parsed.tree is None:
        return {}
    decoded = form.decode(parsed, traced=True)
    return {at: form.origin(parsed, decoded, at) for at, _ in _values(record)}


def _values(record: Record) -> Iterator[tuple[str, Line]]:
    """Every value of a record: its place as `/content/<root>/...` or `/envelope/...`, and its line in the outline."""
    for line in outline(envelope_structure(), record.envelope):
        if line.value is not None:
            yield f"/envelope{line.path}", line
    if record.structure in shipped():
        for line in outline(shipped()[record.structure], record.body, record.language):
            if line.value is not None:
                yield f"/content/{record.root}{line.path}", line


def _in_tables(at: str) -> str:
    """The place as tables write it, without the root property of the content."""
    parts = at.split("/")
    return "/".join([*parts[:2], *parts[3:]]) if parts[1] == "content" else at
