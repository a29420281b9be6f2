"""Judges a FHIR resource of any type, in JSON or XML, by R4, by its profiles and by those that a caller names.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import orjson

from interop.documents.examined import Examined, Options
from interop.documents.layers import states
from interop.documents.strictness import weighed
from mappings.formats.fhir_reading import is_document_xml, is_fhir_xml, parse_fhir, place_in_fhir
from schemas.fhir_definitions import Definitions, shipped_definitions
from schemas.issues import Issue, rules_in
from validators.fhir import Options as FhirOptions
from validators.fhir import validate
from validators.fhir.expressions import expression_at
from validators.fhir_structure import check_fhir_structure

__all__ = ["examine_resource", "examine_tree", "is_resource", "resource_issues", "told_by_expression"]

_RULES = rules_in("validators")


def is_resource(data: bytes) -> bool:
    """True for bytes that hold a FHIR resource which is no document Bundle."""
    if is_fhir_xml(data):
        return not is_document_xml(data)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        return False
    try:
        value = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return False
    return isinstance(value.get("resourceType"), str) and not _is_document(value)


def _is_document(value: Mapping[str, Any]) -> bool:
    return value["resourceType"] == "Bundle" and value.get("type") == "document"


def examine_resource(data: bytes, options: Options) -> Examined:
    """All findings about a resource, at their places in the bytes."""
    parsed = parse_fhir(data, options.limits, definitions_of(options))
    if parsed.tree is None:
        return _examined("", parsed.issues, options)
    found = resource_issues(parsed.tree, options)
    places = [(issue, place_in_fhir(data, issue.path)) for issue in found]
    issues = [*parsed.issues, *(issue.moved(place.path, place.line, place.column) for issue, place in places)]
    return _examined(str(parsed.tree.get("resourceType", "Resource")), issues, options)


def examine_tree(resource: Mapping[str, Any], options: Options) -> Examined:
    """All findings about a resource that has been read already, at JSON Pointers without lines."""
    return _examined(str(resource.get("resourceType", "Resource")), resource_issues(resource, options), options)


def resource_issues(resource: Any, options: Options) -> list[Issue]:
    """What our validator says by the definitions at hand; without the core package, what fhir.resources says."""
    definitions = definitions_of(options)
    if definitions.resource_type("CarePlan") is None:
        return [*check_fhir_structure(resource), _RULES["fhir_core_package_is_at_hand"].at()]
    return validate(resource, definitions, options.profiles, FhirOptions(closed=options.strictness == "strict"))


def told_by_expression(tree: Any, issues: Collection[Issue], options: Options) -> list[Issue]:
    """The issues of a FHIR document, each with the FHIRPath expression of its place where that can be said."""
    if not isinstance(tree, Mapping):
        return list(issues)
    definitions = definitions_of(options)
    return [
        issue
        if "expression" in issue.slots or not issue.path.startswith("/") or _is_xpath(issue.path)
        else replace(issue, slots={**issue.slots, "expression": expression_at(definitions, tree, issue.path)})
        for issue in issues
    ]


def _is_xpath(path: str) -> bool:
    """True for a place in XML: it begins with the name of a resource, and the elements of resources are lower case."""
    return path[1:2].isupper()


def definitions_of(options: Options) -> Definitions:
    """The definitions to judge by."""
    return options.definitions or _shipped()


@cache
def _shipped() -> Definitions:
    """The definitions of this installation, opened once; they load what is asked for."""
    return shipped_definitions()


def _examined(resource: str, issues: list[Issue], options: Options) -> Examined:
    issues = weighed(issues, options.strictness)
    read = bool(resource)
    found = states("resource", issues, options.layers, is_read=read, has_record=read)
    return Examined("fhir", None, [one for one in issues if one.rule.layer in options.layers], found, resource)
