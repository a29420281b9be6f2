"""The sixteen faults are found in every resource type that the service uses, wherever they can stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from interop.documents import examine, write
from interop.service.served import TYPES
from schemas.fhir_definitions import Definitions
from schemas.issues import has_errors
from tests.fhir.seeding import FAULTS, example, examples, seeded
from validators.fhir import validate

EXAMPLES = Path(__file__).parents[2] / "examples"
_IMPOSSIBLE = {
    "Binary": {
        "invariant of the type broken": "Binary has no invariant",
        "period that ends before it starts": "Binary has no period",
        "reference to a wrong type": "Binary's one reference may lead anywhere",
        "script in the narrative": "Binary has no narrative",
    },
    "OperationOutcome": {
        "period that ends before it starts": "OperationOutcome has no period",
        "reference to a wrong type": "OperationOutcome has no reference",
    },
}
"""Faults that a type gives no room for, and why."""


def _types_in(node: Any) -> set[str]:
    """The types of all resources within a JSON value."""
    if isinstance(node, dict):
        own = {node["resourceType"]} if isinstance(node.get("resourceType"), str) else set()
        return own.union(*map(_types_in, node.values()))
    return set().union(*map(_types_in, node)) if isinstance(node, list) else set()


def test_every_type_in_use_has_an_example() -> None:
    """In use is what any of our documents becomes in FHIR, what the API serves, and what it answers with."""
    records = [record for path in sorted(EXAMPLES.glob("*.json")) if (record := examine(path.read_bytes()).record)]
    assert len(records) > 5
    written = [write(record, form).data for record in records for form in ("fhir", "omni360", "apotti")]
    used = set().union(*(_types_in(json.loads(data)) for data in written if data))
    answers = {"AuditEvent", "CapabilityStatement", "OperationOutcome", "Parameters"}
    assert used | TYPES.keys() | answers == set(examples())


@pytest.mark.parametrize("name", examples())
def test_example_is_valid(name: str, definitions: Definitions) -> None:
    issues = validate(example(name), definitions)
    assert not [(i.rule.id, i.slots["expression"]) for i in issues if i.rule.severity != "information"]


@pytest.mark.parametrize("name", examples())
def test_every_fault_is_found_at_every_place(name: str, definitions: Definitions) -> None:
    found: dict[str, int] = dict.fromkeys(FAULTS, 0)
    for case in seeded(example(name), definitions):
        issues = validate(case.resource, definitions)
        errors = {issue.rule.id for issue in issues if issue.rule.severity == "error"}
        assert case.rule in errors, (case.fault, case.place, errors)
        found[case.fault] += 1
    impossible = set(_IMPOSSIBLE.get(name, {}))
    assert {fault for fault, number in found.items() if not number} == impossible


def test_the_damage_is_what_is_judged(definitions: Definitions) -> None:
    resource = example("CarePlan")
    assert not has_errors(validate(resource, definitions))
    assert sum(1 for _ in seeded(resource, definitions)) > 100
    assert not has_errors(validate(resource, definitions)), "a case has damaged the example itself"
