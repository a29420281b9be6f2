"""Judges a Parameters resource as a whole: the resources that it carries refer to one another.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/parameters.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from validators.fhir.findings import Place
from validators.fhir.scope import Run

__all__ = ["check_parameters"]


def check_parameters(run: Run, parameters: Mapping[str, Any], place: Place) -> None:
    """Judges the relative references between the resources that a Parameters carries.

    A reference to a type of which some are carried, but not the one that is meant, leads nowhere.
    Issues: fhir_sibling_parameter_is_found
    """
    carried = list(_resources(parameters, place))
    ids: dict[str, set[str]] = {}
    for resource, _ in carried:
        if isinstance(resource.get("id"), str):
            ids.setdefault(str(resource.get("resourceType")), set()).add(resource["id"])
    for resource, at in carried:
        for reference, here in _references(resource, at):
            name, slash, identity = reference.partition("/")
            if slash and "/" not in identity and name in ids and identity not in ids[name]:
                run.findings.add("fhir_sibling_parameter_is_found", here)


def _resources(node: Mapping[str, Any], place: Place) -> Iterator[tuple[Mapping[str, Any], Place]]:
    for key in ("parameter", "part"):
        several = node.get(key)
        for index, one in enumerate(several if isinstance(several, list) else ()):
            if isinstance(one, dict):
                here = ((place, key, key), index, "")
                if isinstance(one.get("resource"), dict) and one["resource"].get("resourceType") != "Bundle":
                    yield one["resource"], (here, "resource", "resource")
                yield from _resources(one, here)


def _references(node: Any, place: Place) -> Iterator[tuple[str, Place]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "reference" and isinstance(value, str):
                yield value, place
            elif isinstance(value, (Mapping, list)):
                yield from _references(value, (place, key, key))
    elif isinstance(node, list):
        for index, one in enumerate(node):
            yield from _references(one, (place, index, ""))
