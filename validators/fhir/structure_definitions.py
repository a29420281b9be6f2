"""Judges what a StructureDefinition says of slicing: its discriminators lead to something within the sliced element.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from validators.fhir.elements import Element, element_tree
from validators.fhir.findings import Place
from validators.fhir.scope import Run

__all__ = ["check_structure_definition"]

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def check_structure_definition(run: Run, definition: Mapping[str, Any], place: Place) -> None:
    """Judges the discriminators of a differential. Issues: fhir_discriminator_leads_to_an_element"""
    differential = definition.get("differential")
    elements = differential.get("element") if isinstance(differential, dict) else None
    for index, element in enumerate(elements if isinstance(elements, list) else ()):
        slicing = element.get("slicing") if isinstance(element, dict) else None
        several = slicing.get("discriminator") if isinstance(slicing, dict) else None
        if not isinstance(several, list):
            continue
        sliced = list(_elements(run, str(element.get("path", ""))))
        here = ((((place, "differential", "differential"), "element", "element"), index, ""), "slicing", "slicing")
        for number, one in enumerate(several):
            step = str(one.get("path", "")).partition(".")[0] if isinstance(one, dict) else ""
            if sliced and _PLAIN.fullmatch(step) and not any(_has_child(run, each, step) for each in sliced):
                at = ((here, "discriminator", "discriminator"), number, "")
                run.findings.add("fhir_discriminator_leads_to_an_element", at)


def _elements(run: Run, path: str) -> Iterator[Element]:
    """The elements of R4 that a path leads to."""
    root, *names = path.split(".")
    tree = element_tree(run.definitions, _CORE + root)
    found = [tree] if tree is not None else []
    for name in names:
        found = [child for element in found for child in _children(run, element, name)]
    yield from found


def _children(run: Run, element: Element, name: str) -> Iterator[Element]:
    own = element.children.get(name) or element.children.get(name + "[x]")
    if own is not None:
        yield own
        return
    for ref in element.types:
        tree = element_tree(run.definitions, _CORE + ref.code)
        child = tree and (tree.children.get(name) or tree.children.get(name + "[x]"))
        if child:
            yield child


def _has_child(run: Run, element: Element, name: str) -> bool:
    # A resource of any type may have whatever name its type gives.
    anything = any(ref.code in ("Resource", "DomainResource") for ref in element.types)
    return anything or any(True for _ in _children(run, element, name))
