"""Every rule has an example that passes it, and what is a whole document really does."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from interop.cli.rule_examples import rule_examples
from interop.cli.rule_pages import all_rules
from interop.documents import Options, examine


def resource(example: str) -> Mapping[str, object] | None:
    """The FHIR resource that an example is, if it is one in full."""
    try:
        value = json.loads(example)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and "resourceType" in value else None


RESOURCES = {rule: example for rule, example in rule_examples().items() if resource(example)}


def test_every_rule_has_an_example() -> None:
    assert rule_examples().keys() == all_rules().keys()
    assert len(RESOURCES) > 40


@pytest.mark.parametrize("rule", RESOURCES)
def test_a_resource_that_is_an_example_passes_its_rule(rule: str) -> None:
    examined = examine(RESOURCES[rule].encode(), None, Options(strictness="strict"))
    assert rule not in {issue.rule.id for issue in examined.issues}
    assert examined.valid
