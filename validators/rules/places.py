"""The model of a conditional rule at its places, and the reader of the catalogues' language.

The language is described in `validators.rules`. Source: THL Sosmeta, implementation notes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from schemas.issues import LANGUAGES, SEVERITIES, Rule
from schemas.structures import PREFIX, Structure

__all__ = ["EVERYWHERE", "Assertion", "Condition", "Place", "Reference", "names_of", "places_in_text"]

EVERYWHERE = "**"
"""The group of a place that is every group which has its fields."""

Assertion = Literal[
    "only_if", "not_if", "required_if", "required_unless", "repeats_only_if", "one_of", "between", "sum_of"
]
_ASSERTIONS: tuple[Assertion, ...] = get_args(Assertion)
_CONDITIONAL = frozenset(("only_if", "not_if", "required_if", "required_unless", "repeats_only_if"))
_REQUIRING = frozenset(("required_if", "required_unless", "one_of"))
_KEYS = frozenset((*_ASSERTIONS, "structure", "field", "unless", "unless_beside"))
_TESTS = frozenset(("field", "code", "value", "at_most"))


@dataclass(frozen=True, slots=True)
class Reference:
    """A way from a group to a field: `up` so many groups (None: to the root), then `down` by property names."""

    up: int | None
    down: tuple[str, ...]

    def from_group(self, group: tuple[str, ...]) -> tuple[str, ...] | None:
        """The path of the field seen from the root, or None when the way leads above the root."""
        if self.up is None:
            return self.down
        return (*group[: len(group) - self.up], *self.down) if self.up <= len(group) else None


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when one of the fields meets the test; with no test, when one of them is recorded."""

    fields: tuple[Reference, ...]
    codes: frozenset[str] | None = None
    value: bool | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One rule at one field of some structures. `path` is the field's, for `one_of` the path of the group."""

    rule: Rule
    structures: tuple[str, ...]
    path: tuple[str, ...]
    assertion: Assertion
    condition: Condition | None = None
    others: tuple[tuple[str, ...], ...] = ()
    bounds: tuple[float | None, float | None] = (None, None)
    unless_beside: tuple[str, ...] = ()
    exception: Condition | None = None

    def is_for(self, structure: Structure) -> bool:
        """True when the place is one of this structure's, by its code, its code and version, or its OID."""
        return "*" in self.structures or not names_of(structure).isdisjoint(self.structures)

    def group_of(self, target: tuple[str, ...]) -> tuple[str, ...]:
        """The path of the group in which the judged fields of a target stand."""
        return target if self.assertion == "one_of" else target[:-1]

    def targets(self, structure: Structure) -> Iterator[tuple[str, ...]]:
        """The paths that the place means in a structure: its own, or for `**` each group that has the fields."""
        if self.path != (EVERYWHERE,):
            yield self.path
            return
        for path, children in [((), structure.fields), *((f.path, f.children) for f in structure if f.is_group)]:
            conditional = {child.key for child in children if child.conditional}
            if all(other[0] in conditional for other in self.others) and conditional.isdisjoint(self.unless_beside):
                yield path


def names_of(structure: Structure) -> frozenset[str]:
    """What a rule may call a structure. One that is not of THL's branch has its OID alone."""
    system, *tail = structure.oid.removeprefix(PREFIX).split(".")
    if not structure.oid.startswith(PREFIX) or not tail:
        return frozenset((structure.oid,))
    codes = (tail[0], f"{system}.{tail[0]}")
    version = ".".join(tail[1:])
    return frozenset((structure.oid, *codes, *(f"{code}@{version}" for code in codes)))


def places_in_text(text: str) -> list[Place]:
    """The places that one catalogue names. Raises: KeyError, ValueError for a broken one."""
    return [
        place
        for rule_id, entry in tomllib.loads(text).items()
        for at in entry.get("at", [{}])
        for place in _places(rule_id, {**entry, **at})
    ]


def _places(rule_id: str, entry: Mapping[str, Any]) -> Iterator[Place]:
    assertions = [name for name in _ASSERTIONS if name in entry]
    unknown = set(entry) - _KEYS - {"at", "severity", "source", *LANGUAGES}
    if len(assertions) != 1 or unknown:
        raise ValueError(f"Rule {rule_id} does not make exactly one assertion in known words.")
    name = assertions[0]
    said = entry[name]
    low, high = said if name == "between" else ("-", "-")
    for path in _texts(entry.get("field", "")):
        yield Place(
            rule=_rule(rule_id, entry, name),
            structures=_texts(entry["structure"]),
            path=_path(path),
            assertion=name,
            condition=_condition(rule_id, said) if name in _CONDITIONAL else None,
            others=tuple(_path(other) for other in said) if name in ("one_of", "sum_of") else (),
            bounds=(None if low == "-" else float(low), None if high == "-" else float(high)),
            unless_beside=_texts(entry.get("unless_beside", [])),
            exception=_condition(rule_id, entry["unless"]) if "unless" in entry else None,
        )


def _rule(rule_id: str, entry: Mapping[str, Any], assertion: Assertion) -> Rule:
    if entry["severity"] not in SEVERITIES:
        raise ValueError(f"Rule {rule_id} names a severity that does not exist.")
    code = "required" if assertion in _REQUIRING else "business-rule"
    message = {language: entry[language] for language in LANGUAGES}
    return Rule(rule_id, "rules", entry["severity"], code, message, entry["source"])


def _condition(rule_id: str, said: Mapping[str, Any]) -> Condition:
    if set(said) - _TESTS or len(said) > 2:
        raise ValueError(f"Rule {rule_id} has a condition with more than one test, or one that is not known.")
    codes = frozenset(_texts(said["code"])) if "code" in said else None
    return Condition(
        tuple(_reference(way) for way in _texts(said["field"])), codes, said.get("value"), said.get("at_most")
    )


def _reference(way: str) -> Reference:
    if way.startswith("/"):
        return Reference(None, _path(way[1:]))
    up = 0
    while way.startswith("../"):
        way, up = way[3:], up + 1
    return Reference(up, _path(way))


def _texts(said: str | list[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.split("/")) if text else ()
