"""Small resources, profiles and questionnaires for the cases of the FHIR rules."""

from __future__ import annotations

from typing import Any

__all__ = [
    "HL7",
    "answered",
    "asked",
    "bundle",
    "document",
    "element",
    "entry",
    "extended",
    "identified",
    "narrated",
    "patient",
    "profile",
    "questionnaire",
    "response",
    "sliced",
]

HL7 = "http://hl7.org/fhir/StructureDefinition/"


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def narrated(text: str) -> dict[str, Any]:
    return patient(text={"status": "generated", "div": text})


def extended(url: str, **value: Any) -> dict[str, Any]:
    return patient(extension=[{"url": url, **value}])


def bundle(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries), **more}


def entry(full_url: str | None, **resource: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"resource": patient(**resource)}
    return found | ({"fullUrl": full_url} if full_url else {})


def document(*entries: dict[str, Any], reference: str = "urn:uuid:11111111-1111-1111-1111-111111111111") -> Any:
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "x"},
        "date": "2026-11-02",
        "author": [{"display": "x"}],
        "title": "x",
        "section": [{"title": "x", "entry": [{"reference": reference}]}],
    }
    first = {"fullUrl": "urn:uuid:22222222-2222-2222-2222-222222222222", "resource": composition}
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.246.10.99999999.11.1"}
    head = {"resourceType": "Bundle", "type": "document", "identifier": identifier}
    return {**head, "timestamp": "2026-11-02T15:10:00Z", "entry": [first, *entries]}


def profile(*elements: dict[str, Any], of: str = "Patient", url: str = "urn:x:profile") -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "kind": "resource",
        "type": of,
        "abstract": False,
        "derivation": "constraint",
        "baseDefinition": HL7 + of,
        "differential": {"element": list(elements)},
    }


def element(identity: str, **more: Any) -> dict[str, Any]:
    path = ".".join(part.partition(":")[0] for part in identity.split("."))
    return {"id": identity, "path": path, **more}


def sliced(rules: str, **more: Any) -> list[dict[str, Any]]:
    slicing = {"discriminator": [{"type": "value", "path": "system"}], "rules": rules, "ordered": True}
    found = [element("Patient.identifier", slicing=slicing)]
    for name in ("a", "b"):
        found.append(element(f"Patient.identifier:{name}", sliceName=name, **more))
        found.append(element(f"Patient.identifier:{name}.system", fixedUri=f"urn:{name}", min=1))
    return found


def identified(*systems: str) -> dict[str, Any]:
    return patient(identifier=[{"system": f"urn:{system}", "value": "x"} for system in systems])


def questionnaire(**item: Any) -> dict[str, Any]:
    found = {"linkId": "1", "type": "string", **item}
    return {"resourceType": "Questionnaire", "url": "urn:x:q", "status": "active", "item": [found]}


def response(*items: dict[str, Any]) -> dict[str, Any]:
    several = [{"linkId": "1", **item} for item in items]
    return {"resourceType": "QuestionnaireResponse", "questionnaire": "urn:x:q", "status": "completed", "item": several}


def asked(name: str, **value: Any) -> list[dict[str, Any]]:
    return [{"url": HL7 + name, **value}]


def answered(**answer: Any) -> dict[str, Any]:
    return response({"answer": [answer]})
