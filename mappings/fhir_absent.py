"""What R4 requires and a record does not say: the `data-absent-reason` extension stands in, so that all is legal.

Source: FHIR R4 4.0.1, Extensibility (ext-1, ele-1), `data-absent-reason`; cardinalities of the types below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ABSENT", "completed"]

ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}

# The complex elements of these types with a minimum of one that a record may leave without a value.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "CarePlan": ("subject",),
    "ClinicalImpression": ("subject",),
    "Condition": ("subject",),
    "Goal": ("subject", "description"),
    "ServiceRequest": ("subject",),
}


def completed(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource with every required element there, and no extension or list item without content."""
    whole: dict[str, Any] = _filled(resource)
    kind = whole.get("resourceType", "")
    for name in _REQUIRED.get(kind, ()):
        whole.setdefault(name, {"extension": [ABSENT]})
    if kind == "Organization" and not {"name", "identifier"} & set(whole):
        whole["_name"] = {"extension": [ABSENT]}
    if kind == "Appointment":
        whole["participant"] = [one | {"actor": one.get("actor", {"extension": [ABSENT]})} for one in _people(whole)]
    if "contained" in whole:
        whole["contained"] = [completed(inner) for inner in whole["contained"]]
    return whole


def _people(appointment: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"status": "needs-action"} | one for one in appointment.get("participant") or [{}]]


def _filled(value: Any, name: str = "") -> Any:
    if isinstance(value, list):
        return [_filled(item, name) or {"extension": [ABSENT]} if isinstance(item, dict) else item for item in value]
    if not isinstance(value, dict):
        return value
    filled = {key: _filled(item, key) for key, item in value.items() if item not in ({}, [], "", None)}
    if name == "extension" and set(filled) == {"url"}:
        filled["extension"] = [ABSENT]
    return filled
