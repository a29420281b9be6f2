"""Each rule of FHIR documents is told for a resource that breaks it, and not for one that passes it."""

from __future__ import annotations

import pytest

from schemas.fhir_definitions import Definitions
from schemas.issues import rules_in
from tests.fhir.builders import bundle, element, entry, extended, profile
from tests.fhir.profile_cases import BY_PROFILE
from tests.fhir.rule_cases import RuleCase, fhir_cases, told
from tests.fhir.seeding import example
from validators.fhir import validate


def test_every_rule_has_its_case() -> None:
    assert fhir_cases().keys() == rules_in("validators", "fhir").keys()


@pytest.mark.parametrize("rule", rules_in("validators", "fhir"))
def test_rule(rule: str, definitions: Definitions) -> None:
    case = fhir_cases()[rule]
    assert rule in told(case, case.fails, definitions)
    assert rule not in told(case, case.passes, definitions)


@pytest.mark.parametrize("rule", BY_PROFILE)
def test_profiles_judge_when_they_are_declared_and_only_then(rule: str, definitions: Definitions) -> None:
    asked = fhir_cases()[rule]
    declaring = RuleCase(asked.fails, asked.passes, asked.supporting)
    declared = {**asked.fails, "meta": {"profile": ["urn:x:profile|1.0"]}}
    assert rule in told(declaring, declared, definitions)
    assert rule not in told(declaring, asked.fails, definitions)


def test_slices_of_a_bundle_are_told_apart_by_what_references_lead_to(definitions: Definitions) -> None:
    """A profile that is asked for by its URL sees the whole Bundle, as one that is declared does."""
    inner = profile(
        element("Goal.subject", type=[{"code": "Reference", "targetProfile": ["urn:x:named"]}]),
        of="Goal",
        url="urn:x:goal",
    )
    named = profile(element("Patient.name", min=1), url="urn:x:named")
    by_profile = {"discriminator": [{"type": "profile", "path": "resource"}], "rules": "open"}
    outer = profile(
        element("Bundle.entry", slicing=by_profile),
        element("Bundle.entry:goal", sliceName="goal", min=1),
        element("Bundle.entry:goal.resource", min=1, type=[{"code": "Goal", "profile": ["urn:x:goal"]}]),
        of="Bundle",
    )
    known = definitions.with_resources([inner, named, outer])
    goal = {"fullUrl": "http://x/Goal/g1", "resource": {**example("Goal"), "subject": {"reference": "Patient/1"}}}
    for name, wanted in (([{"text": "x"}], False), (None, True)):
        subject = entry("http://x/Patient/1", id="1", **({"name": name} if name else {"gender": "male"}))
        whole = bundle(goal, subject)
        asked = {issue.rule.id for issue in validate(whole, known, ["urn:x:profile"])}
        assert ("fhir_slice_is_present" in asked) is wanted
        declaring = {issue.rule.id for issue in validate({**whole, "meta": {"profile": ["urn:x:profile"]}}, known)}
        assert ("fhir_slice_is_present" in declaring) is wanted


def test_extensions_may_be_closed(definitions: Definitions) -> None:
    unknown = extended("urn:x:unknown", valueString="x")
    assert "fhir_extension_is_known" not in told(RuleCase(unknown, unknown), unknown, definitions)
