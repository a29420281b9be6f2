"""Reads a document of any known format and judges it, layer by layer: bytes, syntax, schema, base, rules, references.

Every finding is said once, at its place in the document that was given, whichever layer found it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from interop.documents.examined import Examined, Options
from interop.documents.layers import states
from interop.documents.resources import examine_resource, is_resource, resource_issues, told_by_expression
from interop.documents.strictness import weighed
from mappings.formats import FORMATS, Decoded, Format, Parsed, format_named, sniffed
from schemas import json_text, xml_text
from schemas.issues import Issue, has_errors, rules_in
from schemas.limits import Limits
from schemas.record import Record, envelope_structure
from schemas.structures import Structure, shipped
from schemas.trails import trail
from schemas.xml_places import positions
from validators.conditions import check_conditions
from validators.content import check_content, check_envelope
from validators.terminology import check_codes
from validators.xml import check_xml

__all__ = ["examine", "schema_issues"]

_RULES = rules_in("schemas")
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")
"""How texts in UTF-16 and UTF-32 begin, in either order of bytes but one."""
_FORM_RULES = frozenset(
    {name for name in rules_in("validators") if name.startswith("xml_")}
    | {rule.id for rule in rules_in("validators", "fhir").values() if rule.severity == "error"}
    | {"kanta_metadata_has_its_kind"}
)
"""The rules of the written form. What the record lacks at a place that they name is the same fault seen again."""


def examine(data: bytes, format_name: str | None = None, options: Options | None = None) -> Examined:
    """The record that the bytes hold and all findings about it. In: `format_name` None means: recognise it.

    A FHIR resource that is no document of a record is judged as a resource, by itself.
    Raises: KeyError for a format that does not exist.
    """
    options = options or Options()
    known = format_named(format_name) if format_name else sniffed(data)
    if (known is None or known.name == "fhir") and is_resource(data):
        return examine_resource(data, options)
    if known is None:
        issues = _unknown(data, options.limits)
        return _examined("", None, issues, options, is_read=False)
    parsed = known.parse(data, options.limits)
    if parsed.tree is None:
        issues = parsed.issues or _unknown(data, options.limits)
        return _examined(known.name, None, issues, options, is_read=False)
    issues = [*parsed.issues, *schema_issues(known, parsed, options)]
    decoded = known.decode(parsed, traced=True)
    if decoded.record is None and format_name is None and known.name != "fhir" and is_resource(data):
        return examine_resource(data, options)
    issues += decoded.issues
    record = _completed(decoded.record, options.envelope)
    if record is not None and ("rules" in options.layers or "schema" in options.layers or _asks_codes(options)):
        said = _record_issues(record, options, present_only=known.schema is not None and has_errors(issues))
        issues += _placed(known, parsed, said, decoded)
    return _examined(known.name, record, _told(known, parsed, _once(issues), options), options)


def _examined(
    form: str, record: Record | None, issues: list[Issue], options: Options, *, is_read: bool = True
) -> Examined:
    """The result, with the findings weighed and those of the layers that were asked for."""
    issues = weighed(issues, options.strictness)
    found = states(form, issues, options.layers, is_read=is_read, has_record=record is not None)
    return Examined(form, record, [issue for issue in issues if issue.rule.layer in options.layers], found)


def _asks_codes(options: Options) -> bool:
    return "terminology" in options.layers or "references" in options.layers


def schema_issues(known: Format, parsed: Parsed, options: Options) -> list[Issue]:
    """What the format's own schema says: the XSD of XML, the base resources and profiles of FHIR."""
    schema = known.schema_of(parsed)
    if schema is not None:
        return check_xml(schema, parsed.tree)
    if known.media_type == "application/fhir+json":
        found = resource_issues(parsed.tree, options)
        places = [(issue, known.place(parsed, issue.path)) for issue in found]
        return [issue.moved(place.path, place.line, place.column) for issue, place in places]
    return []


def _record_issues(record: Record, options: Options, *, present_only: bool) -> Iterator[Issue]:
    """What the structure and the rules say of the record, at JSON Pointers into the record.

    In: `present_only` leaves out what is missing: a message that broke its own schema lacks it for that reason.
    """
    found = [issue.moved(f"/envelope{issue.path}") for issue in check_envelope(record.envelope)]
    found += check_conditions(envelope_structure(), {"envelope": record.envelope})
    found = [_named(envelope_structure(), issue, issue.path) for issue in found]
    if record.structure in shipped():
        structure = shipped()[record.structure]
        inner = [*check_content(structure, record.content), *check_conditions(structure, record.content)]
        if options.code_systems is not None:
            inner += check_codes(structure, record.content, options.code_systems, record.language)
        found += [_named(structure, issue, f"/content{issue.path}") for issue in inner]
    for issue in found:
        if not present_only or issue.rule.code != "required":
            yield issue


def _named(structure: Structure, issue: Issue, path: str) -> Issue:
    """The issue at its place in the record, with the names that lead there for people."""
    names = trail(structure, issue.path)
    return replace(issue, path=path, slots={**issue.slots, "trail": names} if names else issue.slots)


def _completed(record: Record | None, known: Mapping[str, Any]) -> Record | None:
    """The record with the given facts in place of its placeholders."""
    if record is None or not known:
        return record
    kept = [name for name in record.envelope.get("placeholders", ()) if name not in known]
    envelope = {**record.envelope, **known, "placeholders": kept}
    if not kept:
        del envelope["placeholders"]
    return replace(record, envelope=envelope)


def _placed(known: Format, parsed: Parsed, issues: Iterable[Issue], decoded: Decoded) -> Iterator[Issue]:
    """The issues at their places in the document that was read."""
    for issue in issues:
        place = known.origin(parsed, decoded, issue.path)
        yield issue.moved(place.path, place.line, place.column)


def _told(known: Format, parsed: Parsed, issues: list[Issue], options: Options) -> list[Issue]:
    """The issues with what their format adds to a place: the column in XML, the expression in FHIR."""
    if known.media_type == "application/fhir+json":
        return told_by_expression(parsed.tree, issues, options)
    if not issues or isinstance(parsed.tree, (dict, list)):
        return issues
    places = positions(parsed.data, frozenset(issue.line for issue in issues if issue.line is not None))
    return [_with_column(issue, places.get(issue.path)) for issue in issues]


def _with_column(issue: Issue, place: tuple[int, int] | None) -> Issue:
    if place is None or issue.column is not None or issue.line != place[0]:
        return issue
    return replace(issue, column=place[1])


def _once(issues: list[Issue]) -> list[Issue]:
    """Each finding once. Where the form has an error, what a later layer says of the same place is left out."""
    broken = {place for issue in issues if issue.rule.id in _FORM_RULES for place in _spoilt(issue)}
    kept: dict[tuple[str, str, int | None], Issue] = {}
    for issue in issues:
        if issue.rule.id in _FORM_RULES or issue.path not in broken:
            kept.setdefault((issue.rule.id, issue.path, issue.line), issue)
    return list(kept.values())


def _spoilt(issue: Issue) -> Iterator[str]:
    """The place of an error, and that of the answer whose one value it is."""
    yield issue.path
    above = issue.path.rpartition("/")[0]
    if "/answer/" in above[-12:]:
        yield above


def _unknown(data: bytes, limits: Limits) -> list[Issue]:
    """Why a document is of no known format: it is unreadable, or it is something else."""
    start = data.lstrip()[:1]
    parse = xml_text.parse if start == b"<" else json_text.parse
    tree, issues = parse(data, limits)
    if tree is None and (start in (b"<", b"{", b"[", b"") or data.startswith(_OTHER_ENCODINGS)):
        return issues
    if len(data) > limits.size:
        return issues
    allowed = ", ".join(sorted(known.name for known in FORMATS))
    return [_RULES["document_format_is_known"].at(allowed=allowed)]
