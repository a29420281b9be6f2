"""Judges extensions by their definitions: known or not, where they may stand, and what they hold.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/extensibility.html, defining-extensions.html#context
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validators.fhir.findings import Place, steps
from validators.fhir.invariants import evaluated
from validators.fhir.profiles import apply_profile
from validators.fhir.scope import Run

__all__ = ["check_extension"]

_MORE_CONTEXTS = {
    # R4's definition names `ElementDefinition.type.code`, and R4's own StructureDefinitions have it one step higher.
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type": "ElementDefinition.type",
    "http://hl7.org/fhir/StructureDefinition/regex": "ElementDefinition.type",
}


def check_extension(
    run: Run, extension: Mapping[str, Any], place: Place, contexts: frozenset[str], node: Mapping[str, Any]
) -> None:
    """Judges one extension of an element. In: `contexts` are the names that its definition can mean that element by.

    Issues: fhir_extension_is_at_hand, fhir_extension_is_known, fhir_modifier_extension_is_known,
    fhir_extension_url_is_absolute, fhir_extension_stands_in_its_context, fhir_extension_url_has_no_version,
    fhir_extension_is_of_its_kind
    """
    url = extension.get("url")
    if not isinstance(url, str) or not url:
        return
    modifier = place[0][1] == "modifierExtension"
    if ":" not in url:
        run.findings.add("fhir_extension_url_is_absolute", (place, "url", "url"))
        return
    if "|" in url:
        run.findings.add("fhir_extension_url_has_no_version", (place, "url", "url"))
        return
    structure = run.definitions.structure(url)
    if structure is None or structure.get("type") != "Extension":
        run.findings.add(_unknown_rule(run, url, modifier=modifier), place)
        return
    here = contexts | _paths(place)
    if _MORE_CONTEXTS.get(url) not in here and not _allowed_here(run, structure, here, node):
        run.findings.add("fhir_extension_stands_in_its_context", place)
    is_modifier = any(element.get("isModifier") is True for element in structure["snapshot"]["element"][:1])
    if is_modifier != modifier:
        run.findings.add("fhir_extension_is_of_its_kind", place)
    apply_profile(run, url, extension, place)


def _unknown_rule(run: Run, url: str, *, modifier: bool) -> str:
    if modifier:
        return "fhir_modifier_extension_is_known"
    # HL7 has published many extensions since R4, so that one of its own being absent here says little.
    closed = run.options.closed and not url.startswith("http://hl7.org/fhir/")
    return "fhir_extension_is_known" if closed else "fhir_extension_is_at_hand"


def _paths(place: Place) -> frozenset[str]:
    """The element that holds the extension, by its path from the resource that it stands in."""
    above = place[0][0]
    names = [str(step).removeprefix("_") for step in steps(above) if isinstance(step, str)]
    root = above
    while root[0] is not None:
        root = root[0]
    path = ".".join([root[2], *names])
    return frozenset({path})


def _allowed_here(run: Run, structure: Mapping[str, Any], contexts: frozenset[str], node: Mapping[str, Any]) -> bool:
    entries = structure.get("context")
    if not entries:
        return True
    for entry in entries:
        kind, wanted = entry.get("type"), str(entry.get("expression", ""))
        if kind == "element":
            wanted = (
                wanted.rpartition("#")[2] if wanted.startswith("http://hl7.org/fhir/StructureDefinition/") else wanted
            )
            if wanted in contexts or wanted in ("Element", "Base"):
                return True
        elif kind == "extension":
            if node.get("url") == wanted:
                return True
        elif kind == "fhirpath":
            found = evaluated(wanted, run.scope.resource, run)
            if found is None or any(one is node or one == node for one in found):
                return True
    return False
