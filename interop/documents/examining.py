"""Reads a document of any known format and judges it, layer by layer: bytes, syntax, schema, base, rules, references.

Every finding is said once, at its place in the document that was given, whichever layer found it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mappings.formats import FORMATS, Format, Parsed, format_named, sniffed
from schemas import json_text, xml_text
from schemas.codesystems import CodeSystems
from schemas.fhir_definitions import Definitions, shipped_definitions
from schemas.issues import LAYERS, Issue, Layer, has_errors, rules_in
from schemas.limits import DEFAULT_LIMITS, Limits
from schemas.record import Record, envelope_structure
from schemas.structures import shipped
from validators.conditions import check_conditions
from validators.content import check_content, check_envelope
from validators.fhir import validate
from validators.fhir_structure import check_fhir_structure
from validators.terminology import check_codes
from validators.xml import check_xml

__all__ = ["Examined", "Options", "examine"]

_RULES = rules_in("schemas")
_FHIR_RULES = rules_in("validators")
_SCHEMA_RULES = frozenset(name for name in rules_in("validators") if name.startswith("xml_"))
"""The rules of the XSD. What the record lacks at a place that they name is the same fault seen again."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a document is examined.

    `envelope`: facts that stand in for what the document's own envelope lacks. `layers`: those to report.
    `code_systems`: those that codes are judged by; None leaves the codes of national lists unjudged.
    """

    envelope: Mapping[str, Any] = field(default_factory=dict)
    layers: Collection[Layer] = LAYERS
    limits: Limits = DEFAULT_LIMITS
    code_systems: CodeSystems | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """What an examination found. `format` is empty when it was not recognised; `record` is None when unreadable."""

    format: str
    record: Record | None
    issues: list[Issue]

    @property
    def valid(self) -> bool:
        """True when there is a record and no finding is an error."""
        return self.record is not None and not has_errors(self.issues)

    @property
    def structure(self) -> str:
        """The OID of the document's structure, empty when it is not known."""
        return self.record.structure if self.record else ""


def examine(data: bytes, format_name: str | None = None, options: Options | None = None) -> Examined:
    """The record that the bytes hold and all findings about it. In: `format_name` None means: recognise it.

    Raises: KeyError for a format that does not exist.
    """
    options = options or Options()
    known = format_named(format_name) if format_name else sniffed(data)
    if known is None:
        return Examined("", None, _unknown(data, options.limits))
    parsed = known.parse(data, options.limits)
    if parsed.tree is None:
        return Examined(known.name, None, _chosen(parsed.issues or _unknown(data, options.limits), options))
    issues = [*parsed.issues, *_schema_issues(known, parsed)]
    decoded = known.decode(parsed)
    issues += decoded.issues
    record = _completed(decoded.record, options.envelope)
    if record is not None:
        said = _record_issues(record, options, present_only=known.schema is not None and has_errors(issues))
        issues += _placed(known, parsed, list(said))
    return Examined(known.name, record, _chosen(_once(issues), options))


def _schema_issues(known: Format, parsed: Parsed) -> list[Issue]:
    """What the format's own schema says: the XSD of XML, the base resources of FHIR."""
    schema = known.schema_of(parsed)
    if schema is not None:
        return check_xml(schema, parsed.tree)
    if known.media_type == "application/fhir+json":
        found = _fhir_issues(parsed.tree)
        places = [(issue, known.place(parsed, issue.path)) for issue in found]
        return [issue.moved(place.path, place.line, place.column) for issue, place in places]
    return []


@cache
def _definitions() -> Definitions:
    """The definitions of this installation, opened once; they load what is asked for."""
    return shipped_definitions()


def _fhir_issues(resource: Any) -> list[Issue]:
    """What our validator says by the definitions at hand; without the core package, what fhir.resources says."""
    if _definitions().resource_type("CarePlan") is None:
        return [*check_fhir_structure(resource), _FHIR_RULES["fhir_core_package_is_at_hand"].at()]
    return validate(resource, _definitions())


def _record_issues(record: Record, options: Options, *, present_only: bool) -> Iterator[Issue]:
    """What the structure and the rules say of the record, at JSON Pointers into the record.

    In: `present_only` leaves out what is missing: a message that broke its own schema lacks it for that reason.
    """
    found = [issue.moved(f"/envelope{issue.path}") for issue in check_envelope(record.envelope)]
    found += check_conditions(envelope_structure(), {"envelope": record.envelope})
    if record.structure in shipped():
        structure = shipped()[record.structure]
        inner = [*check_content(structure, record.content), *check_conditions(structure, record.content)]
        if options.code_systems is not None:
            inner += check_codes(structure, record.content, options.code_systems, record.language)
        found += [issue.moved(f"/content{issue.path}") for issue in inner]
    for issue in found:
        if not present_only or issue.rule.code != "required":
            yield issue


def _completed(record: Record | None, known: Mapping[str, Any]) -> Record | None:
    """The record with the given facts in place of its placeholders."""
    if record is None or not known:
        return record
    kept = [name for name in record.envelope.get("placeholders", ()) if name not in known]
    envelope = {**record.envelope, **known, "placeholders": kept}
    if not kept:
        del envelope["placeholders"]
    return Record(envelope, record.content)


def _placed(known: Format, parsed: Parsed, issues: list[Issue]) -> list[Issue]:
    """The issues at their places in the document that was read. The document is traced only when there are issues."""
    if not issues:
        return []
    decoded = known.decode(parsed, traced=True)
    places = [(issue, known.origin(parsed, decoded, issue.path)) for issue in issues]
    return [issue.moved(place.path, place.line, place.column) for issue, place in places]


def _once(issues: list[Issue]) -> list[Issue]:
    """Each finding once. Where the XSD has found an error, what a later layer says of the same place is left out."""
    broken = {(issue.path, issue.line) for issue in issues if issue.rule.id in _SCHEMA_RULES}
    kept: dict[tuple[str, str, int | None], Issue] = {}
    for issue in issues:
        if issue.rule.id in _SCHEMA_RULES or (issue.path, issue.line) not in broken:
            kept.setdefault((issue.rule.id, issue.path, issue.line), issue)
    return list(kept.values())


def _chosen(issues: list[Issue], options: Options) -> list[Issue]:
    return [issue for issue in issues if issue.rule.layer in options.layers]


def _unknown(data: bytes, limits: Limits) -> list[Issue]:
    """Why a document is of no known format: it is unreadable, or it is something else."""
    start = data.lstrip()[:1]
    parse = xml_text.parse if start == b"<" else json_text.parse
    tree, issues = parse(data, limits)
    if tree is None and start in (b"<", b"{", b"[", b""):
        return issues
    if len(data) > limits.size:
        return issues
    allowed = ", ".join(sorted(known.name for known in FORMATS))
    return [_RULES["document_format_is_known"].at(allowed=allowed)]
