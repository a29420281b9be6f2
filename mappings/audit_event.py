"""Writes an entry of the audit as a FHIR R4 AuditEvent, by the table `audit_event.toml`.

Persons stay the keyed digests that they are in the audit, as identifiers without a system that anybody could resolve.
Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/auditevent.html; IHE BALP 1.1 (one entity for the person, one for the
document).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from schemas.canonical import CANONICAL

__all__ = ["ACTING", "CLIENT_DIGEST", "DECISION", "DOCUMENT", "WORDS", "audit_event", "words_of"]

WORDS = f"{CANONICAL}/CodeSystem/audit-what"
"""The system of our words for what was done."""
ACTING = f"{CANONICAL}/NamingSystem/audit-who"
"""The system of whoever acts or receives, as the audit names it."""
DOCUMENT = "urn:ietf:rfc:3986"
"""The system of documents, by OID as a URN."""

CLIENT_DIGEST = f"{CANONICAL}/NamingSystem/client-digest"
"""The system of persons, by the audit's keyed digest."""
DECISION = f"{CANONICAL}/NamingSystem/decision"
"""What a decision of the gate is named under."""

_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_SUCCESS, _MINOR_FAILURE = "0", "4"
_DETAILS = ("version", "document_id", "delivery", "ground", "decided_at")


def audit_event(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry as an AuditEvent. In: the fields of the store's entry by their names, `at` as an instant."""
    tables = _tables()
    kind, action = tables["whats"][entry["what"]]
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": entry["id"],
        "meta": {"versionId": "1", "lastUpdated": entry["at"], "tag": [{"system": WORDS, "code": entry["what"]}]},
        "type": tables["types"][kind],
        "action": action,
        "recorded": entry["at"],
        "outcome": _SUCCESS if entry["outcome"] == "success" else _MINOR_FAILURE,
        "purposeOfEvent": [_purpose(entry)],
        "agent": [_acting(entry), *_receiving(entry)],
        "source": {"observer": {"display": "sote-interop"}},
        "entity": [*_persons(entry), *_documents(entry)],
    }
    said = ": ".join(filter(None, (entry["cause"], entry["reason"])))
    if said:
        event["outcomeDesc"] = said
    return {name: value for name, value in event.items() if value != []}


def words_of(*, type_code: str = "", action: str = "") -> frozenset[str]:
    """Our words whose events have this type, by its DICOM code, and this action; what is empty narrows nothing."""
    tables = _tables()
    return frozenset(
        word
        for word, (kind, its_action) in tables["whats"].items()
        if type_code in ("", tables["types"][kind]["code"]) and action in ("", its_action)
    )


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(files("mappings").joinpath("audit_event.toml").read_text("utf-8"))


def _purpose(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The purpose, with the act and section in words."""
    purpose: dict[str, Any] = {"coding": [_tables()["purposes"][entry["purpose"]]]}
    law = ", ".join(filter(None, (entry["act"], entry["section"])))
    return purpose | ({"text": law} if law else {})


def _acting(entry: Mapping[str, Any]) -> dict[str, Any]:
    agent: dict[str, Any] = _agent(entry["who"], requestor=True)
    if entry["decision"]:
        agent["policy"] = [f"{DECISION}/{entry['decision']}"]
    return agent


def _agent(name: str, *, requestor: bool) -> dict[str, Any]:
    return {"who": {"identifier": {"system": ACTING, "value": name}, "display": name}, "requestor": requestor}


def _receiving(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_agent(entry["receiver"], requestor=False)] if entry["receiver"] else []


def _persons(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "what": {"identifier": {"system": CLIENT_DIGEST, "value": client}},
            "type": {"system": _ENTITY, "code": "1", "display": "Person"},
            "role": {"system": _ROLE, "code": "1", "display": "Patient"},
        }
        for client in entry["clients"]
    ]


def _documents(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not entry["document"] and not entry["document_id"]:
        return []
    detail = [{"type": name, "valueString": str(entry[name])} for name in _DETAILS if entry[name] not in (None, "")]
    system, value = (DOCUMENT, f"urn:oid:{entry['document']}") if entry["document"] else ("", entry["document_id"])
    identifier = {"value": value} | ({"system": system} if system else {})
    return [
        {
            "what": {"identifier": identifier},
            "type": {"system": _ENTITY, "code": "2", "display": "System Object"},
            "role": {"system": _ROLE, "code": "3", "display": "Report"},
        }
        | ({"detail": detail} if detail else {})
    ]
