"""Breaks and keeps every rule at every field of every structure it names, with contents made from the structure."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import product
from typing import Any

import pytest

from schemas.issues import LANGUAGES
from schemas.record import envelope_structure
from schemas.structures import Field, Structure, shipped
from validators.conditions import check_conditions
from validators.rules import condition_rules, places
from validators.rules.places import Condition, Place

_STRUCTURES = (*shipped(), envelope_structure())


def _targets(rule: str) -> Iterator[tuple[Place, Structure, tuple[str, ...]]]:
    for place in places():
        for structure in _STRUCTURES if place.rule.id == rule else ():
            if place.is_for(structure):
                yield from ((place, structure, target) for target in place.targets(structure))


def _value(field: Field) -> Any:
    simple: dict[str, Any] = {"switch": True, "count": 3, "number": 3}
    if field.kind == "code":
        return {"system": "s", "code": "x", "display": "x"}
    if field.kind == "identifier":
        return {"value": "x"}
    if field.is_group:
        return {child.key: [_value(child)] if child.repeats else _value(child) for child in field.children}
    return simple.get(field.kind, "x")


def _put(structure: Structure, body: dict[str, Any], path: tuple[str, ...], value: Any = None) -> None:
    """Sets the value at a path, in the first item of every list; without a value, one of the field's kind."""
    at: Any = body
    for depth, key in enumerate(path, start=1):
        field = structure.by_path["/".join(path[:depth])]
        if depth == len(path):
            one = _value(field) if value is None else value
            at[key] = [one] if field.repeats else one
            return
        at = at.setdefault(key, [{}] if field.repeats else {})
        at = at[0] if field.repeats else at


def _pointer(structure: Structure, group: tuple[str, ...], rest: tuple[str, ...]) -> str:
    """The pointer to a place under the first item of every repeating group on the way."""
    steps = [structure.root]
    for depth, key in enumerate(group, start=1):
        steps += [key, "0"] if structure.by_path["/".join(group[:depth])].repeats else [key]
    return "/" + "/".join((*steps, *rest))


def _ensure_group(structure: Structure, body: dict[str, Any], group: tuple[str, ...]) -> None:
    if group:
        _put(structure, body, group, {})


def _meet(structure: Structure, body: dict[str, Any], condition: Condition, group: tuple[str, ...]) -> None:
    """Makes the condition hold; the fields on the way that stand already are kept."""
    path = condition.fields[0].from_group(group)
    assert path is not None
    if condition.codes is not None:
        _put(structure, body, path, {"system": "s", "code": min(condition.codes), "display": "x"})
    elif condition.value is not None:
        _put(structure, body, path, condition.value)
    else:
        _put(structure, body, path)


def _miss(structure: Structure, body: dict[str, Any], condition: Condition, group: tuple[str, ...]) -> None:
    """Makes the condition fail, by another code, the other position of the switch, or one repetition too many."""
    path = condition.fields[0].from_group(group)
    assert path is not None
    if condition.codes is not None:
        _put(structure, body, path, {"system": "s", "code": "no such code", "display": "x"})
    elif condition.value is not None:
        _put(structure, body, path, not condition.value)
    elif condition.at_most is not None:
        body[path[0]] = [{}] * (condition.at_most + 1)


_Judged = Iterator[tuple[dict[str, Any], bool]]
"""Contents, each with whether it breaks the rule at the target."""


def _contents(place: Place, structure: Structure, target: tuple[str, ...]) -> _Judged:
    if place.assertion == "one_of":
        yield from _of_alternatives(place, structure, target)
    elif place.condition is not None:
        yield from _of_condition(place, place.condition, structure, target)
    else:
        yield from _of_numbers(place, structure, target)


def _of_alternatives(place: Place, structure: Structure, group: tuple[str, ...]) -> _Judged:
    body: dict[str, Any] = {}
    _ensure_group(structure, body, group)
    yield body, True
    for other in place.others:
        kept: dict[str, Any] = {}
        _put(structure, kept, (*group, *other))
        yield kept, False


def _of_condition(place: Place, condition: Condition, structure: Structure, target: tuple[str, ...]) -> _Judged:
    """The whole truth table: the condition holds or not, the field is recorded or not."""
    breaking = {
        "only_if": (False, True),
        "not_if": (True, True),
        "required_if": (True, False),
        "required_unless": (False, False),
        "repeats_only_if": (False, True),
    }
    for holds, recorded in product((True, False), repeat=2):
        body: dict[str, Any] = {}
        _ensure_group(structure, body, target[:-1])
        (_meet if holds else _miss)(structure, body, condition, target[:-1])
        if recorded:
            _put(structure, body, target)
            if place.assertion == "repeats_only_if":
                body[target[0]] *= 2
        broken = (holds, recorded) == breaking[place.assertion]
        yield body, broken
        if broken and place.exception:
            excepted = deepcopy(body)
            _meet(structure, excepted, place.exception, target[:-1])
            yield excepted, False


def _of_numbers(place: Place, structure: Structure, target: tuple[str, ...]) -> _Judged:
    low, high = place.bounds
    numbers = {} if low is None else {low: False, low - 1: True}
    numbers |= {} if high is None else {high: False, high + 1: True}
    if place.assertion == "sum_of":
        numbers = {len(place.others): False, len(place.others) + 1: True}
    for number, broken in numbers.items():
        body: dict[str, Any] = {}
        for other in place.others:
            _put(structure, body, (*target[:-1], *other), 1)
        _put(structure, body, target, number)
        yield body, broken


@pytest.mark.parametrize("rule", condition_rules())
def test_rule_holds_wherever_it_is_named(rule: str) -> None:
    tried = 0
    for place, structure, target in _targets(rule):
        group = place.group_of(target)
        rest = place.others[0] if place.assertion == "one_of" else target[-1:]
        expected = _pointer(structure, group, rest)
        for body, broken in _contents(place, structure, target):
            issues = check_conditions(structure, {structure.root: body})
            here = [issue for issue in issues if issue.rule.id == rule and issue.path == expected]
            assert len(here) == int(broken), (structure.oid, target, body)
            assert all(issue.message(language) for issue in here for language in LANGUAGES)
            tried += 1
    assert tried >= 2
