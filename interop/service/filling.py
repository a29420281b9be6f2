"""Responses to a structure's Questionnaire: one to begin a document with, and the resources that a whole one gives.

Source: Structured Data Capture 3.0.0, $populate and $extract.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interop.service.finding import Search, find
from interop.service.library import Library, Shown
from interop.service.viewing import Viewer
from interop.store import Store
from interop.store.resources import Criterion
from mappings.formats import format_named
from mappings.migration import carried_over
from mappings.questionnaire_response import content_of, response_of
from schemas import json_text
from schemas.issues import Issue, rules_in
from schemas.questionnaire import questionnaire_url
from schemas.record import Record, filled_envelope
from schemas.structures import Structure, shipped

__all__ = ["begun", "extracted"]

_RULES = rules_in("mappings")
_LOOKED_AT = 50


def begun(store: Store, library: Library, viewer: Viewer, structure: Structure, subject: str) -> dict[str, Any]:
    """A response in progress: the client's newest document of the same kind, carried over to the structure.

    In: `subject` as `Patient/id`; without one, or without such a document, nothing is filled in.
    """
    response: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": questionnaire_url(structure.oid),
        "status": "in-progress",
    }
    shown = _newest(store, library, viewer, structure, subject) if subject else None
    if shown is None:
        return response | ({"subject": {"reference": subject}} if subject else {})
    old = shipped()[shown.record.structure]
    record, _ = carried_over(shown.record, old, structure)
    items = response_of(structure, record.body, record.language)
    return response | {"subject": {"reference": subject}} | ({"item": items} if items else {})


def extracted(response: Mapping[str, Any], now: str) -> tuple[dict[str, Any] | None, list[Issue]]:
    """The transaction Bundle of a whole response, with the findings; None when its structure is not known.

    In: `now` stands in for the time of drafting, as an instant. What a response cannot tell of its document
    (its OID, its controller) is filled by placeholders, which keep the document from being taken in as it is.
    """
    oid = str(response.get("questionnaire", "")).rpartition("/")[2].partition("|")[0]
    if oid not in shipped():
        return None, [_RULES["document_structure_is_known"].at("/questionnaire")]
    structure = shipped()[oid]
    body, issues, _ = content_of(structure, response)
    content = {structure.root: body}
    record = Record(filled_envelope({}, structure, content, now), content)
    bundle, _ = json_text.parse(format_named("fhir").write(record).data)
    if not isinstance(bundle, dict):
        return None, issues
    entries = [
        {**entry, "request": {"method": "POST", "url": entry["resource"]["resourceType"]}} for entry in bundle["entry"]
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}, issues


def _newest(store: Store, library: Library, viewer: Viewer, structure: Structure, subject: str) -> Shown | None:
    """The client's newest document of the structure's kind, in any version of it, that the viewer may see."""
    search = Search("QuestionnaireResponse", [Criterion("subject", (subject,))], _LOOKED_AT)
    for found in find(store, library, search, viewer).found:
        shown = library.shown(found.entry.document_id, viewer)
        if shown is not None and shown.record.root == structure.root and shown.record.structure in shipped():
            return shown
    return None
