"""Documents that clients send: taken by the same steps as those that are fetched from the systems, or refused whole.

Source: FHIR R4 4.0.1 http.html#create, #update, #transaction; IHE MHD 4.2 ITI-65 (DocumentReference with its document).
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from interop.api.calls import Call, Reply
from interop.api.host import Host
from interop.api.media import FORMAT_TYPES, resource_in
from interop.api.outcomes import Refused
from interop.api.reading import Current, current, head_of
from interop.exchange.receiving import Received
from interop.service import finding
from interop.service.finding import Search
from interop.service.posting import post
from interop.service.resources import ORIGINAL, bundle_name, name_in
from interop.store import StoredDocument
from interop.store.resources import Criterion
from mappings.formats import format_named, sniffed
from schemas import json_text
from schemas.canonical import CANONICAL
from schemas.record import Record

__all__ = ["create", "transaction", "update"]

_FHIR = "fhir"
_ROLES = {"DocumentReference": "document-reference", "Bundle": "bundle", "Binary": "binary"}
_IDENTIFIED_BY = {"Bundle": "Composition", "DocumentReference": "DocumentReference", "Binary": "DocumentReference"}


def create(host: Host, call: Call) -> Reply:
    """A document, stored; the answer names the resource by which it was sent."""
    kind = call.path["type"]
    existing = _existing(host, call, kind)
    if existing is not None:
        return _answer(host, call, kind, existing, 200)
    form, payload = _document_in(host, call, kind)
    document, is_new = _taken(host, call, form, payload)
    return _answer(host, call, kind, document, 201 if is_new else 200)


def update(host: Host, call: Call) -> Reply:
    """The next version of a document, in place of the one that If-Match names."""
    found = current(host, call, "Bundle")
    named = call.headers.get("if-match", "")
    if not named:
        raise Refused("version_has_to_be_named")
    if named != head_of(found.entry)["ETag"]:
        raise Refused("version_is_not_the_newest")
    form, payload = _document_in(host, call, "Bundle")
    record = _readable(form, payload)
    if bundle_name(record) != call.path["id"] or record.version <= (found.entry.version or 0):
        raise Refused("body_is_of_another_type")
    document, _ = _taken(host, call, form, payload)
    return _answer(host, call, "Bundle", document, 200)


def transaction(host: Host, call: Call) -> Reply:
    """A document Bundle, or the transaction that makes one: taken whole or not at all."""
    bundle = resource_in(call, host.definitions, host.limits)
    if bundle["resourceType"] != "Bundle":
        raise Refused("body_is_of_another_type")
    if bundle.get("type") not in ("transaction", "document", "collection"):
        raise Refused("bundle_type_is_not_taken")
    if bundle["type"] != "transaction":
        form, payload = _document_in(host, call, "Bundle")
        document, is_new = _taken(host, call, form, payload)
        return _answer(host, call, "Bundle", document, 201 if is_new else 200)
    document, is_new = _taken(host, call, _FHIR, json_text.dump(_as_document(bundle)))
    return Reply(resource=_transaction_answer(host, call, document, is_new=is_new))


def _document_in(host: Host, call: Call, kind: str) -> tuple[str, bytes]:
    """The format and the bytes of the document that the body carries. Raises: Refused."""
    if not call.body:
        raise Refused("body_is_missing")
    if kind == "Binary" and (call.media_type in FORMAT_TYPES or call.media_type in ("application/xml", "text/xml")):
        return _known(call.body, FORMAT_TYPES.get(call.media_type))
    resource = resource_in(call, host.definitions, host.limits)
    if resource["resourceType"] != kind:
        raise Refused("body_is_of_another_type")
    if kind == "Bundle":
        return _known(json_text.dump(resource) if "xml" in call.media_type else call.body, None)
    attachment = resource if kind == "Binary" else _attachment(resource)
    try:
        data = b64decode(re.sub(r"\s", "", str(attachment["data"])), validate=True)
    except (KeyError, binascii.Error, ValueError) as error:
        raise Refused("document_cannot_be_read") from error
    content_type = str(attachment.get("contentType", "")).partition(";")[0].strip().lower()
    return _known(data, FORMAT_TYPES.get(content_type))


def _attachment(reference: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one attachment of a DocumentReference."""
    content = reference.get("content")
    if not isinstance(content, list) or len(content) != 1 or not isinstance(content[0], dict):
        raise Refused("document_cannot_be_read")
    attachment = content[0].get("attachment")
    return attachment if isinstance(attachment, dict) else {}


def _known(data: bytes, named: str | None) -> tuple[str, bytes]:
    form = format_named(named) if named else sniffed(data)
    if form is None:
        raise Refused("document_cannot_be_read")
    return form.name, data


def _readable(form: str, payload: bytes) -> Record:
    result = format_named(form).read(payload)
    if result.record is None:
        raise Refused("document_cannot_be_read", result.issues)
    return result.record


def _taken(host: Host, call: Call, form: str, payload: bytes) -> tuple[StoredDocument, bool]:
    """The stored document, and whether it is new. Raises: Refused."""
    record = _readable(form, payload)
    if not call.client.receiver.controller or record.controller != call.client.receiver.controller:
        raise Refused("document_is_of_another_controller")
    received = post(host.parts, call.client.source, form, payload)
    if received.answer.type != "AA":
        raise _refused(received)
    document = received.document or host.parts.store.filed(record.document, record.version)
    if document is None:
        raise Refused("document_is_not_valid", received.issues)
    host.library.catch_up()
    return document, not received.repeated


def _refused(received: Received) -> Refused:
    if received.answer.code == "document_version_is_here_with_other_content":
        return Refused("document_is_here_with_other_content", received.issues)
    return Refused("document_is_not_valid", received.issues)


def _existing(host: Host, call: Call, kind: str) -> StoredDocument | None:
    """The document that If-None-Exist finds already here. Raises: Refused when it finds several."""
    condition = call.headers.get("if-none-exist", "")
    if not condition:
        return None
    name, _, value = condition.partition("=")
    if name not in ("identifier", "_id") or not value or "&" in value:
        raise Refused("parameter_is_not_offered", slots={"parameter": "If-None-Exist"})
    search = Search(_IDENTIFIED_BY[kind], [Criterion(name, (value.replace("%7C", "|"),))], 2)
    found = finding.find(host.parts.store, host.library, search, host.viewer(call)).found
    if len(found) > 1:
        raise Refused("condition_meets_several")
    return host.parts.store.document(found[0].entry.document_id) if found else None


def _answer(host: Host, call: Call, kind: str, document: StoredDocument, status: int) -> Reply:
    """The answer to a write, with as much of the resource as `Prefer` asks for."""
    chain = document.chain or ""
    ending = f"-{ORIGINAL}" if kind == "Binary" else ""
    name = name_in(chain, _ROLES[kind]) + ending
    found = _version(host, call, kind, name.removesuffix(f"-{ORIGINAL}") if ending else name, document)
    head = head_of(found.entry) | {"Location": f"{call.base}/{kind}/{name}/_history/{found.entry.version_id}"}
    prefer = call.headers.get("prefer", "")
    if "return=representation" in prefer and kind != "Binary":
        return Reply(status, found.body, headers=head)
    if "return=OperationOutcome" in prefer:
        said = {"severity": "information", "code": "informational", "details": {"text": "AA"}}
        return Reply(status, {"resourceType": "OperationOutcome", "issue": [said]}, headers=head)
    return Reply(status, headers=head)


def _version(host: Host, call: Call, kind: str, name: str, document: StoredDocument) -> Current:
    """The resource as it stands in the document; a client sees what it has sent, if the gate lets it see it at all."""
    return current(host, call, kind, name, str(document.version))


def _as_document(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """The document Bundle of a transaction that creates the resources of one document. Raises: Refused."""
    entries = bundle.get("entry")
    listed = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    kinds = [one["resource"].get("resourceType") for one in listed if isinstance(one.get("resource"), dict)]
    posted = all(isinstance(one.get("request"), dict) and one["request"].get("method") == "POST" for one in listed)
    if (
        not posted
        or len(kinds) != len(listed)
        or kinds.count("Composition") != 1
        or kinds.count("QuestionnaireResponse") != 1
    ):
        raise Refused("transaction_is_not_one_document")
    listed.sort(key=lambda one: one["resource"]["resourceType"] != "Composition")
    composition = listed[0]["resource"]
    head = {"resourceType": "Bundle", "identifier": composition.get("identifier"), "type": "document"}
    provenance: Mapping[str, Any] = next(
        (one["resource"] for one in listed if one["resource"]["resourceType"] == "Provenance"), {}
    )
    timestamp = provenance.get("recorded") or bundle.get("timestamp")
    head |= {"timestamp": timestamp} if timestamp else {}
    meta = {"profile": [f"{CANONICAL}/StructureDefinition/sote-document"]}
    kept = [{key: one[key] for key in ("fullUrl", "resource") if key in one} for one in listed]
    return {**head, "meta": meta, "entry": kept}


def _transaction_answer(host: Host, call: Call, document: StoredDocument, *, is_new: bool) -> dict[str, Any]:
    """One entry for each entry of the transaction, in its order."""
    bundle, _ = json_text.parse(call.body) if "json" in call.media_type else (
        resource_in(call, host.definitions, host.limits), [])  # fmt: skip
    shown = host.library.shown(document.id, host.viewer(call))
    made: dict[str, list[str]] = {}
    for kind, name in shown.resources if shown else ():
        made.setdefault(kind, []).append(name)
    status = "201 Created" if is_new else "200 OK"
    at = document.received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    entries = []
    for one in bundle["entry"]:
        kind = one["resource"]["resourceType"]
        name = made[kind].pop(0) if made.get(kind) else ""
        said = {"status": status, "etag": f'W/"{document.version}"', "lastModified": at}
        location = {"location": f"{call.base}/{kind}/{name}/_history/{document.version}"} if name else {}
        entries.append({"response": said | location})
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
