"""The validator judges any JSON: it never raises, never tells a value, and leaves its input alone."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.fhir_definitions import Definitions
from schemas.issues import LANGUAGES
from tests.fhir.seeding import example, examples
from validators.fhir import Options, validate

_SECRET = "Salainen-010280-952L"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceType",
                    "id",
                    "entry",
                    "resource",
                    "extension",
                    "url",
                    "reference",
                    "contained",
                    "item",
                    "meta",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A valid example in which some values have been replaced by others."""
    resource = copy.deepcopy(example(draw(st.sampled_from(examples()))))
    for _ in range(draw(st.integers(1, 4))):
        node: Any = resource
        while True:
            steps = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not steps:
                break
            step = draw(st.sampled_from(steps))
            if isinstance(node[step], (dict, list)) and node[step] and draw(st.booleans()):
                node = node[step]
                continue
            node[step] = draw(json_values)
            break
    return resource


@given(value=json_values)
def test_any_json_is_judged(definitions: Definitions, value: Any) -> None:
    validate(value, definitions)


@given(value=damaged())
def test_any_damage_is_judged(definitions: Definitions, value: Any) -> None:
    before = copy.deepcopy(value)
    for issue in validate(value, definitions, options=Options(closed=True)):
        assert all(issue.message(language) for language in LANGUAGES)
    assert value == before


@given(name=st.sampled_from(examples()))
def test_no_value_is_told(definitions: Definitions, name: str) -> None:
    """Every text and number is a secret; keys are not values, though they show in paths."""

    def hidden(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: one if key == "resourceType" else hidden(one) for key, one in node.items()}
        return [hidden(one) for one in node] if isinstance(node, list) else _SECRET

    issues = validate(hidden(example(name)), definitions)
    assert issues
    assert _SECRET not in json.dumps([issue.as_json() for issue in issues], ensure_ascii=False)


def test_number_of_findings_is_bounded(definitions: Definitions) -> None:
    resource = {"resourceType": "Patient", **{f"x{n}": 1 for n in range(10_000)}}
    assert len(validate(resource, definitions)) == 500


def test_hostile_bundle_costs_little(definitions: Definitions) -> None:
    """Many entries of one address, each with many references to it and to what it contains."""
    references = [{"reference": "urn:uuid:1"}, {"reference": "#1"}] * 10
    inner = [{"resourceType": "Patient", "id": str(n)} for n in range(100)]
    resource = {"resourceType": "CareTeam", "contained": inner, "managingOrganization": references}
    entries = [{"fullUrl": "urn:uuid:1", "resource": resource} for _ in range(200)]
    assert validate({"resourceType": "Bundle", "type": "collection", "entry": entries}, definitions)
