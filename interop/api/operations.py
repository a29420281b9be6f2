"""The operations: `$validate`, `$convert`, `$document`, `$populate` and `$extract`. None of them stores anything.

Source: FHIR R4 4.0.1 resource-operation-validate, -convert, composition-operation-document; SDC 3.0.0, $populate and
$extract.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from interop.api import bulk
from interop.api.calls import Call, Reply
from interop.api.host import Host
from interop.api.media import FHIR_JSON, FORMAT_TYPES, format_in, resource_in
from interop.api.outcomes import Refused
from interop.api.reading import current
from interop.documents import Converted, Options, outcome_of
from interop.documents import convert as converted
from interop.documents.outcomes import as_outcome
from interop.service.filling import begun, extracted
from mappings.formats import FORMATS, format_named
from schemas import json_text
from schemas.canonical import CANONICAL
from schemas.codesystems import shipped_code_systems
from schemas.structures import shipped

__all__ = ["convert", "document", "extract", "populate", "validate"]

_NAMES = tuple(form.name for form in FORMATS)
_VALIDATED = ("resource", "profile", "mode")


def validate(host: Host, call: Call) -> Reply:
    """An OperationOutcome about the body: always 200, also when there are errors."""
    profiles = [value for name, value in call.query if name == "profile"]
    if not call.body:
        raise Refused("body_is_missing")
    options = _options(host)
    if call.media_type in FORMAT_TYPES or call.media_type in ("application/xml", "text/xml"):
        return Reply(resource=outcome_of(call.body, profiles, call.language, options))
    resource = resource_in(call, host.definitions, host.limits)
    subject: bytes | Mapping[str, Any] = call.body
    if resource["resourceType"] == "Parameters" and call.path["type"] != "Parameters":
        given = _parameters(resource)
        profiles += [str(given["profile"])] if "profile" in given else []
        if not isinstance(given.get("resource"), dict):
            raise Refused("parameter_is_needed", slots={"parameter": "resource"})
        resource = given["resource"]
        subject = json_text.dump(resource)
    if not call.path["type"].startswith("$") and resource.get("resourceType") != call.path["type"]:
        raise Refused("body_is_of_another_type")
    return Reply(resource=outcome_of(subject, profiles, call.language, options))


def convert(host: Host, call: Call) -> Reply:
    """The document in another of our formats; a resource in FHIR's other form when no format is named.

    With `report=true`, Parameters with the document, the report of what was lost, and the findings.
    """
    if "respond-async" in call.headers.get("prefer", ""):
        return bulk.begin(host, call)
    to = call.one("to") or format_in(call.headers.get("accept", "")) or ""
    source = call.one("from") or FORMAT_TYPES.get(call.media_type)
    for name in filter(None, (to, source)):
        if name not in _NAMES:
            raise Refused("format_is_unknown", slots={"formats": ", ".join(_NAMES)})
    if not to:
        return Reply(resource=resource_in(call, host.definitions, host.limits))
    if not call.body:
        raise Refused("body_is_missing")
    found = converted(call.body, to, source, _options(host))
    if found.written is None:
        raise Refused("document_cannot_be_read", found.examined.issues)
    if call.one("report") == "true":
        return Reply(resource=_reported(found, to, call))
    if not found.written.data:
        raise Refused("format_cannot_hold_the_document", found.written.issues)
    return Reply(data=found.written.data, media_type=_media_type(to), headers=_counts(found))


def document(host: Host, call: Call) -> Reply:
    """The document Bundle of a Composition, as the caller may see it."""
    shown = current(host, call, "Composition").shown
    bundle = next(one for one in shown.resources.values() if one.type == "Bundle")
    return Reply(resource=bundle.body)


def populate(host: Host, call: Call) -> Reply:
    """A QuestionnaireResponse to begin with. In: `subject`, a reference to the client."""
    subject = call.one("subject")
    if call.body:
        given = _parameters(resource_in(call, host.definitions, host.limits)).get("subject")
        subject = given.get("reference", "") if isinstance(given, dict) else subject
    oid = call.path["id"]
    if oid not in shipped():
        raise Refused("resource_is_not_known")
    if subject and not subject.startswith("Patient/"):
        raise Refused("parameter_has_no_sound_value", slots={"parameter": "subject"})
    viewer = host.viewer(call)
    return Reply(resource=begun(host.parts.store, host.library, viewer, shipped()[oid], subject))


def extract(host: Host, call: Call) -> Reply:
    """The transaction Bundle of the resources that a response gives."""
    response = resource_in(call, host.definitions, host.limits)
    if response["resourceType"] == "Parameters":
        response = _parameters(response).get("questionnaire-response", {})
    if response.get("resourceType") != "QuestionnaireResponse":
        raise Refused("body_is_of_another_type")
    bundle, issues = extracted(response, host.parts.clock().isoformat())
    if bundle is None:
        raise Refused("document_cannot_be_read", issues)
    return Reply(resource=bundle)


def _options(host: Host) -> Options:
    return Options(limits=host.limits, code_systems=shipped_code_systems(), definitions=host.definitions)


def _parameters(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters by name, each by its resource or its value."""
    found: dict[str, Any] = {}
    listed = resource.get("parameter") if resource.get("resourceType") == "Parameters" else None
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            values = [value for key, value in one.items() if key == "resource" or key.startswith("value")]
            found |= {one["name"]: values[0]} if values else {}
    return found


def _media_type(name: str) -> str:
    named = next((media_type for media_type, form in FORMAT_TYPES.items() if form == name), FHIR_JSON)
    return f"{named}; charset=utf-8"


def _counts(found: Converted) -> dict[str, str]:
    """How much was lost, as headers: the places themselves stand in the report."""
    report = found.written.report if found.written else None
    errors = sum(issue.rule.severity == "error" for issue in found.examined.issues)
    lost = len(report.lost) if report else 0
    unmapped = len(report.unmapped) if report else 0
    return {"X-Errors": str(errors), "X-Lost": str(lost), "X-Unmapped": str(unmapped)}


def _reported(found: Converted, to: str, call: Call) -> dict[str, Any]:
    written = found.written
    assert written is not None  # noqa: S101 - a conversion without a record was refused before
    parts: list[dict[str, Any]] = [{"name": "outcome", "resource": as_outcome(found.examined, call.language)}]
    if written.data:
        data = b64encode(written.data).decode()
        binary = {"resourceType": "Binary", "contentType": format_named(to).media_type, "data": data}
        parts.insert(0, {"name": "return", "resource": binary})
    for kind, entries in written.report.as_json().items():
        for entry in entries if isinstance(entries, list) else []:
            told = [{"name": key, "valueString": str(value)} for key, value in entry.items() if value not in ("", None)]
            parts.append({"name": kind, "part": told} if told else {"name": kind, "valueString": "-"})
    profile = f"{CANONICAL}/OperationDefinition/convert"
    return {"resourceType": "Parameters", "meta": {"tag": [{"system": profile, "code": to}]}, "parameter": parts}
