"""A delivery for OMNI360 taken apart, and what the resources on the server say of it.

A delivery is a collection Bundle of Binary, CarePlan and Task. Source: FHIR R4 4.0.1 CarePlan, Task, Binary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from interop.errors import Fault
from interop.systems.base import Acknowledgement, Outgoing, Receipt
from interop.systems.fhir import Resource, dicts, issue_codes
from schemas import json_text

__all__ = [
    "BODY_LIMIT",
    "CLOSED",
    "URI",
    "Delivery",
    "covers",
    "document_of",
    "is_named",
    "reason_of",
    "receipt_of",
    "replaced_documents",
    "taken_apart",
    "too_long",
    "unmarked",
    "version_of",
]

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes of one resource that OMNI360 takes."""
URI = "urn:ietf:rfc:3986"
_VERSION = "https://sote-interop.example/fhir/StructureDefinition/document-version"
_REASONS = "https://sote-interop.example/fhir/CodeSystem/acknowledgement"
_SERVERS_OWN = ("versionId", "lastUpdated")
_STATES: Mapping[str, Literal["accepted", "delivered", "rejected"]] = {
    "requested": "accepted",
    "received": "accepted",
    "accepted": "accepted",
    "ready": "accepted",
    "in-progress": "accepted",
    "on-hold": "accepted",
    "completed": "delivered",
    "rejected": "rejected",
    "failed": "rejected",
    "cancelled": "rejected",
    "entered-in-error": "rejected",
}
"""What each status of a Task means for a delivery: requested, received, under review, or closed."""
CLOSED = frozenset(status for status, state in _STATES.items() if state != "accepted")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A payload taken apart; every part still names the others by their fullUrl."""

    document: str
    version: int
    binaries: dict[str, Resource]
    plan_url: str
    plan: Resource
    task: Resource


def taken_apart(outgoing: Outgoing) -> Delivery:
    """The payload's parts. Raises: Fault; the payload is our own writing, so a broken one is our mistake."""
    bundle, _ = json_text.parse(outgoing.payload)
    parts: dict[str, dict[str, Resource]] = {"Binary": {}, "CarePlan": {}, "Task": {}}
    for entry in dicts(bundle.get("entry") if isinstance(bundle, dict) else None):
        resource, url = entry.get("resource"), entry.get("fullUrl")
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(url, str) or not isinstance(resource, dict) or kind not in parts:
            raise Fault("An entry of the Bundle for OMNI360 has no fullUrl, or is no Binary, CarePlan or Task.")
        parts[kind][url] = resource
    if len(parts["CarePlan"]) != 1 or len(parts["Task"]) != 1:
        raise Fault("The Bundle for OMNI360 must hold exactly one CarePlan and one Task.")
    ((url, plan),), (task,) = parts["CarePlan"].items(), parts["Task"].values()
    if not is_named(plan, f"urn:oid:{outgoing.document}") or version_of(plan) != outgoing.version:
        raise Fault("The CarePlan for OMNI360 does not carry the OID and version of the document it is sent under.")
    return Delivery(outgoing.document, outgoing.version, parts["Binary"], url, plan, task)


def too_long(delivery: Delivery) -> str:
    """The type of a part that is longer than OMNI360 takes; empty when every part fits."""
    parts = (*delivery.binaries.values(), delivery.plan, delivery.task)
    return next((part["resourceType"] for part in parts if len(json_text.dump(part)) > BODY_LIMIT), "")


def receipt_of(task: Resource, plan: str) -> Receipt:
    """What a task says of the delivery that it asks for; a status that FHIR does not have says nothing yet."""
    state = _STATES.get(str(task.get("status")), "accepted")
    if state != "rejected":
        return Receipt(state, plan)
    codes = issue_codes({"issue": [{"details": task.get("statusReason")}]})
    code = f", code {codes[0]}" if codes else ""
    return Receipt(state, plan, f"OMNI360 closed the task as {task.get('status')}{code}.")


def is_named(resource: Resource, value: str) -> bool:
    """True when a resource carries the URI as its identifier."""
    return any(i.get("system") == URI and i.get("value") == value for i in dicts(resource.get("identifier")))


def document_of(task: Resource) -> str:
    """The URI of the document that a task names; empty when it names none."""
    found = [i.get("value") for i in dicts(task.get("identifier")) if i.get("system") == URI]
    return next((value for value in found if isinstance(value, str) and value.startswith("urn:oid:")), "")


def version_of(plan: Resource) -> int:
    """The document version that a plan carries; 0 for a plan that carries none, which any version is newer than."""
    found = [e.get("valueInteger") for e in dicts(plan.get("extension")) if e.get("url") == _VERSION]
    return found[0] if found and isinstance(found[0], int) else 0


def replaced_documents(plan: Resource) -> list[str]:
    """The OIDs of the document versions that a plan says it replaces."""
    named = [r.get("identifier") for r in dicts(plan.get("replaces"))]
    values = [str(i.get("value")) for i in named if isinstance(i, dict) and i.get("system") == URI]
    return [value.removeprefix("urn:oid:") for value in values if value.startswith("urn:oid:")]


def covers(held: Any, ours: Any) -> bool:
    """True when all that we say stands in what is held; a server may add, as narrative or marks of its own."""
    if isinstance(ours, dict):
        return isinstance(held, dict) and all(key in held and covers(held[key], ours[key]) for key in ours)
    if isinstance(ours, list):
        same = isinstance(held, list) and len(held) == len(ours)
        return same and all(map(covers, held, ours))
    return bool(held == ours)


def unmarked(resource: Resource) -> Resource:
    """The resource without what every server writes by itself."""
    said = {key: value for key, value in resource.items() if key != "id"}
    if isinstance(said.get("meta"), dict):
        said["meta"] = {key: value for key, value in said["meta"].items() if key not in _SERVERS_OWN}
        if not said["meta"]:
            del said["meta"]
    return said


def reason_of(acknowledgement: Acknowledgement) -> dict[str, Any]:
    """A task's statusReason that says why we have not taken its document."""
    coding = {"coding": [{"system": _REASONS, "code": acknowledgement.code}]} if acknowledgement.code else {}
    return {**coding, **({"text": acknowledgement.text} if acknowledgement.text else {})}
