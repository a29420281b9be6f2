"""The Questionnaire of a structure with the conditional rules that FHIR can express."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.questionnaire import EnableWhen, questionnaire_of
from schemas.structures import Structure
from validators.rules import places
from validators.rules.places import Place

__all__ = ["conditions_of", "questionnaire_for"]


def questionnaire_for(structure: Structure) -> dict[str, Any]:
    """The Questionnaire resource of a structure, its conditions taken from the rules."""
    return questionnaire_of(structure, conditions_of(structure))


def conditions_of(structure: Structure) -> Iterator[EnableWhen]:
    """The rules of a structure that say when a field is asked for at all."""
    for place in places():
        if place.assertion in ("only_if", "not_if") and place.rule.severity == "error" and place.is_for(structure):
            yield from _conditions(place, structure)


def _conditions(place: Place, structure: Structure) -> Iterator[EnableWhen]:
    condition = place.condition
    # How often another field repeats cannot be asked in FHIR.
    if condition is None or condition.at_most is not None:
        return
    answers: tuple[str | bool, ...] = tuple(sorted(condition.codes or ()))
    if condition.value is not None:
        answers = (condition.value,)
    for path in place.targets(structure):
        asked = (way.from_group(path[:-1]) for way in condition.fields)
        questions = tuple(question for question in asked if question is not None)
        if "/".join(path) in structure.by_path:
            yield EnableWhen(path, questions, answers, negated=place.assertion == "not_if")
