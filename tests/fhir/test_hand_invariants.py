"""Each function that stands for an invariant says what FHIRPath says of the same node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.fhir_definitions import Definitions
from tests.fhir.seeding import example, examples, seeded
from validators.fhir.elements import Constraint, Element, element_tree
from validators.fhir.hand_invariants import BY_HAND, NEEDS
from validators.fhir.invariants import evaluated
from validators.fhir.references import check_references
from validators.fhir.scope import Options, Run, Scope
from validators.fhir.shapes import Shape, shape_of_type

_CODED = {"coding": [{"system": "urn:x", "code": "x"}]}
_OTHERWISE = {
    "htmlChecks()": "judged by the narrative's own module",
    "enableWhen.count() > 2 implies enableBehavior.exists()": "R4's text and its expression differ; the text is right",
    "operator = 'exists' implies (answer is Boolean)": "the library does not know `is Boolean` here",
    "probability is decimal implies (probability as decimal) <= 100": "the library does not know `is decimal` here",
}
"""Expressions that are deliberately not held to what the library says."""


def _nodes(node: dict[str, Any], shape: Shape, definitions: Definitions) -> Iterator[tuple[Constraint, Any, str]]:
    """Every invariant with each node that it is about, and the name by which FHIRPath knows the node."""
    yield from ((constraint, node, shape.name) for constraint in shape.constraints)
    for key, value in node.items():
        member = shape.members.get(key)
        for one in value if isinstance(value, list) else [value]:
            if member is None or not isinstance(one, dict) or "resourceType" in one:
                continue
            inner = member.inner or shape_of_type(definitions, member.type.code)
            yield from ((constraint, one, member.type.code) for constraint in member.constraints)
            if inner is not None:
                yield from _nodes(one, inner, definitions)


@pytest.mark.parametrize("name", examples())
def test_function_says_what_fhirpath_says(name: str, definitions: Definitions) -> None:
    shape = shape_of_type(definitions, name)
    assert shape is not None
    good = example(name)
    damaged = [case.resource for case in seeded(good, definitions) if case.fault in _TELLING]
    compared = 0
    for resource in [good, *damaged[::3]]:
        if resource["resourceType"] != name:
            continue
        run = Run(definitions, Options(), Scope(resource, resource), check_references)
        for constraint, node, type_name in _nodes(resource, shape, definitions):
            function = BY_HAND.get(constraint.expression)
            if function is None or constraint.expression in _OTHERWISE or (name == "Bundle" and "type" not in node):
                continue
            said = evaluated(constraint.expression, node, run, type_name)
            if said is None:
                # The library gives up on `as()` of several nodes, which contained resources bring about.
                assert constraint.key == "dom-3", constraint.expression
                continue
            assert function(node, run.scope) is all(value is not False for value in said), (constraint.key, node)
            assert constraint.needs is None or not node.keys().isdisjoint(constraint.needs) or False not in said
            compared += 1
    assert compared >= 3


def test_what_a_function_needs_is_named_in_its_expression() -> None:
    assert NEEDS.keys() <= BY_HAND.keys()
    assert all(re.search(rf"\b{key}\b", expression) for expression, key in NEEDS.items())


_MORE: tuple[dict[str, Any], ...] = (
    {"resourceType": "Observation", "code": _CODED, "valueString": "x", "component": [{"code": _CODED}]},
    {"resourceType": "Observation", "code": _CODED, "component": [{"code": _CODED, "valueBoolean": True}]},
    {"resourceType": "Observation", "code": _CODED, "valueInteger": 1, "dataAbsentReason": {"text": "x"}},
    {"resourceType": "Observation", "referenceRange": [{"low": {"value": 2}, "age": {"low": {"value": 1}}}]},
    {"resourceType": "Observation", "valueRange": {"low": {"value": 2}, "high": {"value": 1}}},
    {"resourceType": "Observation", "valueQuantity": {"value": 1, "code": "kg"}},
    {"resourceType": "Appointment", "status": "booked", "participant": [{"status": "accepted"}]},
    {"resourceType": "Appointment", "status": "proposed", "start": "2026-01-01T00:00:00Z"},
    {"resourceType": "Appointment", "status": "booked", "cancelationReason": {"text": "x"}},
    {"resourceType": "Appointment", "status": "no-show", "cancelationReason": {"text": "x"}},
    *(
        {"resourceType": "ServiceRequest", "occurrenceTiming": {"repeat": repeat}}
        for repeat in (
            {"duration": -1},
            {"duration": 1, "durationUnit": "h", "durationMax": 2},
            {"period": -1, "periodUnit": "d"},
            {"periodMax": 2, "durationMax": 2, "countMax": 2},
            {"timeOfDay": ["10:00:00"], "when": ["MORN"]},
            {"offset": 10},
            {"offset": 10, "when": ["C"]},
            {"offset": 10, "when": ["AC"]},
        )
    ),
)
"""Resources that break, or nearly break, what the examples give no room for."""


@pytest.mark.parametrize("resource", _MORE, ids=lambda resource: resource["resourceType"])
def test_function_says_it_of_other_types(resource: dict[str, Any], definitions: Definitions) -> None:
    shape = shape_of_type(definitions, resource["resourceType"])
    assert shape is not None
    run = Run(definitions, Options(), Scope(resource, resource), check_references)
    compared = 0
    for constraint, node, type_name in _nodes(resource, shape, definitions):
        function = BY_HAND.get(constraint.expression)
        said = evaluated(constraint.expression, node, run, type_name) if function else None
        if function is not None and said is not None and constraint.expression not in _OTHERWISE:
            assert function(node, run.scope) is all(one is not False for one in said), (constraint.key, node)
            compared += 1
    assert compared >= 6


_TELLING = (
    "mandatory element missing",
    "unknown element",
    "invariant of the type broken",
    "period that ends before it starts",
    "two values of a choice",
)


def test_every_function_stands_for_an_expression_of_r4(definitions: Definitions) -> None:
    known = set()
    for name in _TYPES:
        tree = element_tree(definitions, f"http://hl7.org/fhir/StructureDefinition/{name}")
        assert tree is not None
        known |= {constraint.expression for constraint in _constraints(tree)}
    # The slim definitions leave out ele-1: the walk itself judges it.
    assert set(BY_HAND) - known == {"hasValue() or (children().count() > id.count())"}


_TYPES = (
    *(name for name in examples()),
    *(
        "Appointment",
        "Attachment",
        "ContactPoint",
        "Extension",
        "Narrative",
        "Observation",
        "Period",
        "Quantity",
        "Questionnaire",
    ),
    *("Range", "Reference", "RiskAssessment", "Timing"),
)


def _constraints(element: Element) -> Iterator[Constraint]:
    yield from element.constraints
    for child in element.children.values():
        yield from child.constraints if child.content_reference else _constraints(child)
