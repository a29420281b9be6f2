"""Every rule of FHIR documents with a resource that breaks it, and one that passes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.fhir_definitions import Definitions, shipped_definitions
from tests.fhir.base_cases import FAILS, PASSES
from tests.fhir.builders import extended, profile, questionnaire, response
from tests.fhir.profile_cases import BY_PROFILE, BY_QUESTION, SUPPORTING
from tests.fhir.seeding import example, seeded
from validators.fhir import Options, validate

__all__ = ["RuleCase", "fhir_cases", "told"]


@dataclass(frozen=True, slots=True)
class RuleCase:
    """`supporting`: definitions beside those of R4. `profiles`: those that are asked for. `closed`: a closed world."""

    fails: Any
    passes: Any
    supporting: tuple[Mapping[str, Any], ...] = ()
    profiles: tuple[str, ...] = ()
    closed: bool = False


def told(case: RuleCase, resource: Any, definitions: Definitions) -> set[str]:
    """The rules that are told of a resource, judged as its case says."""
    known = definitions.with_resources(case.supporting) if case.supporting else definitions
    return {issue.rule.id for issue in validate(resource, known, case.profiles, Options(closed=case.closed))}


@cache
def fhir_cases() -> Mapping[str, RuleCase]:
    """The cases by the id of their rule."""
    unknown = extended("urn:x:unknown", valueString="x")
    return {
        **{rule: RuleCase(fails, PASSES[rule]) for rule, fails in FAILS.items()},
        "fhir_questionnaire_is_at_hand": RuleCase(
            {**response({}), "questionnaire": "urn:x:none"}, response({}), (questionnaire(),)
        ),
        **{
            rule: RuleCase(fails, passes, (profile(*elements), *SUPPORTING), ("urn:x:profile",))
            for rule, (elements, fails, passes) in BY_PROFILE.items()
        },
        **{rule: RuleCase(fails, passes, (asking,)) for rule, (asking, fails, passes) in BY_QUESTION.items()},
        **_seeded(),
        "fhir_extension_is_known": RuleCase(unknown, example("Patient"), closed=True),
    }


def _seeded() -> Mapping[str, RuleCase]:
    """Each rule of a seeded fault: a resource before and after the fault."""
    found: dict[str, RuleCase] = {}
    for name in ("CarePlan", "Patient"):
        for one in seeded(example(name), shipped_definitions()):
            found.setdefault(one.rule, RuleCase(one.resource, example(name)))
    return found
