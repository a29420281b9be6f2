"""Which form a request's body has, which one its answer is to have, and both turned into plain JSON values and back.

Source: FHIR R4 4.0.1 http.html#mime-type; RFC 9110 §12.5.1 (Accept).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interop.api.calls import Call, Reply
from interop.api.outcomes import Refused
from mappings.formats import FORMATS
from schemas import json_text, xml_text
from schemas.fhir_definitions import Definitions
from schemas.fhir_xml import read_xml, write_xml
from schemas.issues import LANGUAGES, Language
from schemas.limits import Limits

__all__ = ["FHIR_JSON", "FHIR_XML", "FORMAT_TYPES", "format_in", "language_of", "resource_in", "wanted", "written"]

FHIR_JSON, FHIR_XML = "application/fhir+json", "application/fhir+xml"
_JSON = frozenset({FHIR_JSON, "application/json", "text/json"})
_XML = frozenset({FHIR_XML, "application/xml", "text/xml"})
_SHORT = {"json": FHIR_JSON, "xml": FHIR_XML} | dict.fromkeys(_JSON, FHIR_JSON) | dict.fromkeys(_XML, FHIR_XML)
_ANY = frozenset({"*/*", "application/*"})

FORMAT_TYPES: Mapping[str, str] = {
    f"application/vnd.sote-interop.{form.name}+{'xml' if 'xml' in form.media_type else 'json'}": form.name
    for form in FORMATS
    if form.name != "fhir"
}
"""The media types by which a request names one of our formats, and the formats."""


def wanted(headers: Mapping[str, str], asked: str = "") -> str:
    """FHIR's JSON or XML, as `_format` or Accept asks. Raises: Refused when the answer cannot have the form."""
    if asked:
        # A plus sign in an address is a blank unless it is written as %2B; FHIR asks servers to forgive that.
        form = _SHORT.get(asked.partition(";")[0].strip().lower().replace(" ", "+"))
        if form is None:
            raise Refused("answer_form_is_not_offered")
        return form
    for name in _by_preference(headers.get("accept", "*/*")):
        if name in _ANY or name in FORMAT_TYPES:
            return FHIR_JSON
        if name in _SHORT:
            return _SHORT[name]
    raise Refused("answer_form_is_not_offered")


def format_in(header: str) -> str | None:
    """The name of our format that an Accept or Content-Type header asks for first, or None."""
    return next((FORMAT_TYPES[name] for name in _by_preference(header) if name in FORMAT_TYPES), None)


def written(reply: Reply, form: str, definitions: Definitions, *, pretty: bool = False) -> tuple[bytes, str]:
    """The body of an answer and its media type."""
    if reply.resource is None:
        return reply.data, reply.media_type
    if form == FHIR_XML and definitions.resource_type("CarePlan") is not None:
        return write_xml(reply.resource, definitions), f"{FHIR_XML}; charset=utf-8"
    return json_text.dump(reply.resource, indent=pretty), f"{FHIR_JSON}; charset=utf-8"


def resource_in(call: Call, definitions: Definitions, limits: Limits) -> dict[str, Any]:
    """The resource that the body holds. Raises: Refused for a media type, or a body, that cannot be read."""
    if not call.body:
        raise Refused("body_is_missing")
    if call.media_type in _JSON:
        value, issues = json_text.parse(call.body, limits)
    elif call.media_type in _XML:
        root, issues = xml_text.parse(call.body, limits)
        value = None
        if root is not None:
            value, issues = read_xml(root, definitions)
    else:
        raise Refused("body_form_is_not_taken")
    if value is None or issues:
        raise Refused("body_cannot_be_read", issues)
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise Refused("body_is_of_another_type")
    return value


def language_of(header: str) -> Language:
    """The language of ours that an Accept-Language header prefers; English when it asks for none of them."""
    for name in _by_preference(header):
        for language in LANGUAGES:
            if name.partition("-")[0] == language:
                return language
    return "en"


def _by_preference(header: str) -> list[str]:
    """The names of a header's list, the most wanted first; what has no weight is left out."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:32]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            value = float(weight)
        except ValueError:
            continue
        if name and value > 0:
            weighed.append((-value, name))
    return [name for _, name in sorted(weighed, key=lambda one: one[0])]
