"""Judges references when the whole document is known: their form, the type of their target, and who they lead to.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/references.html, bundle.html#references
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validators.fhir.elements import element_tree
from validators.fhir.profiles import conforms
from validators.fhir.scope import Pending, Run, type_in

__all__ = ["check_references"]

_CORE = "http://hl7.org/fhir/StructureDefinition/"


def check_references(run: Run) -> None:
    """Judges all references that the walk has met.

    Issues: fhir_reference_is_a_reference, fhir_reference_leads_to_an_allowed_type, fhir_reference_type_is_right,
    fhir_reference_leads_to_one_resource, fhir_reference_is_resolved_in_its_document,
    fhir_reference_target_has_its_profile, fhir_reference_is_of_its_kind
    """
    for pending in run.pending:
        run.scope = pending.scope
        _check(run, pending)


def _check(run: Run, pending: Pending) -> None:
    node, place = pending.node, pending.place
    reference = node.get("reference")
    declared = node.get("type")
    here = (place, "reference", "reference")
    if isinstance(reference, str):
        if len(reference.split()) != 1:
            run.findings.add("fhir_reference_is_a_reference", here)
            return
        _check_form(run, pending, reference)
    found = pending.scope.found(reference)
    if len(found) > 1 and any(one is not found[0] for one in found):
        run.findings.add("fhir_reference_leads_to_one_resource", here)
    actual = _actual_type(found, reference)
    if isinstance(declared, str) and declared:
        declared = declared.removeprefix(_CORE)
        if (run.definitions.resource_type(declared) is None and ":" not in declared) or (
            actual is not None and actual != declared
        ):
            run.findings.add("fhir_reference_type_is_right", (place, "type", "type"))
    kind = actual or (declared if isinstance(declared, str) else None)
    _check_target(run, pending, kind, found)


def _actual_type(found: list[Mapping[str, Any]], reference: Any) -> str | None:
    if found:
        name = found[0].get("resourceType")
        return name if isinstance(name, str) else None
    return type_in(reference) if isinstance(reference, str) else None


def _check_form(run: Run, pending: Pending, reference: str) -> None:
    """Whether a reference is of the kind (contained, bundled, elsewhere) that its element allows."""
    if not pending.aggregation:
        return
    if reference.startswith("#"):
        kind = "contained"
    elif pending.scope.found(reference):
        kind = "bundled"
    else:
        kind = "referenced"
    if kind not in pending.aggregation and not (kind == "bundled" and "referenced" in pending.aggregation):
        run.findings.add("fhir_reference_is_of_its_kind", pending.place, allowed=", ".join(pending.aggregation))


def _check_target(run: Run, pending: Pending, kind: str | None, found: list[Mapping[str, Any]]) -> None:
    if kind is None or not pending.targets:
        return
    types = _types(run, pending.targets)
    if "" in types or "Resource" in types:
        return
    if kind not in types and run.definitions.resource_type(kind) is not None:
        run.findings.add("fhir_reference_leads_to_an_allowed_type", pending.place, expected=", ".join(sorted(types)))
        return
    profiles = types.get(kind, [])
    if not found or any(url.startswith(_CORE) and url.removeprefix(_CORE) == kind for url in profiles):
        return
    if profiles and not any(conforms(run, found[0], url) for url in profiles):
        run.findings.add("fhir_reference_target_has_its_profile", pending.place)


def _types(run: Run, targets: tuple[str, ...]) -> dict[str, list[str]]:
    """The profiles that a target may have, by type; under the empty name those that are not known."""
    key = ("targets", targets)
    if key not in run.definitions.compiled:
        types: dict[str, list[str]] = {}
        for url in targets:
            types.setdefault(_type_of_profile(run, url) or "", []).append(url)
        run.definitions.compiled[key] = types
    found: dict[str, list[str]] = run.definitions.compiled[key]
    return found


def _type_of_profile(run: Run, url: str) -> str | None:
    name = url.partition("|")[0].removeprefix(_CORE)
    if run.definitions.resource_type(name) is not None or name == "Resource":
        return name
    tree = element_tree(run.definitions, url)
    return tree.path if tree is not None else None
