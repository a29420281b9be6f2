"""Judges a content by the conditional rules: what is recorded only if, mandatory if, one of several, within bounds.

The rules are data (`validators.rules`); this is the small interpreter. It reads any JSON whatever: what does not have
the shape of its structure is passed over here, since the schema layer reports it. Every field is visited once per rule.
Source: THL Sosmeta, implementation notes; see `validators.rules` for the language of the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isclose
from types import MappingProxyType
from typing import Any

from schemas.issues import Issue, Slot
from schemas.structures import Structure
from validators.rules import places
from validators.rules.faults import faults_in_structure
from validators.rules.places import Condition, Place, Reference
from validators.rules.values import is_recorded, number_of, reach

__all__ = ["check_conditions"]

_Group = Mapping[str, Any]
_Chain = tuple[_Group, ...]
"""The groups from the root down to one place: the last one holds the judged field."""
_ABSENT: _Group = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Check:
    """A place in one structure: where its groups are, and which of them may be thought empty when they are absent."""

    place: Place
    group: tuple[str, ...]
    may_be_absent: tuple[bool, ...]
    key: str
    slots: Mapping[str, Slot]


class _Identity:
    """A structure as a key of the cache: a structure holds mappings and has no hash of its own."""

    __slots__ = ("structure",)

    def __init__(self, structure: Structure) -> None:
        self.structure = structure

    def __hash__(self) -> int:
        return id(self.structure)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.structure is other.structure


def check_conditions(structure: Structure, content: object) -> list[Issue]:
    """The findings of every conditional rule of the structure. In: a content `{root: {...}}`, right or broken.

    Issues: the ids of the catalogues in `validators/rules`, all of layer `rules`.
    """
    body = content.get(structure.root) if isinstance(content, Mapping) else None
    if not isinstance(body, Mapping):
        return []
    met: _Met = {}
    return [
        Issue(check.place.rule, path, slots=check.slots)
        for check in _checks(_Identity(structure))
        for chain, pointer in _groups(check, body, f"/{structure.root}")
        for path in _broken(check, chain, pointer, met)
    ]


@lru_cache(maxsize=512)
def _checks(key: _Identity) -> tuple[_Check, ...]:
    """The checks of a structure, worked out once. A place that does not fit a version of a structure is left out."""
    structure = key.structure
    return tuple(
        _check(place, target, structure)
        for place in places()
        if place.is_for(structure)
        for target in place.targets(structure)
        if not any(faults_in_structure(place, target, structure))
    )


def _check(place: Place, target: tuple[str, ...], structure: Structure) -> _Check:
    group = place.group_of(target)
    judged = (*group, *place.others[0]) if place.assertion == "one_of" else target
    other = place.condition.fields[0].from_group(group) if place.condition else None
    named = {"field": judged, "group": group, "other": other or ()}
    return _Check(
        place,
        group,
        tuple(_may_be_absent(place, structure, group[:depth]) for depth in range(1, len(group) + 1)),
        target[-1] if target else "",
        {slot: structure.by_path["/".join(path)].label if path else structure.label for slot, path in named.items()},
    )


def _may_be_absent(place: Place, structure: Structure, path: tuple[str, ...]) -> bool:
    """True for a group whose fields are asked for though it is absent: a mere heading over mandatory fields."""
    field = structure.by_path["/".join(path)]
    return place.assertion in ("required_if", "required_unless") and field.kind == "heading" and not field.repeats


def _groups(check: _Check, body: _Group, pointer: str) -> Iterator[tuple[_Chain, str]]:
    """Every group in the content in which the check's field stands or could stand, with its JSON Pointer."""
    found: list[tuple[_Chain, str]] = [((body,), pointer)]
    for key, may_be_absent in zip(check.group, check.may_be_absent, strict=True):
        found = [
            ((*chain, group), f"{pointer}/{key}{index}")
            for chain, pointer in found
            for group, index in _instances(chain[-1], key, may_be_absent=may_be_absent)
        ]
    yield from found


def _instances(group: _Group, key: str, *, may_be_absent: bool) -> Iterator[tuple[_Group, str]]:
    if key not in group:
        if may_be_absent:
            yield _ABSENT, ""
        return
    value = group[key]
    if isinstance(value, Mapping):
        yield value, ""
    elif isinstance(value, list):
        yield from ((item, f"/{index}") for index, item in enumerate(value) if isinstance(item, Mapping))


_Met = dict[tuple[int, int], bool]
"""The conditions already judged: by the group they start from and the reference. It keeps the cost linear."""


def _broken(check: _Check, chain: _Chain, pointer: str, met: _Met) -> Iterator[str]:
    """The JSON Pointers of the places where the rule is broken in one group."""
    place, group = check.place, chain[-1]
    if place.exception and _holds(place.exception, chain, met):
        return
    if place.assertion == "one_of":
        if not any(is_recorded(value) for other in place.others for value in reach(group, other)):
            yield "/".join((pointer, *place.others[0]))
        return
    value = group.get(check.key)
    if place.condition is None:
        faulty = not (_is_within(value, place.bounds) if place.assertion == "between" else _is_sum(value, group, place))
    else:
        faulty = _is_against_condition(place, value, holds=_holds(place.condition, chain, met))
    if faulty:
        yield f"{pointer}/{check.key}"


def _is_against_condition(place: Place, value: Any, *, holds: bool) -> bool:
    match place.assertion:
        case "only_if":
            return not holds and is_recorded(value)
        case "not_if":
            return holds and is_recorded(value)
        case "required_if":
            return holds and not is_recorded(value)
        case "required_unless":
            return not holds and not is_recorded(value)
        case _:
            return not holds and isinstance(value, list) and len(value) > 1


def _holds(condition: Condition, chain: _Chain, met: _Met) -> bool:
    return any(_meets(condition, reference, chain, met) for reference in condition.fields)


def _meets(condition: Condition, reference: Reference, chain: _Chain, met: _Met) -> bool:
    start = chain[0] if reference.up is None else chain[-1 - reference.up]
    key = (id(start), id(reference))
    if key not in met:
        values = reach(start, reference.down)
        if condition.at_most is not None:
            met[key] = sum(1 for _ in values) <= condition.at_most
        else:
            met[key] = any(_passes(condition, value) for value in values)
    return met[key]


def _passes(condition: Condition, value: Any) -> bool:
    if condition.codes is not None:
        code = value.get("code") if isinstance(value, Mapping) else None
        return isinstance(code, str) and code in condition.codes
    if condition.value is not None:
        return value is condition.value
    return is_recorded(value)


def _is_within(value: Any, bounds: tuple[float | None, float | None]) -> bool:
    number = number_of(value)
    low, high = bounds
    return number is None or ((low is None or low <= number) and (high is None or number <= high))


def _is_sum(value: Any, group: _Group, place: Place) -> bool:
    """True also when the number or one of its parts is not recorded: a sum can be judged only when all are."""
    total = number_of(value)
    parts = [number_of(part) for other in place.others for part in reach(group, other)]
    known = [part for part in parts if part is not None]
    return total is None or len(known) != len(place.others) or isclose(total, sum(known))
