"""Walks a resource by the shapes of R4: names, cardinality, JSON types, primitive forms, bindings and invariants.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/json.html, validation.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.fhir_xml import parse_narrative
from validators.fhir.bindings import check_binding, check_coding
from validators.fhir.bundles import check_bundle
from validators.fhir.extensions import check_extension
from validators.fhir.findings import Place
from validators.fhir.invariants import check_constraints
from validators.fhir.narrative import has_content, is_allowed
from validators.fhir.parameters import check_parameters
from validators.fhir.profiles import apply_profile, apply_to_declared
from validators.fhir.questionnaires import check_response
from validators.fhir.scope import Pending, Run, Scope, bundle_scope
from validators.fhir.shapes import CODED, Member, Shape, shape_of_type
from validators.fhir.structure_definitions import check_structure_definition
from validators.fhir.vital_signs import check_vital_sign

__all__ = ["walk_resource"]


def walk_resource(run: Run, node: Any, place: Place, *, contained: bool = False) -> None:
    """Judges a resource at a place by its type, and by the profiles that it declares.

    Issues: fhir_value_has_its_json_type, fhir_resource_type_is_at_hand, and those of all that a resource holds
    """
    if not isinstance(node, dict):
        run.findings.add("fhir_value_has_its_json_type", place)
        return
    name = node.get("resourceType")
    if run.definitions.resource_type(name) is None:
        run.findings.add("fhir_resource_type_is_at_hand", (place, "resourceType", "resourceType"))
        return
    shape = shape_of_type(run.definitions, str(name))
    if shape is None:
        return
    outer = run.scope
    run.scope = _scope(outer, node, contained=contained)
    _walk_object(run, shape, node, place)
    _check_extensions(run, node, place, frozenset({str(name), "Resource", "DomainResource", "Element"}))
    apply_to_declared(run, node, place)
    if (judge := _WHOLE.get(str(name))) is not None:
        judge(run, node, place)
    run.scope = outer


def _scope(outer: Scope, node: Mapping[str, Any], *, contained: bool) -> Scope:
    if contained:
        return outer.within(node)
    if outer.resource is node:
        return outer
    return bundle_scope(node, outer) if node.get("resourceType") == "Bundle" else outer.of(node)


def _walk_object(run: Run, shape: Shape, node: Mapping[str, Any], place: Place) -> None:
    """Judges the members of an object, then its invariants."""
    members = shape.members
    chosen: dict[str, str] = {}
    for key, value in node.items():
        member = members.get(key)
        if member is None:
            run.findings.add("fhir_element_is_known", (place, key, key), type=shape.name)
            continue
        if member.choice:
            _check_choice(run, chosen, member, key, place)
        kind = type(value)
        if kind is list:
            _walk_array(run, member, value, (place, key, member.label), node)
        elif member.repeats:
            run.findings.add("fhir_element_is_an_array", (place, key, member.label))
        elif (plain := member.plain) is not None:
            if (broken := plain(value)) is not None:
                run.findings.add(broken, (place, key, member.label), type=member.type.code)
        elif kind is not str or value not in member.quick:
            _JUDGES[member.kind](run, member, value, (place, key, member.label))
    if len(node) < 2 and (not node or "id" in node):
        run.findings.add("fhir_element_has_content", place)
    if shape.required:
        _check_required(run, shape, node, place)
    if shape.constraints:
        check_constraints(run, shape.constraints, node, place, shape.name)


def _check_choice(run: Run, chosen: dict[str, str], member: Member, key: str, place: Place) -> None:
    bare = key.removeprefix("_")
    if chosen.setdefault(member.choice, bare) != bare:
        run.findings.add("fhir_choice_has_one_value", place, element=member.choice)


def _check_required(run: Run, shape: Shape, node: Mapping[str, Any], place: Place) -> None:
    for name, key, keys in shape.required:
        if key not in node and keys.isdisjoint(node):
            run.findings.add("fhir_element_is_present", place, element=name)


def _walk_array(run: Run, member: Member, value: list[Any], place: Place, node: Mapping[str, Any]) -> None:
    if member.repeats:
        _walk_list(run, member, value, place, node)
    else:
        run.findings.add("fhir_element_is_no_array", place)


def _walk_list(run: Run, member: Member, values: list[Any], place: Place, node: Mapping[str, Any]) -> None:
    if not values:
        run.findings.add("fhir_array_is_not_empty", place)
        return
    judge = _JUDGES[member.kind]
    for index, value in enumerate(values):
        here = (place, index, "")
        if value is None and member.kind in ("primitive", "shadow"):
            _check_null(run, member, index, here, node)
        else:
            judge(run, member, value, here)
        if index % 64 == 63 and run.findings.full:
            return


def _check_null(run: Run, member: Member, index: int, place: Place, node: Mapping[str, Any]) -> None:
    """A null holds the place of a primitive that has extensions, or of extensions that a primitive does not have."""
    other = node.get(member.key[1:] if member.kind == "shadow" else "_" + member.key)
    if not isinstance(other, list) or len(other) <= index or other[index] is None:
        run.findings.add("fhir_null_has_its_counterpart", place)


def _primitive(run: Run, member: Member, value: Any, place: Place) -> None:
    broken = member.form(value) if member.form else None
    if broken is not None:
        run.findings.add(broken, place, type=member.type.code)
        return
    element = member.element
    if member.codes is not None:
        if value not in member.codes and element.binding is not None:
            run.findings.add(
                "fhir_code_is_in_its_required_value_set", place, value_set=element.binding.value_set.partition("|")[0]
            )
    elif element.binding is not None and member.type.code in CODED:
        check_binding(run, element.binding, value, place)
    if element.longest is not None and isinstance(value, str) and len(value) > element.longest:
        run.findings.add("fhir_value_is_not_too_long", place, type=member.type.code)
    if member.constraints:
        check_constraints(run, member.constraints, value, place, element.path)
    if member.type.code == "canonical":
        _canonical(run, member, value, place)


def _canonical(run: Run, member: Member, value: str, place: Place) -> None:
    """A canonical URL that is at hand leads to a resource of the right type."""
    if value.startswith("#") or not member.type.targets:
        return
    kind = run.definitions.kind(value)
    wanted = {target.rpartition("/")[2] for target in member.type.targets}
    if kind is not None and kind not in wanted and "Resource" not in wanted:
        run.findings.add("fhir_canonical_leads_to_its_type", place, expected=", ".join(sorted(wanted)))


def _shadow(run: Run, member: Member, value: Any, place: Place) -> None:
    if type(value) is not dict:
        run.findings.add("fhir_value_has_its_json_type", place)
        return
    shape = shape_of_type(run.definitions, "Element")
    if shape is not None:
        _walk_object(run, shape, value, place)
        _check_extensions(run, value, place, member.contexts)


def _complex(run: Run, member: Member, value: Any, place: Place) -> None:
    if type(value) is not dict:
        run.findings.add("fhir_value_has_its_json_type", place)
        return
    shape = member.shape
    if shape is None:
        shape = member.shape = shape_of_type(run.definitions, member.type.code)
        if shape is None:
            return
    _walk_object(run, shape, value, place)
    if "extension" in value or "modifierExtension" in value:
        _check_extensions(run, value, place, member.contexts)
    if member.asks:
        _complex_more(run, member, value, place)


def _complex_more(run: Run, member: Member, value: Mapping[str, Any], place: Place) -> None:
    """What is asked of an object beyond its shape: by its element, and of a few types."""
    ref = member.type
    if member.constraints:
        check_constraints(run, member.constraints, value, place, member.element.path)
    if ref.code == "Coding":
        check_coding(run, value, place)
    elif ref.code == "Attachment":
        _attachment(run, value, place)
    elif ref.code == "Reference":
        run.pending.append(Pending(value, ref.targets, ref.aggregation, place, run.scope))
    if member.element.binding is not None and ref.code in CODED:
        check_binding(run, member.element.binding, value, place)
    for url in member.profiles:
        apply_profile(run, url, value, place)


def _attachment(run: Run, value: Mapping[str, Any], place: Place) -> None:
    """The size of an attachment is that of its data, when both are given."""
    size, data = value.get("size"), value.get("data")
    if type(size) is int and isinstance(data, str):
        text = "".join(data.split())
        if len(text) // 4 * 3 - text[-2:].count("=") != size:
            run.findings.add("fhir_attachment_size_is_as_stated", (place, "size", "size"))


def _check_extensions(run: Run, node: Mapping[str, Any], place: Place, contexts: frozenset[str]) -> None:
    for key in ("extension", "modifierExtension"):
        several = node.get(key)
        for index, one in enumerate(several if type(several) is list else ()):
            if isinstance(one, dict):
                here = ((place, key, key), index, "")
                check_extension(run, one, here, contexts, node)


def _extension(run: Run, _: Member, value: Any, place: Place) -> None:
    if type(value) is not dict:
        run.findings.add("fhir_value_has_its_json_type", place)
        return
    shape = shape_of_type(run.definitions, "Extension")
    if shape is not None:
        _walk_object(run, shape, value, place)
        nested = value.get("extension")
        if type(nested) is list and not isinstance(value.get("url"), str):
            run.findings.add("fhir_element_is_present", place, element="url")


def _resource(run: Run, member: Member, value: Any, place: Place) -> None:
    contained = member.key == "contained"
    walk_resource(run, value, place, contained=contained)
    if contained and isinstance(value, dict) and not isinstance(value.get("id"), str):
        run.findings.add("fhir_contained_resource_has_an_id", place)


def _xhtml(run: Run, _: Member, value: Any, place: Place) -> None:
    if type(value) is not str:
        run.findings.add("fhir_value_has_its_json_type", place)
        return
    root = parse_narrative(value)
    if root is None:
        run.findings.add("fhir_narrative_is_xhtml", place)
    elif not is_allowed(root):
        run.findings.add("fhir_narrative_holds_only_what_is_allowed", place)
    elif not has_content(root):
        run.findings.add("fhir_narrative_has_content", place)


def _known(_run: Run, _member: Member, _value: Any, _place: Place) -> None:
    """`resourceType` has been judged before its object is walked."""


_WHOLE: Mapping[str, Callable[[Run, Mapping[str, Any], Place], None]] = {
    "Bundle": check_bundle,
    "Observation": check_vital_sign,
    "Parameters": check_parameters,
    "QuestionnaireResponse": check_response,
    "StructureDefinition": check_structure_definition,
}
"""What is said of a resource as a whole, beside its elements."""

_JUDGES: Mapping[str, Callable[[Run, Member, Any, Place], None]] = {
    "known": _known,
    "primitive": _primitive,
    "shadow": _shadow,
    "complex": _complex,
    "extension": _extension,
    "resource": _resource,
    "xhtml": _xhtml,
}
