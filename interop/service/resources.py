"""The FHIR resources that one document gives, with ids of their own and references to one another.

A resource's id is made from its document's chain and its role there (`plan`, `goal-2`), so that it stays the same in
every version of the document. A client's id is a keyed pseudonym of the client's identifier: the same in all documents.
Source: FHIR R4 4.0.1 Bundle (document), references; IHE MHD 4.2 (DocumentReference).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from interop.store import StoredDocument
from mappings.fhir_graph import Graph
from mappings.formats import FORMATS, format_named
from mappings.shipped import mapping_of, mapping_without_structure
from schemas import json_text
from schemas.canonical import CANONICAL
from schemas.record import Record

__all__ = ["BINARY_FORMATS", "ORIGINAL", "Named", "Pseudonym", "bundle_name", "name_in", "resources_of"]

Pseudonym = Callable[[str, str], str]
"""Gives the id of a client from its identifier's system and value."""

ORIGINAL = "original"
BINARY_FORMATS = tuple(form.name for form in FORMATS)
"""The forms in which each document can be read as a Binary, besides the one it came in (`original`)."""

_FHIR = "fhir"
_HEAD = ("resourceType", "id", "meta")
_Tree = dict[str, Any]
_Names = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Named:
    """One resource: its type, its id, and its elements."""

    type: str
    name: str
    body: Mapping[str, Any] = field(repr=False)


def name_in(chain: str, role: str) -> str:
    """The id of the resource that has a role in the documents of a chain."""
    return str(uuid5(NAMESPACE_OID, f"{chain}/{role}"))


def bundle_name(record: Record) -> str:
    """The id of the Bundle of a document, the same for all its versions."""
    return name_in(record.original, "bundle")


def resources_of(record: Record, document: StoredDocument, pseudonym: Pseudonym) -> list[Named]:
    """The resources of a document: those of its FHIR form, the Bundle itself, and the DocumentReference of its forms.

    In: `document` tells when it was received and in which form. Out: none when FHIR cannot hold the document.
    """
    bundle, _ = json_text.parse(format_named(_FHIR).write(record).data)
    if not isinstance(bundle, dict):
        return []
    names = _names(record, bundle["entry"], pseudonym)
    bodies = {entry["fullUrl"]: _referring(entry["resource"], names) for entry in bundle["entry"]}
    made = [_named(bodies[url], name, record, document) for url, (_, name) in names.items()]
    reference = _document_reference(record, document, made)
    whole = _named(bundle, bundle_name(record), record, document)
    return [*made, whole, _named(reference, name_in(record.original, "document-reference"), record, document)]


def _names(record: Record, entries: list[_Tree], pseudonym: Pseudonym) -> _Names:
    """The type and the id of each entry's resource, by the entry's URL."""
    roles = _roles(record, len(entries))
    names = {}
    for entry in entries:
        url, resource = entry["fullUrl"], entry["resource"]
        known = _identified(resource) if resource["resourceType"] == "Patient" else None
        name = pseudonym(*known) if known else name_in(record.original, roles.get(url, url))
        names[url] = (resource["resourceType"], name)
    return names


def _roles(record: Record, most: int) -> Mapping[str, str]:
    """The role that each URL of the written document stands for. In: `most` resources that a role can have."""
    mapping = mapping_of(_FHIR, record.structure) or mapping_without_structure(_FHIR)
    graph = Graph(mapping.table.settings)
    tree: _Tree = {name: [{}] * most if role.many else {} for name, role in graph.roles.items()}
    urls = graph.urls(tree, f"{record.document}/{record.version}")
    return {url: f"{role}-{index + 1}" if graph.roles[role].many else role for (role, index), url in urls.items()}


def _identified(resource: Mapping[str, Any]) -> tuple[str, str] | None:
    for identifier in resource.get("identifier", ()):
        if identifier.get("value"):
            return str(identifier.get("system", "")), str(identifier["value"])
    return None


def _named(resource: _Tree, name: str, record: Record, document: StoredDocument) -> Named:
    """The resource with its id and its version. A client's own resource outlives the document: it has no version."""
    kind = resource["resourceType"]
    version = {} if kind == "Patient" else {"versionId": str(record.version)}
    at = document.received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"resourceType": kind, "id": name, "meta": {**version, "lastUpdated": at, **resource.get("meta", {})}}
    return Named(kind, name, head | {key: value for key, value in resource.items() if key not in _HEAD})


def _referring(value: Any, names: _Names) -> Any:
    """The value with references to the document's entries as relative ones."""
    if isinstance(value, dict):
        made = {key: _referring(inner, names) for key, inner in value.items()}
        if isinstance(target := value.get("reference"), str) and target in names:
            made["reference"] = "/".join(names[target])
        return made
    return [_referring(inner, names) for inner in value] if isinstance(value, list) else value


def _document_reference(record: Record, document: StoredDocument, made: list[Named]) -> _Tree:
    """The reference to the document in each of its forms, which are read as Binary."""
    composition = next((one.body for one in made if one.type == "Composition"), {})
    forms = [(document.format, ORIGINAL), *((name, name) for name in BINARY_FORMATS)]
    binary = name_in(record.original, "binary")
    kept = ("language", "identifier", "type", "category", "subject", "date", "author", "custodian")
    reference = {key: composition[key] for key in kept if key in composition}
    if "identifier" in reference:
        reference["masterIdentifier"] = reference["identifier"]
        reference["identifier"] = [reference["identifier"]]
    if "date" in reference and "T" not in str(reference["date"]):
        del reference["date"]
    labels = [label for one in made if one.type == "Patient" for label in one.body["meta"].get("security", ())]
    return {
        "resourceType": "DocumentReference",
        "meta": {},
        **reference,
        "status": "current",
        "docStatus": composition.get("status", "final"),
        **({"securityLabel": [{"coding": labels}]} if labels else {}),
        "content": [
            {
                "attachment": {
                    "contentType": format_named(form).media_type,
                    "language": record.language,
                    "url": f"Binary/{binary}-{ending}",
                },
                "format": {"system": f"{CANONICAL}/CodeSystem/document-form", "code": form},
            }
            for form, ending in forms
        ],
    }
