"""What OpenAPI says of each route: its parameters, its body and its answers.

FHIR's own types are told by name alone: their whole form is the CapabilityStatement's and the profiles' to tell.
"""

from __future__ import annotations

import re
from typing import Any

from interop.api.media import FHIR_JSON, FHIR_XML, FORMAT_TYPES
from interop.api.routes import Body, Route
from interop.service.served import TYPES
from mappings.formats import FORMATS

__all__ = ["described"]

_TEXT = {"type": "string"}
_ID = {"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"}
_ANY = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": _TEXT}}
_NDJSON = "application/fhir+ndjson"
_CONVERT = ("to", "from", "report")
_TAKEN: dict[Body, tuple[str, ...]] = {
    "resource": (FHIR_JSON, FHIR_XML),
    "document": (FHIR_JSON, FHIR_XML, "application/json", "application/xml", *FORMAT_TYPES),
    "form": ("application/x-www-form-urlencoded",),
    "ndjson": (_NDJSON,),
}
_REFUSALS = (400, 401, 403, 404, 406, 408, 409, 410, 412, 413, 415, 422, 429, 503)


def described(route: Route) -> dict[str, Any]:
    """The arguments of FastAPI's route that describe it."""
    extra: dict[str, Any] = {"parameters": _parameters(route)}
    if route.body:
        extra["requestBody"] = {"required": True, "content": {name: _body(route.body) for name in _TAKEN[route.body]}}
    if not route.is_open:
        extra["security"] = [{"bearer": []}]
    answers = {status: _answer(route, status) for status in route.statuses}
    refusals = {status: _refusal() for status in _REFUSALS if status not in answers}
    return {"openapi_extra": extra, "responses": {**refusals, **answers}, "status_code": route.statuses[0],
            "response_model": None}  # fmt: skip


def _parameters(route: Route) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": _ID} for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    served = TYPES.get(route.path.strip("/"))
    names: tuple[str, ...] = ()
    if route.method == "GET" and served is not None and route.answers == "Bundle":
        names = (*(one.name for one in served.every_parameter), "_count", "_sort", "_include", "_revinclude")
    elif route.path == "/$convert":
        names = _CONVERT
    elif route.path.endswith("/$validate"):
        names = ("profile",)
    schema = {"to": {"enum": [form.name for form in FORMATS]}, "from": {"enum": [form.name for form in FORMATS]},
              "report": {"type": "boolean"}, "_count": {"type": "integer", "minimum": 0, "maximum": 1000}}  # fmt: skip
    return found + [
        {"name": name, "in": "query", "required": False, "schema": schema.get(name, _TEXT)} for name in names
    ]


def _body(kind: Body) -> dict[str, Any]:
    if kind == "form":
        return {"schema": {"type": "object", "additionalProperties": _TEXT}}
    return {"schema": _ANY if kind == "resource" else {}}


def _answer(route: Route, status: int) -> dict[str, Any]:
    text = {200: "Carried out", 201: "Taken", 202: "Under way"}.get(status, "Refused")
    if not route.answers:
        return {"description": text}
    if route.path == "/$convert":
        return {"description": text, "content": {name: {} for name in (FHIR_JSON, FHIR_XML, *FORMAT_TYPES)}}
    schema = _ANY if route.answers == "Resource" else _of(route.answers)
    return {"description": text, "content": {FHIR_JSON: {"schema": schema}, FHIR_XML: {"schema": _TEXT}}}


def _refusal() -> dict[str, Any]:
    content = {FHIR_JSON: {"schema": _of("OperationOutcome")}, FHIR_XML: {"schema": _TEXT}}
    return {"description": "Refused, with the reason", "content": content}


def _of(resource_type: str) -> dict[str, Any]:
    allowed = [resource_type] if resource_type == "OperationOutcome" else [resource_type, "OperationOutcome"]
    return {"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"enum": allowed}}}
