"""No definition makes the compiler of profiles fail: what cannot be used is not used, and the resource is judged."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fhir_definitions import Definitions, shipped_definitions
from schemas.fhir_soundness import is_sound
from tests.fhir.seeding import example
from validators.fhir import validate

PACKAGE = Path(__file__).parents[2] / "schemas" / "fhir" / "package"

_PATIENT = "http://hl7.org/fhir/StructureDefinition/Patient"
_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 10**30, 1.5, "", "x", "*", "-1", "Patient.x", "#Patient", "|", _PATIENT),
    *([], {}, [None], [[]], {"a": {}}, [{"code": "Patient"}], [{"code": []}]),
    {"discriminator": [{"type": "value", "path": "resolve()..x"}]},
    {"discriminator": [{"type": "profile", "path": "$this.resolve()"}], "rules": "closed"},
    {"strength": "required", "valueSet": 5},
)


@cache
def definitions() -> Definitions:
    return shipped_definitions()


@cache
def profiles() -> tuple[dict[str, Any], ...]:
    found = [json.loads(path.read_bytes()) for path in sorted(PACKAGE.glob("StructureDefinition-*.json"))]
    return tuple(
        one for one in found if one.get("kind") == "resource" and one["type"] in ("Patient", "CarePlan", "Goal")
    )


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A definition of ours in which some values have been replaced, taken away or doubled."""
    definition = copy.deepcopy(draw(st.sampled_from(profiles())))
    if draw(st.booleans()):
        definition.pop("snapshot", None)
    for _ in range(draw(st.integers(1, 5))):
        node: Any = definition
        while True:
            step = draw(st.sampled_from(list(node) if isinstance(node, dict) else list(range(len(node)))))
            if isinstance(node[step], (dict, list)) and node[step] and draw(st.integers(0, 4)):
                node = node[step]
                continue
            _change(draw, node, step)
            break
        if not definition:
            break
    return {**definition, "resourceType": "StructureDefinition", "url": "urn:test:profile"}


def _change(draw: st.DrawFn, node: Any, step: Any) -> None:
    match draw(st.integers(0, 3)):
        case 0:
            del node[step]
        case 1 if isinstance(node, list):
            node.append(copy.deepcopy(node[step]))
        case _:
            node[step] = copy.deepcopy(draw(st.sampled_from(_VALUES)))


@given(mutated())
def test_any_definition_can_be_judged_by(definition: dict[str, Any]) -> None:
    more = definitions().with_resources([definition])
    for name in ("Patient", "CarePlan", "Goal"):
        validate(example(name), more, ["urn:test:profile"])


@pytest.mark.parametrize(
    "definition",
    [
        {"snapshot": {"element": [{"path": "Patient", "min": "1"}]}},
        {"snapshot": {"element": [{"path": "Patient", "max": "many"}]}},
        {"snapshot": {"element": [{"id": "Patient"}]}},
        {"differential": {"element": [{"path": "Patient", "type": [None]}]}},
        {"differential": {"element": [{"path": "Patient", "slicing": {"discriminator": "value"}}]}},
        {"differential": []},
    ],
)
def test_an_unsound_definition_is_not_used(definition: dict[str, Any]) -> None:
    profile = {
        "resourceType": "StructureDefinition",
        "url": "urn:x",
        "type": "Patient",
        "kind": "resource",
        **definition,
    }
    assert not is_sound(profile)
    issues = validate(example("Patient"), definitions().with_resources([profile]), ["urn:x"])
    assert "fhir_profile_is_at_hand" in {issue.rule.id for issue in issues}


def test_our_own_definitions_are_sound() -> None:
    assert all(is_sound(json.loads(path.read_bytes())) for path in PACKAGE.glob("*.json"))
