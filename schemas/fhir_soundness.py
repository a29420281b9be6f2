"""Says whether a foreign definition has the JSON shape that its readers rely on, so that an unsound one is never used.

Source: FHIR R4 4.0.1, StructureDefinition, ElementDefinition, ValueSet, CodeSystem
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["is_sound"]

_EXTENSIONS: list[Any] = [{"url": str}]
_ELEMENT: dict[str, Any] = {
    "id": str,
    "path": str,
    "sliceName": str,
    "min": int,
    "max": str,
    "base": {"path": str, "min": int, "max": str},
    "contentReference": str,
    "isModifier": bool,
    "maxLength": int,
    "type": [
        {"code": str, "profile": [str], "targetProfile": [str], "aggregation": [str], "extension": _EXTENSIONS},
    ],
    "slicing": {"discriminator": [{"type": str, "path": str}], "ordered": bool, "rules": str},
    "binding": {"strength": str, "valueSet": str, "extension": _EXTENSIONS},
    "constraint": [{"key": str, "severity": str, "human": str, "expression": str, "source": str}],
}
_PART: dict[str, Any] = {
    "system": str,
    "valueSet": [str],
    "concept": [{"code": str, "display": str}],
    "filter": [{"property": str, "op": str, "value": str}],
}
_CONTAINED: dict[str, Any] = {"system": str, "code": str, "abstract": bool}
_CONTAINED["contains"] = [_CONTAINED]
_CONCEPT: dict[str, Any] = {"code": str, "display": str, "property": [{"code": str, "valueCode": str}]}
_CONCEPT["concept"] = [_CONCEPT]

_SHAPES: Mapping[str, dict[str, Any]] = {
    "StructureDefinition": {
        "url": str,
        "type": str,
        "kind": str,
        "abstract": bool,
        "derivation": str,
        "baseDefinition": str,
        "context": [{"type": str, "expression": str}],
        "contextInvariant": [str],
        "snapshot": {"element": [_ELEMENT]},
        "differential": {"element": [_ELEMENT]},
    },
    "ValueSet": {
        "url": str,
        "compose": {"include": [_PART], "exclude": [_PART]},
        "expansion": {"contains": [_CONTAINED]},
    },
    "CodeSystem": {"url": str, "content": str, "caseSensitive": bool, "supplements": str, "concept": [_CONCEPT]},
    "ImplementationGuide": {"global": [{"type": str, "profile": str}]},
    "Bundle": {"entry": [dict]},
}
_REQUIRED: Mapping[str, tuple[str, ...]] = {"StructureDefinition": ("url", "type", "kind")}


def is_sound(resource: Mapping[str, Any]) -> bool:
    """True when every part of a definition that is read has its JSON type. What is not read may be anything."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or any(name not in resource for name in _REQUIRED.get(kind, ())):
        return False
    try:
        fits = _fits(resource, _SHAPES.get(kind, {}))
    except RecursionError:
        return False
    return fits and all(_is_element(one) for view in ("snapshot", "differential") for one in _elements(resource, view))


def _fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_fits(value[key], inner) for key, inner in shape.items() if key in value)
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, shape[0]) for item in value)
    return isinstance(value, shape) and (shape is not int or type(value) is int)


def _elements(resource: Mapping[str, Any], view: str) -> Any:
    return resource.get(view, {}).get("element", ()) if resource["resourceType"] == "StructureDefinition" else ()


def _is_element(element: Mapping[str, Any]) -> bool:
    """True for an element with a path, and numbers that can be counted by."""
    most = (element.get("max", "*"), element.get("base", {}).get("max", "*"))
    numbers = (element.get("min", 0), element.get("base", {}).get("min", 0))
    return (
        bool(element.get("path"))
        and all(one == "*" or (one.isascii() and one.isdigit() and len(one) < 10) for one in most)
        and all(0 <= one < 2**31 for one in numbers)
    )
