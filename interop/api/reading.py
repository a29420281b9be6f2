"""Reading one resource: its newest version, any version, or its history; and the documents themselves as Binary.

Source: FHIR R4 4.0.1 http.html#read, #vread, #history; binary.html.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from interop.api.calls import Call, Reply
from interop.api.host import Host
from interop.api.media import FHIR_JSON, FHIR_XML
from interop.api.outcomes import Refused
from interop.documents import write
from interop.service import finding
from interop.service.library import Shown, shown_resource
from interop.service.questionnaires import questionnaire_for
from interop.service.resources import BINARY_FORMATS, ORIGINAL
from interop.store.resources import Entry
from mappings.formats import format_named
from schemas.structures import shipped

__all__ = ["Current", "current", "head_of", "history", "reader"]


@dataclass(frozen=True, slots=True)
class Current:
    """One version of a resource, and the document that it stands in, as the caller may see it."""

    entry: Entry
    shown: Shown
    body: Mapping[str, Any]


def reader(kind: str) -> Callable[[Host, Call], Reply]:
    """What reads a resource of a type."""
    return {"Binary": _binary, "Questionnaire": _questionnaire}.get(kind, _read)


def current(host: Host, call: Call, kind: str, name: str = "", version: str = "") -> Current:
    """The newest version of a resource that the caller may see, or the one of a version.

    Raises: Refused when there is none, and when the newest version of its document does not hold it any more.
    """
    name = name or call.path["id"]
    viewer = host.viewer(call)
    entries = finding.versions(host.parts.store, host.library, kind, name)
    for entry in entries:
        if version and entry.version_id != version:
            continue
        shown = host.library.shown(entry.document_id, viewer)
        if shown is None:
            if entry.version is not None and not version:
                break
            continue
        if not version and not entry.is_current and entry.version is not None:
            raise Refused("resource_is_gone")
        body = shown_resource(shown, entry) if kind != "Binary" else {}
        if body is not None:
            return Current(entry, shown, body)
    raise Refused("resource_is_not_known")


def history(host: Host, call: Call) -> Reply:
    """The versions of a resource that the caller may see, the newest first."""
    kind, name = call.path["type"], call.path["id"]
    found = finding.history(host.parts.store, host.library, kind, name, host.viewer(call))
    if not found:
        raise Refused("resource_is_not_known")
    entries = [
        {
            "fullUrl": f"{call.base}/{kind}/{name}",
            "resource": one.body,
            "request": {"method": "POST" if one is found[-1] else "PUT", "url": f"{kind}/{name}"},
            "response": {
                "status": "201" if one is found[-1] else "200",
                "etag": f'W/"{one.entry.version_id}"',
                "lastModified": one.body["meta"]["lastUpdated"],
            },
        }
        for one in found
    ]
    links = [{"relation": "self", "url": f"{call.base}/{kind}/{name}/_history"}]
    bundle = {"resourceType": "Bundle", "type": "history", "total": len(entries), "link": links, "entry": entries}
    return Reply(resource=bundle)


def head_of(entry: Entry) -> dict[str, str]:
    """The headers that name a version."""
    modified = format_datetime(entry.updated_at.replace(microsecond=0), usegmt=True)
    return {"ETag": f'W/"{entry.version_id}"', "Last-Modified": modified}


def _read(host: Host, call: Call) -> Reply:
    found = current(host, call, call.path["type"], version=call.path.get("version", ""))
    head = head_of(found.entry)
    if call.headers.get("if-none-match", "") == head["ETag"]:
        return Reply(304, headers=head)
    return Reply(resource=found.body, headers=head)


def _binary(host: Host, call: Call) -> Reply:
    """A document in one of its forms: as it is, or as a Binary resource when FHIR's own form is asked for.

    The original form holds all that came: it is given only when the gate leaves nothing out.
    """
    name, _, form = call.path["id"].rpartition("-")
    found = current(host, call, "Binary", name, call.path.get("version", ""))
    data, media_type = _form(host, found.shown, form)
    head = head_of(found.entry) | {"X-Security-Context": _context(call, found.shown)}
    accepted = call.headers.get("accept", "")
    if FHIR_JSON in accepted or FHIR_XML in accepted or call.one("_format"):
        meta = {"versionId": found.entry.version_id, "lastUpdated": _moment(found.entry)}
        body = {"resourceType": "Binary", "id": call.path["id"], "meta": meta, "contentType": media_type,
                "data": b64encode(data).decode()}  # fmt: skip
        return Reply(resource=body, headers=head)
    return Reply(data=data, media_type=media_type, headers=head | {"Content-Disposition": "attachment"})


def _form(host: Host, shown: Shown, form: str) -> tuple[bytes, str]:
    if form == ORIGINAL and shown.whole:
        return host.library.payload(shown.document.id), format_named(shown.document.format).media_type
    data = write(shown.record, form).data if form in BINARY_FORMATS else b""
    if not data:
        raise Refused("resource_is_not_known")
    return data, format_named(form).media_type


def _context(call: Call, shown: Shown) -> str:
    reference = next(one for one in shown.resources.values() if one.type == "DocumentReference")
    return f"{call.base}/DocumentReference/{reference.name}"


def _questionnaire(_: Host, call: Call) -> Reply:
    if call.path["id"] not in shipped():
        raise Refused("resource_is_not_known")
    resource = questionnaire_for(shipped()[call.path["id"]])
    return Reply(resource=resource, headers={"ETag": f'W/"{resource.get("version", "1")}"'})


def _moment(entry: Entry) -> str:
    return entry.updated_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
