"""What every format offers: recognise, parse, decode, encode; and reading and writing made of these."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.engine import Outcome
from mappings.report import Entry, Report
from mappings.surplus import Surplus
from schemas.issues import Issue, rules_in
from schemas.limits import DEFAULT_LIMITS, Limits
from schemas.record import Record
from schemas.xsd import Schema, Steps

__all__ = ["Decoded", "Format", "Parsed", "Place", "ReadResult", "WriteResult", "no_table"]

_RULES = rules_in("mappings")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a source document. `path` is an XPath or a JSON Pointer, as the format has it."""

    path: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document after its syntax was read: `tree` is an XML element or a JSON value, None when it was unreadable."""

    data: bytes
    tree: Any
    issues: list[Issue]
    steps: Steps = field(default_factory=dict, compare=False, repr=False)
    """What the paths of the tree's elements end in, as far as they have been asked for."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A record read from a parsed document.

    The paths of `issues` lead into the source document. `sources` gives, for a place of the record, the place in the
    document's plain data, both as JSON Pointers. `roles` gives, for each resource of the mapping's tree, its place in
    the document. Both are filled only by a traced reading.
    """

    record: Record | None
    issues: list[Issue] = field(default_factory=list)
    sources: Mapping[str, str] = field(default_factory=dict)
    report: Report = field(default_factory=Report)
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A record and the issues met on the way; the record is None when the document could not be read as one."""

    record: Record | None
    issues: list[Issue]


@dataclass(frozen=True, slots=True)
class WriteResult:
    """A written document and what was lost or made up in writing it."""

    data: bytes
    report: Report
    issues: list[Issue] = field(default_factory=list)


class Format(ABC):
    """One written form of a record. Stateless, pure, and safe for any bytes."""

    name: str
    media_type: str
    suffix: str

    @property
    def schema(self) -> Schema | None:
        """The XSD that the format's documents follow, when it is XML."""
        return None

    def schema_for(self, structure: str) -> Schema | None:
        """The XSD that the documents of one structure (its OID) follow."""
        return self.schema

    def schema_of(self, parsed: Parsed) -> Schema | None:
        """The XSD that one document follows: that of the format, or that of the document's own structure in it."""
        return self.schema

    @abstractmethod
    def recognises(self, data: bytes, value: Any) -> bool:
        """True when a document looks like this format. In: the bytes, and the JSON value when they are JSON."""

    @abstractmethod
    def parse(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Parsed:
        """The document after its syntax was read."""

    @abstractmethod
    def decode(self, parsed: Parsed, *, traced: bool = False) -> Decoded:
        """The record of a document that could be parsed."""

    @abstractmethod
    def write(self, record: Record, *, traced: bool = False) -> WriteResult:
        """The record in this format. What could not be written is in the report and the issues."""

    @abstractmethod
    def place(self, parsed: Parsed, pointer: str) -> Place:
        """Where a JSON Pointer into the document's plain data stands in the document itself."""

    def surplus(self, parsed: Parsed, record: Record) -> Surplus:
        """What a document holds beyond the record that was read from it: residue, and what cannot be carried."""
        return Surplus()

    def origin(self, parsed: Parsed, decoded: Decoded, pointer: str) -> Place:
        """Where a place of the record stands in its source. In: a traced reading; `pointer` as `/content/<root>/...`.

        A place that the source does not have is looked for in its parts, then at the nearest one above it.
        """
        at = _without_root(pointer)
        if at not in decoded.sources:
            at = next((part for part in decoded.sources if part.startswith(f"{at}/")), at)
        while at not in decoded.sources and at:
            at = at.rpartition("/")[0]
        return self.place(parsed, decoded.sources.get(at, ""))

    def read(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> ReadResult:
        """The record that the bytes hold, with the issues of reading them."""
        parsed = self.parse(data, limits)
        if parsed.tree is None:
            return ReadResult(None, parsed.issues)
        decoded = self.decode(parsed)
        return ReadResult(decoded.record, parsed.issues + decoded.issues)

    def decoded(self, parsed: Parsed, record: Record, outcome: Outcome) -> Decoded:
        """A reading's result with every place traced back into the source document."""
        issues = [_moved(issue, self.place(parsed, issue.path)) for issue in outcome.issues]
        sources = {link.target: link.source for link in outcome.report.links}
        return Decoded(record, issues, sources, outcome.report)


def no_table(format_name: str) -> WriteResult:
    """The result of writing a record for whose structure a format has no table: nothing is written, all is lost."""
    reason = f"The format {format_name} has no mapping table for the document's structure."
    lost = Report(lost=(Entry("/content", reason),))
    return WriteResult(b"", lost, [_RULES["format_holds_the_structure"].at("/envelope/structure")])


def _moved(issue: Issue, place: Place) -> Issue:
    return issue.moved(place.path, place.line, place.column)


def _without_root(pointer: str) -> str:
    """`/content/<root>/a/b` as `/content/a/b`: tables write the content without its root property."""
    top, _, rest = pointer.removeprefix("/").partition("/")
    return f"/content/{rest.partition('/')[2]}".rstrip("/") if top == "content" else pointer
