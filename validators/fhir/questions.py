"""The items of a Questionnaire in a handy form, and whether the answers so far enable one.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/questionnaire.html; SDC 3.0.0 (minQuantity, maxQuantity)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from validators.fhir.values import equals, matches

__all__ = ["Question", "answers_of", "is_enabled", "questions_of", "value_of"]

_HL7 = "http://hl7.org/fhir/StructureDefinition/"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Question:
    """One item of a questionnaire."""

    node: Mapping[str, Any]
    items: tuple[Question, ...]

    @property
    def link_id(self) -> str:
        """The id that answers name."""
        return str(self.node.get("linkId"))

    @property
    def type(self) -> str:
        """The type of item, such as `group` or `choice`."""
        return str(self.node.get("type"))

    @property
    def required(self) -> bool:
        """True when it must be answered."""
        return self.node.get("required") is True

    @property
    def repeats(self) -> bool:
        """True when it may be answered more than once."""
        return self.node.get("repeats") is True

    def extensions(self, name: str) -> list[Any]:
        """The values of an extension of HL7 or of SDC, by the end of its URL."""
        several = self.node.get("extension")
        wanted = (_HL7 + name, _SDC + name)
        found = [one for one in several if isinstance(one, dict)] if isinstance(several, list) else []
        return [value_of(one)[1] for one in found if one.get("url") in wanted]

    def number(self, name: str) -> Decimal | None:
        """The value of an extension that holds a number."""
        for value in self.extensions(name):
            if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
                return Decimal(str(value))
        return None


def questions_of(node: Mapping[str, Any]) -> tuple[Question, ...]:
    """The items of a questionnaire or of one of its items."""
    several = node.get("item")
    items = [one for one in several if isinstance(one, dict)] if isinstance(several, list) else []
    return tuple(Question(one, questions_of(one)) for one in items)


def value_of(node: Mapping[str, Any], stem: str = "value") -> tuple[str, Any]:
    """The type, as the JSON name spells it, and the value of `value[x]`; empty and None when there is none."""
    for key, value in node.items():
        if key.startswith(stem) and key[len(stem) : len(stem) + 1].isupper():
            return key[len(stem) :], value
    return "", None


def answers_of(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The answers of an item of a response."""
    several = item.get("answer")
    return [one for one in several if isinstance(one, dict)] if isinstance(several, list) else []


def is_enabled(question: Question, response: Mapping[str, Any]) -> bool | None:
    """Whether the answers of a response enable a question; None when that cannot be said."""
    conditions = question.node.get("enableWhen")
    if not isinstance(conditions, list) or not conditions:
        return True
    verdicts = [_condition_holds(one, response) for one in conditions if isinstance(one, dict)]
    if None in verdicts:
        return None
    return all(verdicts) if question.node.get("enableBehavior") == "all" else any(verdicts)


def _condition_holds(condition: Mapping[str, Any], response: Mapping[str, Any]) -> bool | None:
    _, wanted = value_of(condition, "answer")
    found = [
        value_of(answer)[1]
        for item in _all_items(response)
        if item.get("linkId") == condition.get("question")
        for answer in answers_of(item)
    ]
    match condition.get("operator"):
        case "exists":
            return bool(found) is wanted if isinstance(wanted, bool) else None
        case "=":
            return any(_same(value, wanted) for value in found)
        case "!=":
            return any(not _same(value, wanted) for value in found)
        case (">" | "<" | ">=" | "<=") as operator:
            return any(_COMPARE[operator](value, wanted) for value in found if type(value) is type(wanted))
    return None


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(value, dict):
        telling = {key: wanted[key] for key in ("system", "code", "value", "reference") if key in wanted}
        return matches(value, telling or wanted)
    return equals(value, wanted)


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": lambda value, wanted: bool(value > wanted),
    "<": lambda value, wanted: bool(value < wanted),
    ">=": lambda value, wanted: bool(value >= wanted),
    "<=": lambda value, wanted: bool(value <= wanted),
}


def _all_items(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every item below a node of a response, in order."""
    for key in ("item", "answer"):
        several = node.get(key)
        for one in several if isinstance(several, list) else ():
            if isinstance(one, dict):
                if key == "item":
                    yield one
                yield from _all_items(one)
