"""Judges resources and elements by profiles: cardinality, types, fixed values and patterns, bindings, slices.

What R4 itself asks has been judged by then, so only what a profile adds is told here.
Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from validators.fhir.additions import profile_tree
from validators.fhir.bindings import check_binding
from validators.fhir.elements import Element, TypeRef
from validators.fhir.findings import Place
from validators.fhir.invariants import check_constraints
from validators.fhir.scope import Pending, Run
from validators.fhir.slicing import Slicing
from validators.fhir.values import equals, matches

__all__ = ["Occurrence", "apply_profile", "apply_to_declared", "conforms", "occurrences"]

_CORE = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(slots=True, eq=False)
class Occurrence:
    """One value of an element, with its place and the type that its JSON name says. Not frozen, as it is made often."""

    value: Any
    place: Place
    type: TypeRef


def apply_to_declared(run: Run, node: Mapping[str, Any], place: Place) -> None:
    """Judges a resource by the profiles that it declares, and by those that a guide asks of every such resource.

    Issues: fhir_profile_is_at_hand and those of profiles
    """
    meta = node.get("meta")
    declared = meta.get("profile") if isinstance(meta, dict) else None
    for url in run.definitions.everywhere.get(str(node.get("resourceType")), ()):
        apply_profile(run, url, node, place)
    for index, url in enumerate(declared if isinstance(declared, list) else ()):
        if isinstance(url, str):
            here = (((place, "meta", "meta"), "profile", "profile"), index, "")
            apply_profile(run, url, node, place, named_at=here)


def apply_profile(run: Run, url: str, node: Any, place: Place, *, named_at: Place | None = None) -> None:
    """Judges a node by a profile, once. In: `named_at` is the place that names the profile.

    Issues: fhir_profile_is_at_hand, fhir_profile_is_for_this_type, and those of every element of the profile
    """
    key = (id(node), url.partition("|")[0])
    if key in run.applied:
        return
    run.applied.add(key)
    structure = run.definitions.structure(url)
    tree = profile_tree(run.definitions, url) if structure else None
    if structure is None or tree is None:
        run.findings.add("fhir_profile_is_at_hand", named_at or place)
        return
    name = node.get("resourceType") if isinstance(node, dict) else None
    if structure["kind"] == "resource" and name is not None and structure["type"] not in (name, "Resource"):
        if structure["type"] != "DomainResource":
            run.findings.add("fhir_profile_is_for_this_type", named_at or place, profile=_named(url))
        return
    _apply(run, tree, Occurrence(node, place, TypeRef(str(structure["type"]))), url)


def conforms(run: Run, node: Any, url: str) -> bool:
    """True when a node has no error by a profile. A profile that is not at hand cannot be broken."""
    trial = run.trial()
    trial.applied.discard((id(node), url.partition("|")[0]))
    if isinstance(node, dict) and "resourceType" in node:
        trial.scope = run.scope.of(node)
    apply_profile(trial, url, node, (None, "", "$this"))
    trial.settle(trial)
    return not trial.failed


def occurrences(node: Mapping[str, Any], element: Element, place: Place) -> list[Occurrence]:
    """The values that an object has for an element. A primitive that has extensions alone counts as one."""
    found: list[Occurrence] = []
    for key, ref in _keys(node, element) if element.is_choice else element.keys().items():
        value, shadow = node.get(key), node.get("_" + key)
        label = f"{element.name.removesuffix('[x]')}.ofType({ref.code})" if element.is_choice else key
        here = (place, key, label)
        if isinstance(value, list):
            found += [Occurrence(one, (here, index, ""), ref) for index, one in enumerate(value)]
        elif value is not None:
            found.append(Occurrence(value, here, ref))
        elif isinstance(shadow, list):
            found += [Occurrence(None, (here, index, ""), ref) for index, _ in enumerate(shadow)]
        elif shadow is not None:
            found.append(Occurrence(None, here, ref))
    return found


def _keys(node: Mapping[str, Any], element: Element) -> list[tuple[str, TypeRef]]:
    stem = element.name.removesuffix("[x]")
    names = dict.fromkeys(key.removeprefix("_") for key in node)
    allowed = element.keys()
    return [
        (name, allowed.get(name, TypeRef(_type_code(name[len(stem) :]))))
        for name in names
        if name.startswith(stem) and name[len(stem) : len(stem) + 1].isupper()
    ]


def _type_code(suffix: str) -> str:
    """The type that the end of a JSON name means: primitives begin in lower case."""
    lower = suffix[:1].lower() + suffix[1:]
    primitives = (
        "string",
        "code",
        "boolean",
        "integer",
        "decimal",
        "uri",
        "url",
        "date",
        "time",
        "instant",
        "id",
        "oid",
    )
    others = ("dateTime", "base64Binary", "canonical", "markdown", "positiveInt", "unsignedInt", "uuid")
    return lower if lower in primitives or lower in others else suffix


def _apply(run: Run, element: Element, occurrence: Occurrence, profile: str) -> None:
    """Judges one value by an element of a profile."""
    value, place = occurrence.value, occurrence.place
    if element.value is not None and value is not None:
        kind, wanted = element.value
        if not (equals if kind == "fixed" else matches)(value, wanted):
            run.findings.add(f"fhir_value_is_the_{kind}_one", place, profile=_named(profile), element=element.id)
    if element.constraints and value is not None:
        check_constraints(run, element.constraints, value, place, _base_of(element, occurrence))
    if element.binding is not None and element.judges_codes and value is not None:
        check_binding(run, element.binding, value, place)
    if element.bounds or element.longest is not None:
        _check_bounds(run, element, value, place)
    if isinstance(value, dict):
        outer = run.scope
        run.scope = outer.of(value) if "resourceType" in value else outer
        if element.judges_types:
            _apply_types(run, element, occurrence)
        for child in element.adding:
            _apply_child(run, child, value, place, profile)
        run.scope = outer


def _base_of(element: Element, occurrence: Occurrence) -> str:
    """The name by which FHIRPath knows the type of a value: its type, or its path within a backbone element."""
    within = "." not in element.path or occurrence.type.code in ("BackboneElement", "Element")
    return element.path if within else occurrence.type.code


def _apply_types(run: Run, element: Element, occurrence: Occurrence) -> None:
    """Judges a value by the profiles on its type; one of several is enough."""
    if "." not in element.path:
        return
    value, place = occurrence.value, occurrence.place
    name = value.get("resourceType") if isinstance(value.get("resourceType"), str) else None
    if (
        name is not None
        and element.types
        and not any(ref.code in (name, "Resource", "DomainResource") for ref in element.types)
    ):
        run.findings.add("fhir_type_is_allowed", place, expected=", ".join(ref.code for ref in element.types))
        return
    refs = [ref for ref in element.types if ref.code in (occurrence.type.code, name, "Resource")]
    profiles = [url for ref in refs for url in ref.profiles]
    if len(profiles) == 1:
        apply_profile(run, profiles[0], value, place)
    elif profiles and not any(conforms(run, value, url) for url in profiles):
        run.findings.add("fhir_value_has_one_of_its_profiles", place)
    for ref in refs:
        if ref.code == "Reference" and (ref.targets or ref.aggregation):
            run.pending.append(Pending(value, ref.targets, ref.aggregation, place, run.scope))


def _apply_child(run: Run, child: Element, node: Mapping[str, Any], place: Place, profile: str) -> None:
    if not child.least and not child.is_choice and child.name not in node and child.shadow not in node:
        if child.slices:
            _count_slices(run, child, {}, place, profile)
        return
    found = occurrences(node, child, place)
    count = len(found)
    if count < child.least and count >= child.base_least:
        run.findings.add(
            "fhir_profile_element_is_present", place, element=child.id, profile=_named(profile), least=str(child.least)
        )
    if child.most is not None and count > child.most:
        rule = "fhir_profile_element_is_absent" if child.most == 0 else "fhir_profile_element_is_within_its_number"
        run.findings.add(rule, found[child.most].place, element=child.id, profile=_named(profile), most=str(child.most))
    for occurrence in found:
        if child.is_choice and child.types and not any(ref.code == occurrence.type.code for ref in child.types):
            run.findings.add(
                "fhir_type_is_allowed", occurrence.place, expected=", ".join(ref.code for ref in child.types)
            )
            continue
        _apply(run, child, occurrence, profile)
    if child.slices:
        _apply_slices(run, child, found, place, profile)


def _apply_slices(run: Run, element: Element, found: list[Occurrence], place: Place, profile: str) -> None:
    """Sorts the values of an element into its slices, and judges each by its slice."""
    slicing = _slicing_of(run, element)
    sorted_in: dict[str, list[Occurrence]] = {}
    latest = -1
    unmatched_before = False
    for occurrence in found:
        at = slicing.slice_of(run, occurrence.value, occurrence.type)
        if at is None:
            unmatched_before = True
            if slicing.rules == "closed":
                run.findings.add(
                    "fhir_value_belongs_to_a_slice", occurrence.place, element=element.id, profile=_named(profile)
                )
            continue
        if (slicing.ordered and at < latest) or (slicing.rules == "openAtEnd" and unmatched_before):
            run.findings.add("fhir_slices_are_in_order", occurrence.place, element=element.id, profile=_named(profile))
        latest = max(latest, at)
        sorted_in.setdefault(element.slices[at].id, []).append(occurrence)
        _apply(run, element.slices[at], occurrence, profile)
    _count_slices(run, element, sorted_in, place, profile)


def _count_slices(
    run: Run, element: Element, sorted_in: Mapping[str, list[Occurrence]], place: Place, profile: str
) -> None:
    """Judges how many values each slice has."""
    if not _slicing_of(run, element).usable:
        return
    for one in element.slices:
        own = sorted_in.get(one.id, ())
        if len(own) < one.least:
            run.findings.add(
                "fhir_slice_is_present", place, element=one.id, profile=_named(profile), least=str(one.least)
            )
        if one.most is not None and len(own) > one.most:
            run.findings.add(
                "fhir_slice_is_within_its_number",
                own[one.most].place,
                element=one.id,
                profile=_named(profile),
                most=str(one.most),
            )


def _slicing_of(run: Run, element: Element) -> Slicing:
    """What sorts the values of an element into its slices; made once."""
    found: Slicing | None = element.slicer
    if found is None:
        found = element.slicer = Slicing(run.definitions, element, conforms)
    return found


def _check_bounds(run: Run, element: Element, value: Any, place: Place) -> None:
    if value is None:
        return
    if element.longest is not None and isinstance(value, str) and len(value) > element.longest:
        run.findings.add("fhir_value_is_not_too_long", place, type=element.types[0].code if element.types else "")
    for bound, limit in element.bounds.items():
        if _beyond(bound, value, limit):
            run.findings.add("fhir_value_is_within_its_bounds", place, element=element.id)


def _beyond(bound: str, value: Any, limit: Any) -> bool:
    if isinstance(value, dict) and isinstance(limit, dict):
        comparable = all(value.get(key) == limit.get(key) for key in ("system", "code"))
        return comparable and _beyond(bound, value.get("value"), limit.get("value"))
    if isinstance(value, str) and isinstance(limit, str):
        size = min(len(value), len(limit))
        value, limit = value[:size], limit[:size]
    elif isinstance(value, (bool, str, type(None))) or isinstance(limit, (str, type(None))):
        return False
    return bool(value < limit if bound == "minValue" else value > limit)


def _named(url: str) -> str:
    """The URL of a profile, for a message."""
    return url.partition("|")[0]
