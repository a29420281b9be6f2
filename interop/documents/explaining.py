"""Lineage: for every value of a converted document, where it stands in the output, in the record and in the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass

from interop.documents.converting import Written
from interop.documents.examined import Examined, Options
from interop.documents.examining import examine
from mappings.fhir_document import placed
from mappings.formats import Decoded, Format, Parsed, Place, format_named
from mappings.outline import Line, outline
from mappings.report import Link
from schemas.record import Record, envelope_structure
from schemas.structures import shipped

__all__ = ["Copy", "Explained", "Traced", "Way", "explain", "lineage", "origins", "traced"]

_NOWHERE = Place("")
_SAME = "same"


@dataclass(frozen=True, slots=True)
class Copy:
    """A further place of the output that says the same, and the codec that wrote it."""

    place: Place
    codec: str


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one value. Never holds the value itself.

    `output` is where a reader takes the value from; its path is empty when the value reached no output. `copies` are
    the resources that say the same for those who do not read the complete content.
    """

    output: Place
    record: str
    source: Place
    codec: str
    label: str
    copies: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """An examination, what was written, and the way of every value of the record, in display order."""

    examined: Examined
    written: Written | None
    ways: list[Way]


def explain(data: bytes, to: str, format_name: str | None = None, options: Options | None = None) -> Explained:
    """The lineage of a conversion. Raises: KeyError for a format that does not exist."""
    return lineage(data, examine(data, format_name, options), to)


def lineage(
    data: bytes, examined: Examined, to: str, only: str | None = None, source: Traced | None = None
) -> Explained:
    """The lineage of a document that has been examined. Raises: KeyError for a format that does not exist.

    In: `only` keeps to the value at one place of the record, which is far quicker for a large document; `source` is
    the document as `traced` gives it, where it is wanted in more than one format.
    """
    target = format_named(to)
    if examined.record is None:
        return Explained(examined, None, [])
    result = target.write(examined.record, traced=True)
    written = Written(target.name, result.data, result.report, result.issues)
    values = [(at, line) for at, line in _values(examined.record) if only in (None, at)]
    if not values:
        return Explained(examined, written, [])
    source = source or Traced.of(format_named(examined.format), data)
    output = Traced.of(target, result.data) if result.data else None
    links = _by_value(result.report.links)
    ways = [_way(at, line, source, output, links.get(_in_tables(at), ())) for at, line in values]
    return Explained(examined, written, ways)


def origins(data: bytes, examined: Examined) -> Iterator[tuple[str, Place]]:
    """For every value of the record its place there, and where it stands in the document that was examined."""
    source = traced(data, examined)
    if examined.record is not None and source is not None:
        for at, _ in _values(examined.record):
            yield at, source.place(at)


def traced(data: bytes, examined: Examined) -> Traced | None:
    """The document that was examined with every place traced back into it; None when it holds no record."""
    return Traced.of(format_named(examined.format), data) if examined.record else None


@dataclass(frozen=True, slots=True)
class Traced:
    """A document read with every place traced back into it."""

    form: Format
    parsed: Parsed
    decoded: Decoded

    @classmethod
    def of(cls, form: Format, data: bytes) -> Traced | None:
        """A document of a format, read so; None when its syntax is broken."""
        parsed = form.parse(data)
        return None if parsed.tree is None else cls(form, parsed, form.decode(parsed, traced=True))

    def place(self, at: str) -> Place:
        """Where the value at a place of the record is read from."""
        return self.form.origin(self.parsed, self.decoded, at)

    def copies(self, links: Iterable[Link]) -> Iterator[Copy]:
        """Where the resources of the document say what the links wrote."""
        for link in links:
            if at := placed(link.target, self.decoded.roles):
                yield Copy(self.form.place(self.parsed, at), link.codec)


def _way(at: str, line: Line, source: Traced | None, output: Traced | None, links: Sequence[Link]) -> Way:
    origin = source.place(at) if source else _NOWHERE
    if output is None:
        return Way(_NOWHERE, at, origin, _SAME, line.label)
    place = output.place(at)
    told = tuple(output.copies(links))
    here = next((copy.codec for copy in told if copy.place.path == place.path), _SAME)
    codec = here if told or not links else links[0].codec
    return Way(place, at, origin, codec, line.label, tuple(copy for copy in told if copy.place.path != place.path))


def _by_value(links: Iterable[Link]) -> Dict[str, list[Link]]:
    """The links by the place of the value that they wrote; a part of a coded value belongs to the value."""
    found: dict[str, list[Link]] = {}
    for link in links:
        if link.codec != "group":
            found.setdefault(link.source, []).append(link)
            found.setdefault(link.source.rpartition("/")[0], []).append(link)
    return found


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
