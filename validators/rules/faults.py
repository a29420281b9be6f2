"""What is wrong with a rule as it is written: a structure, field or code that does not exist, or that cannot hold.

The language of the rules is described in `validators.rules`. Source: THL Sosmeta, JSON Schema export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.structures import Field, Structure
from validators.rules.places import Condition, Place, names_of

__all__ = ["faults_in_structure", "faults_of_place"]


def faults_of_place(place: Place, structures: Iterable[Structure]) -> list[str]:
    """What is wrong with a place, in English. In: `structures` are all that the place could mean."""
    meant = [structure for structure in structures if place.is_for(structure)]
    names = frozenset[str]().union(*(names_of(structure) for structure in meant)) | {"*"}
    faults = [f"There is no structure {name}." for name in place.structures if name not in names]
    if not any(True for structure in meant for _ in place.targets(structure)):
        faults.append("The rule holds nowhere.")
    for structure in meant:
        for target in place.targets(structure):
            faults += (f"{structure.oid}: {fault}" for fault in faults_in_structure(place, target, structure))
    return faults


def faults_in_structure(place: Place, target: tuple[str, ...], structure: Structure) -> Iterator[str]:
    """What is wrong with one target of a place in one structure, in English; nothing when it can be judged there."""
    field = structure.by_path.get("/".join(target))
    if target and field is None:
        yield f"There is no field {'/'.join(target)}."
        return
    group = place.group_of(target)
    for other in place.others:
        if "/".join((*group, *other)) not in structure.by_path:
            yield f"There is no field {'/'.join((*group, *other))}."
    if field is not None and field.required and place.assertion in ("only_if", "not_if"):
        yield "The structure itself makes the field mandatory, so it cannot be left out."
    if field is not None and place.assertion in ("between", "sum_of") and field.kind not in ("number", "count"):
        yield "The field is no number."
    for condition in filter(None, (place.condition, place.exception)):
        yield from _faults_of_condition(condition, group, structure)


def _faults_of_condition(condition: Condition, group: tuple[str, ...], structure: Structure) -> Iterator[str]:
    for reference in condition.fields:
        path = reference.from_group(group)
        field = structure.by_path.get("/".join(path)) if path else None
        if field is None:
            yield f"The condition names a field that does not exist: {'/'.join(reference.down)}."
        else:
            yield from _faults_of_test(condition, field)


def _faults_of_test(condition: Condition, field: Field) -> Iterator[str]:
    if condition.codes is not None and field.kind != "code":
        yield f"The condition asks for a code of {field.key}, which has none."
    elif condition.codes is not None and field.codes is not None and not condition.codes <= set(field.codes):
        yield f"The condition names a code that the list of {field.key} does not have."
    if condition.value is not None and field.kind != "switch":
        yield f"The condition asks for the value of {field.key}, which is no switch."
    if condition.at_most is not None and not field.repeats:
        yield f"The condition counts {field.key}, which does not repeat."
