"""Writes a disclosure notice (luovutusilmoitus): what another controller was given outside Kanta, as a FHIR R4 Bundle.

A transaction of one AuditEvent and one Provenance about one person and one document version. It is made of the facts of
the disclosure and of the table `disclosure_notice.toml` alone: the same disclosure always gives the same bytes.
Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/auditevent.html, provenance.html; act 703/2023 § 39; Kanta,
Sosiaalihuollon luovutusilmoitus, of which the table says what is known.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from mappings.audit_event import CLIENT_DIGEST, DECISION, DOCUMENT
from schemas.canonical import CANONICAL
from schemas.identity import is_oid
from schemas.site import resource

__all__ = ["disclosure_notice"]

_PERMIT = f"{CANONICAL}/NamingSystem/permit"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def disclosure_notice(told: Mapping[str, Any], person: tuple[str, str] | None = None) -> dict[str, Any]:
    """The notice. In: the facts of the disclosure by their names in the store, `at` as an instant; `person` is the
    system and the value of the person's identifier, without which the person stays the keyed digest of the audit.
    """
    event, provenance = (_oid(told["id"], part) for part in ("event", "provenance"))
    whom = person or ((CLIENT_DIGEST, told["client"]) if told["client"] else None)
    return {
        "resourceType": "Bundle",
        "identifier": {"system": DOCUMENT, "value": f"urn:uuid:{told['id']}"},
        "type": "transaction",
        "timestamp": told["at"],
        "entry": [
            _entry(event, _begun("AuditEvent", event) | _event(told, whom)),
            _entry(provenance, _begun("Provenance", provenance) | _provenance(told, event)),
        ],
    }


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(resource("mappings", "disclosure_notice.toml").read_text("utf-8"))


def _oid(disclosure: str, part: str) -> str:
    """An OID for a part of the notice, the same each time that it is made."""
    ids = _table()["ids"]
    number = UUID(bytes=sha256(f"{disclosure}:{part}".encode()).digest()[:16], version=5).int
    return f"{ids['root']}.{number % 10 ** ids['digits']}"


def _entry(oid: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "fullUrl": f"urn:oid:{oid}",
        "resource": dict(content),
        "request": {"method": "POST", "url": content["resourceType"]},
    }


def _begun(kind: str, oid: str) -> dict[str, Any]:
    """What every resource of the notice begins with: what it is."""
    profiles = _table()["profiles"][kind]
    return {
        "resourceType": kind,
        "id": oid,
        "meta": ({"profile": profiles} if profiles else {}) | {"tag": list(_table()["tags"].values())},
    }


def _organisation(side: str, controller: str) -> dict[str, Any]:
    table = _table()["organisation"]
    known: Mapping[str, Any] = {"value": table["prefix"] + controller}
    absent = {"_value": {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}}
    identifier = {"system": table["system"], **(known if controller else absent)}
    return {"resourceType": "Organization", "id": side, "identifier": [identifier]}


def _event(told: Mapping[str, Any], person: tuple[str, str] | None) -> dict[str, Any]:
    table = _table()["event"]
    return {
        "contained": [_organisation(side, told[side]) for side in ("sender", "receiver")],
        "type": table["type"],
        "action": table["action"],
        "recorded": told["at"],
        "outcome": table["outcome"],
        "purposeOfEvent": [_purpose(told)],
        "agent": [
            _agent("sender", requestor=True) | {"policy": _policies(told)},
            _agent("receiver", requestor=False),
        ],
        "source": {"observer": {"reference": "#sender"}},
        "entity": [*_person(person), _document(told)],
    }


def _provenance(told: Mapping[str, Any], event: str) -> dict[str, Any]:
    return {
        "contained": [_organisation("sender", told["sender"])],
        "target": [{"reference": f"urn:oid:{event}"}],
        "occurredDateTime": told["at"],
        "recorded": told["at"],
        "policy": _policies(told),
        "reason": [_purpose(told)],
        "agent": [{"type": {"coding": _table()["roles"]["custodian"]}, "who": {"reference": "#sender"}}],
        "entity": [{"role": "source", "what": _named(told["document"])}],
    }


def _purpose(told: Mapping[str, Any]) -> dict[str, Any]:
    """The purpose, with the act and section in words."""
    return {"coding": [_table()["event"]["purpose"]], "text": f"{told['act']}, {told['section']}"}


def _agent(side: str, *, requestor: bool) -> dict[str, Any]:
    role = {"coding": _table()["roles"][side]}
    return {"type": role, "who": {"reference": f"#{side}"}, "requestor": requestor}


def _policies(told: Mapping[str, Any]) -> list[str]:
    """What allows it: the gate's decision, and the client's permits."""
    permits = (f"urn:oid:{one}" if is_oid(one) else f"{_PERMIT}/{one}" for one in told["permits"])
    return [f"{DECISION}/{told['decision']}", *permits]


def _person(person: tuple[str, str] | None) -> Iterable[dict[str, Any]]:
    if person is not None:
        system, value = person
        yield {"what": {"identifier": {"system": system, "value": value}}, **_table()["entities"]["person"]}


def _document(told: Mapping[str, Any]) -> dict[str, Any]:
    details = {name: str(told[fact]) for name, fact in _table()["details"].items() if told[fact] not in ("", None)}
    return {
        "what": _named(told["document"]),
        **_table()["entities"]["document"],
        "detail": [{"type": name, "valueString": value} for name, value in details.items()],
    }


def _named(document: str) -> dict[str, Any]:
    return {"identifier": {"system": DOCUMENT, "value": f"urn:oid:{document}"}}
