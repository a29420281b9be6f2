"""Epic's own words in the stand-in for Apotti: its numeric codes, and the search parameters that it understands.

Source: Apotti's public CapabilityStatement (EKO01, 2023-07-04); public tables of Epic's OperationOutcome codes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interop.sandboxes.fhir import Refused, Resource, dicts, outcome

__all__ = ["CODES", "SEARCHES", "said"]

CODES = "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369"


def said(kind: str, code: int, text: str = "", severity: str = "error") -> Resource:
    """An OperationOutcome with one of Epic's codes. In: `kind` is the FHIR issue type."""
    details = {"coding": [{"system": CODES, "code": str(code)}], **({"text": text} if text else {})}
    return outcome((severity, kind, details))


def _about(resource: Resource, value: str) -> bool:
    return bool(resource.get("subject", {}).get("reference") == f"Patient/{value.removeprefix('Patient/')}")


def _identified(resource: Resource, value: str) -> bool:
    system, bar, wanted = value.rpartition("|")
    return any(
        i.get("value") == wanted and (not bar or i.get("system") == system) for i in dicts(resource.get("identifier"))
    )


def _since(resource: Resource, value: str) -> bool:
    if not value.startswith("ge"):
        raise Refused(400, said("value", 4115))
    return bool((resource.get("date") or resource.get("period", {}).get("start", "")) >= value[2:])


def _coded(concept: Any, value: str) -> bool:
    system, bar, wanted = value.rpartition("|")
    concepts = concept if isinstance(concept, list) else [concept]
    codings = [c for item in dicts(concepts) for c in [*dicts(item.get("coding")), *([item] if "code" in item else [])]]
    return any(c.get("code") == wanted and (not bar or c.get("system") == system) for c in codings)


SEARCHES: dict[str, Callable[[Resource, str], bool]] = {
    "_count": lambda _, value: value.isdigit(),
    "_id": lambda resource, value: resource["id"] in value.split(","),
    "category": lambda resource, value: _coded(resource.get("category"), value),
    "class": lambda resource, value: _coded(resource.get("class"), value),
    "date": _since,
    "docstatus": lambda resource, value: resource.get("docStatus") in value.split(","),
    "family": lambda resource, value: value in {name.get("family") for name in dicts(resource.get("name"))},
    "identifier": _identified,
    "patient": _about,
    "status": lambda resource, value: resource.get("status") in value.split(","),
    "subject": _about,
    "type": lambda resource, value: _coded(resource.get("type"), value),
}
"""The search parameters that the stand-in knows; the others it leaves out, and says so as Epic does."""
