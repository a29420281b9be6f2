"""Finds the FHIRPath expression of a place that is known by its JSON Pointer.

Source: FHIR R4 4.0.1, OperationOutcome.issue.expression; RFC 6901 (JSON Pointer)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.fhir_definitions import Definitions
from validators.fhir.shapes import Member, Shape, shape_of_type

__all__ = ["expression_at"]


def expression_at(definitions: Definitions, resource: Mapping[str, Any], pointer: str) -> str:
    """The expression that leads to the same place, such as `Observation.value.ofType(Quantity).code`.

    Out: a name that the definitions do not know stands as it is.
    """
    shape = _shape(definitions, resource, None)
    parts = [str(resource.get("resourceType", "Resource"))]
    node: Any = resource
    member: Member | None = None
    for raw in pointer.split("/")[1:]:
        step = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list):
            parts.append(f"[{step}]")
            node = node[int(step)] if step.isdecimal() and int(step) < len(node) else None
        else:
            member = shape.members.get(step) if shape is not None else None
            parts.append("." + (member.label if member is not None else step))
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, dict):
            shape = _shape(definitions, node, member)
    return "".join(parts)


def _shape(definitions: Definitions, node: Mapping[str, Any], member: Member | None) -> Shape | None:
    """The shape of an object: that of the resource it is, or that of its element's type."""
    name = node.get("resourceType")
    if isinstance(name, str):
        return shape_of_type(definitions, name)
    if member is None:
        return None
    if member.kind == "shadow":
        return shape_of_type(definitions, "Element")
    return member.inner or shape_of_type(definitions, member.type.code)
