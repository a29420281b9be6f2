"""Seeds the sixteen faults in a valid resource, each at every kind of place where the resource gives it room."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.fhir_definitions import Definitions
from schemas.json_text import parse
from validators.fhir.shapes import Member, Shape, shape_of_type

__all__ = ["FAULTS", "Seeded", "example", "examples", "seeded"]

_FOLDER = Path(__file__).parent / "resources"
_SCRIPT = '<div xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></div>'
_PERIOD = {"start": "2026-12-31", "end": "2026-01-01"}
_INVARIANTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "Appointment": lambda node: node.pop("end"),
    "AuditEvent": lambda node: node["entity"][0].update(query="e30="),
    "Bundle": lambda node: node.pop("timestamp"),
    "CapabilityStatement": lambda node: node.pop("implementation"),
    "CarePlan": lambda node: node["activity"][1].update(reference={"reference": "Task/1"}),
    "CareTeam": lambda node: node["contained"][0].update(id="toinen"),
    "Composition": lambda node: node["section"][0].update(emptyReason={"text": "tyhjä"}),
    "ClinicalImpression": lambda node: node.update(
        contained=[{"resourceType": "Organization", "id": "o", "name": "x"}]
    ),
    "Condition": lambda node: node.update(abatementDateTime="2026-01-01"),
    "Consent": lambda node: node.pop("policy"),
    "DocumentReference": lambda node: node["content"][0]["attachment"].pop("contentType"),
    "Encounter": lambda node: node["identifier"][0].update(assigner={"reference": "#poissa"}),
    "Goal": lambda node: node["target"][0].pop("measure"),
    "Observation": lambda node: node.update(dataAbsentReason={"text": "ei tiedossa"}),
    "OperationOutcome": lambda node: node.update(contained=[{"resourceType": "Organization", "id": "o", "name": "x"}]),
    "Organization": lambda node: [node.pop(key) for key in ("identifier", "name")],
    "Parameters": lambda node: node["parameter"][1].pop("valueDateTime"),
    "Patient": lambda node: node["contact"][0].pop("name"),
    "Practitioner": lambda node: node.update(telecom=[{"value": "+358000000000"}]),
    "PractitionerRole": lambda node: node.update(telecom=[{"value": "+358000000000"}]),
    "Provenance": lambda node: node["agent"][0].update(who={"reference": "#poissa"}),
    "Questionnaire": lambda node: node["item"][0].update(item=[]),
    "QuestionnaireResponse": lambda node: node["item"][0].update(answer=[{"valueBoolean": True}]),
    "RelatedPerson": lambda node: node.update(telecom=[{"value": "+358000000000"}]),
    "ServiceRequest": lambda node: node.pop("code"),
    "Task": lambda node: node.update(lastModified="2020-01-01T00:00:00Z"),
}
"""How an invariant of each type is broken; Binary has none."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """One damaged copy. `rule`: the one that must be told, at `place`."""

    fault: str
    place: str
    resource: Any
    rule: str


_Path = tuple[str | int, ...]
_Site = tuple[_Path, Member | None, Any]


def examples() -> tuple[str, ...]:
    """The resource types that the service uses, each with a valid example."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


def example(name: str) -> dict[str, Any]:
    """The valid example of a type."""
    value, issues = parse((_FOLDER / f"{name}.json").read_bytes())
    assert not issues
    return dict(value)


def seeded(resource: dict[str, Any], definitions: Definitions) -> Iterator[Seeded]:
    """Every damaged copy of a resource."""
    sites = list(_sites(resource, definitions))
    for fault, (damage, rule) in FAULTS.items():
        for place, copied in damage(resource, sites, definitions):
            yield Seeded(fault, place, copied, rule)


def _sites(resource: dict[str, Any], definitions: Definitions) -> Iterator[_Site]:
    """Every value of a resource with what its definition says of it."""
    yield (), None, resource
    shape = shape_of_type(definitions, str(resource["resourceType"]))
    assert shape is not None
    yield from _members(resource, shape, (), definitions)


def _members(node: dict[str, Any], shape: Shape, path: _Path, definitions: Definitions) -> Iterator[_Site]:
    for key, value in node.items():
        member = shape.members[key]
        for step, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
            here = (*path, key) if step is None else (*path, key, step)
            yield here, member, one
            if isinstance(one, dict):
                name = str(one.get("resourceType") or member.type.code)
                inner = member.inner or shape_of_type(definitions, name)
                assert inner is not None
                yield from _members(one, inner, here, definitions)


def _shape(path: _Path, resource: Any, definitions: Definitions, member: Member | None) -> Shape:
    node = _at(resource, path)
    name = str(node.get("resourceType") or (member.type.code if member else ""))
    shape = (member.inner if member else None) or shape_of_type(definitions, name)
    assert shape is not None
    return shape


def _at(resource: Any, path: _Path) -> Any:
    for step in path:
        resource = resource[step]
    return resource


def _changed(resource: Any, path: _Path, change: Callable[[Any, Any], None]) -> tuple[str, Any]:
    """A copy in which the value at a path has been changed. In: `change` is given the parent and the last step."""
    copied = copy.deepcopy(resource)
    change(_at(copied, path[:-1]), path[-1])
    return "/" + "/".join(map(str, path)), copied


def _put(value: Any) -> Callable[[Any, Any], None]:
    def change(parent: Any, step: Any) -> None:
        parent[step] = value

    return change


_Copies = Iterator[tuple[str, Any]]


def _primitives(sites: list[_Site], *codes: str) -> list[_Site]:
    return [s for s in sites if s[1] is not None and s[1].kind == "primitive" and s[1].type.code in codes]


def _missing(resource: Any, sites: list[_Site], definitions: Definitions) -> _Copies:
    for path, member, value in sites:
        if not isinstance(value, dict):
            continue
        for name, _, keys in _shape(path, resource, definitions, member).required:
            present = [key for key in keys if key in value]
            copied = copy.deepcopy(resource)
            for key in present:
                del _at(copied, path)[key]
            if _at(copied, path) and name != "url":
                yield f"{'/'.join(map(str, path))} without {name}", copied


def _bad_code(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, member, _value in _primitives(sites, "code"):
        if member is not None and member.element.binding and member.element.binding.strength == "required":
            yield _changed(resource, path, _put("ei-ole"))


def _bad_form(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, _m, _value in _primitives(sites, "date", "dateTime", "instant"):
        yield _changed(resource, path, _put("2.11.2026"))


def _impossible_date(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, member, _value in _primitives(sites, "date", "dateTime", "instant"):
        instant = member is not None and member.type.code == "instant"
        yield _changed(resource, path, _put("2026-02-30T10:00:00Z" if instant else "2026-02-30"))


def _unknown(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, _m, value in sites:
        if isinstance(value, dict):
            yield _changed(resource, (*path, "eiOle"), _put("x"))


def _wrong_json_type(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, member, value in sites:
        if member is not None and member.kind == "primitive":
            yield _changed(resource, path, _put(1 if isinstance(value, str) else str(value).lower()))


def _object_for_array(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, _m, value in sites:
        if path and path[-1] == 0:
            yield _changed(resource, path[:-1], _put(value))


def _own_invariant(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    damage = _INVARIANTS.get(resource["resourceType"])
    if damage is not None:
        copied = copy.deepcopy(resource)
        damage(copied)
        yield "", copied


def _period(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, member, _value in sites:
        if member is not None and member.type.code == "Period":
            yield _changed(resource, path, _put(_PERIOD))


def _wrong_target(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, member, _value in sites:
        if member is None or member.type.code != "Reference":
            continue
        targets = member.type.targets
        if targets and not any(target.endswith(("/Resource", "/Substance")) for target in targets):
            yield _changed(resource, path, _put({"reference": "Substance/1"}))


def _script(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, member, _value in sites:
        if member is not None and member.kind == "xhtml":
            yield _changed(resource, path, _put(_SCRIPT))


def _bad_id(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, member, _value in sites:
        if member is not None and member.key == "id" and member.type.code == "id":
            yield _changed(resource, path, _put("ei kelpaa_"))


def _two_choices(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, member, _value in sites:
        if member is None or not member.choice or member.kind == "shadow":
            continue
        stem = member.choice.removesuffix("[x]")
        others = [suffix for suffix in _OTHER if suffix in _suffixes(member) and stem + suffix != member.key]
        for suffix in others[:1]:
            yield _changed(resource, (*path[:-1], stem + suffix), _put(_OTHER[suffix]))


_OTHER: dict[str, Any] = {
    "Boolean": True,
    "Period": {"start": "2026-01-01"},
    "String": "x",
    "Reference": {"display": "x"},
    "CodeableConcept": {"text": "x"},
    "DateTime": "2026-01-01",
}


def _suffixes(member: Member) -> set[str]:
    return {ref.code[:1].upper() + ref.code[1:] for ref in member.element.types}


def _empty_string(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, _m, _value in _primitives(sites, "string", "code", "uri", "markdown", "dateTime"):
        yield _changed(resource, path, _put(""))


def _same_address(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    entries = [{"fullUrl": "https://sote.example/fhir/x/1", "resource": {**resource, "id": n}} for n in ("1", "1")]
    yield "", {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _empty_object(resource: Any, sites: list[_Site], _: Definitions) -> _Copies:
    for path, _m, value in sites:
        if path and isinstance(value, dict) and "resourceType" not in value:
            yield _changed(resource, path, _put({}))


_Damage = Callable[[Any, list[_Site], Definitions], _Copies]

FAULTS: dict[str, tuple[_Damage, str]] = {
    "mandatory element missing": (_missing, "fhir_element_is_present"),
    "code outside its required value set": (_bad_code, "fhir_code_is_in_its_required_value_set"),
    "date of a wrong form": (_bad_form, "fhir_value_has_its_form"),
    "date that is not in the calendar": (_impossible_date, "fhir_date_is_in_the_calendar"),
    "unknown element": (_unknown, "fhir_element_is_known"),
    "wrong JSON type": (_wrong_json_type, "fhir_value_has_its_json_type"),
    "object in place of an array": (_object_for_array, "fhir_element_is_an_array"),
    "invariant of the type broken": (_own_invariant, "fhir_invariant_holds"),
    "period that ends before it starts": (_period, "fhir_invariant_holds"),
    "reference to a wrong type": (_wrong_target, "fhir_reference_leads_to_an_allowed_type"),
    "script in the narrative": (_script, "fhir_narrative_holds_only_what_is_allowed"),
    "bad id": (_bad_id, "fhir_value_has_its_form"),
    "two values of a choice": (_two_choices, "fhir_choice_has_one_value"),
    "empty text": (_empty_string, "fhir_value_is_not_empty"),
    "two entries of one address": (_same_address, "fhir_invariant_holds"),
    "empty object": (_empty_object, "fhir_element_has_content"),
}
"""Each fault with the rule that tells it."""
