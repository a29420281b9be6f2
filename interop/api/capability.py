"""The CapabilityStatement and the SMART configuration, made from the tables of what is served.

Source: FHIR R4 4.0.1 CapabilityStatement; SMART App Launch 2.0, conformance (`.well-known/smart-configuration`).
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from interop.api.host import Host
from interop.service.served import OPERATIONS, TYPES, Operation, ServedType
from schemas.canonical import CANONICAL

__all__ = ["capability_statement", "smart_configuration"]

_PUBLISHED = "2026-11-25"
_PROFILES = f"{CANONICAL}/StructureDefinition/"
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def capability_statement(host: Host) -> dict[str, Any]:
    """What this service offers, and nothing that it does not."""
    types = TYPES.values()
    return {
        "resourceType": "CapabilityStatement",
        "id": "sote-interop",
        "url": f"{CANONICAL}/CapabilityStatement/sote-interop",
        "version": version("sote-interop"),
        "name": "SoteInterop",
        "title": "sote-interop",
        "status": "active",
        "date": _PUBLISHED,
        "description": "Structured client plans of Finnish social care, as FHIR R4 resources and documents.",
        "kind": "instance",
        "software": {"name": "sote-interop", "version": version("sote-interop")},
        "implementation": {"description": "sote-interop", "url": host.base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "application/fhir+xml"],
        "rest": [
            {
                "mode": "server",
                "security": _security(),
                "resource": [_resource(one) for one in types],
                "interaction": [{"code": "transaction"}],
                "operation": [_operation(one) for one in OPERATIONS if one.at == "system"],
            }
        ],
        "document": [{"mode": mode, "profile": f"{_PROFILES}sote-document"} for mode in ("producer", "consumer")],
    }


def smart_configuration(host: Host) -> dict[str, Any]:
    """How a client gets a token here."""
    return {
        "issuer": host.base,
        "jwks_uri": f"{host.base}/auth/jwks",
        "token_endpoint": host.token_url,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "scopes_supported": [f"system/{name}.{_letters(one)}" for name, one in TYPES.items()],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }


def _security() -> dict[str, Any]:
    return {
        "service": [{"coding": [{"system": _SECURITY, "code": "SMART-on-FHIR"}], "text": "SMART Backend Services"}],
        "description": "SMART Backend Services (private_key_jwt) or mutual TLS. The disclosure gate judges each "
        "document for the client's controller: scopes alone open nothing.",
    }


def _resource(one: ServedType) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": one.name,
        **({"supportedProfile": [f"{_PROFILES}{one.profile}"]} if one.profile else {}),
        "interaction": [{"code": code} for code in one.interactions],
        "versioning": "versioned-update" if "update" in one.interactions else "versioned",
        "readHistory": "vread" in one.interactions,
        "updateCreate": False,
    }
    if "create" in one.interactions:
        found["conditionalCreate"] = True
    if one.includes:
        found["searchInclude"] = [f"{one.name}:{name}" for name in one.includes]
        found["searchRevInclude"] = sorted(_pointing_at(one.name))
    parameters = one.every_parameter if "search-type" in one.interactions and one.parameters else one.parameters
    found |= {"searchParam": [{"name": p.name, "type": p.kind} for p in parameters]} if parameters else {}
    operations = [_operation(op) for op in OPERATIONS if one.name in op.types or op.name == "validate"]
    found["operation"] = operations
    return {key: value for key, value in found.items() if value != []}


def _pointing_at(name: str) -> Iterator[str]:
    for other in TYPES.values():
        for include in other.includes:
            parameter = other.parameter(include)
            if parameter is not None and name in parameter.targets:
                yield f"{other.name}:{include}"


def _operation(one: Operation) -> dict[str, str]:
    return {"name": one.name, "definition": one.definition, "documentation": one.says}


def _letters(one: ServedType) -> str:
    letters = {"create": "c", "read": "r", "update": "u", "search-type": "s"}
    return "".join(letter for code, letter in letters.items() if code in one.interactions)
