"""A clinical note of ours for Apotti: its parts, and the fenced block by which it is found again.

Source: Epic's DocumentReference.Create (Clinical Notes, R4) as seen in public sandbox reports.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from interop.errors import Fault
from interop.systems.base import Outgoing
from interop.systems.fhir import Resource, address, dicts
from schemas import json_text

__all__ = ["BLOCK_BEGINS", "BLOCK_ENDS", "Note", "decoded", "heir_of", "marks", "started", "subject_of", "taken_apart"]

BLOCK_BEGINS = "-----BEGIN SOTE-INTEROP RECORD-----"
BLOCK_ENDS = "-----END SOTE-INTEROP RECORD-----"
_BLOCK = re.compile(rf"^{BLOCK_BEGINS}[ \t]*\r?$(.*?)^{BLOCK_ENDS}[ \t]*\r?$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^(document|version):[ \t]*([0-9.]{1,200})[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Note:
    """A payload taken apart: the resource, the client it is about and what its fenced block names."""

    resource: Resource
    client: str
    mark: tuple[str, int]


def marks(text: str) -> tuple[str, int] | None:
    """The document OID and version that the last fenced block of a note names; None without a whole block."""
    blocks = _BLOCK.findall(text)
    said = dict(_LINE.findall(blocks[-1])) if blocks else {}
    if "document" not in said or not said.get("version", "").isdigit():
        return None
    return said["document"], int(said["version"])


def taken_apart(outgoing: Outgoing) -> Note:
    """The payload's parts. Raises: Fault; the payload is our own writing, so a broken one is our mistake."""
    resource, _ = json_text.parse(outgoing.payload)
    if not isinstance(resource, dict) or resource.get("resourceType") != "DocumentReference":
        raise Fault("The payload for Apotti is no DocumentReference.")
    subject, contents = resource.get("subject"), dicts(resource.get("content"))
    client = subject.get("identifier") if isinstance(subject, dict) else None
    if not isinstance(client, dict) or not client.get("system") or not client.get("value"):
        raise Fault("The note for Apotti lacks subject.identifier with a system and a value.")
    attachment = contents[0].get("attachment") if contents else None
    mark = marks(decoded(attachment.get("data"))) if isinstance(attachment, dict) else None
    if mark != (outgoing.document, outgoing.version):
        raise Fault("The note for Apotti does not name the document version that it is sent under in its fenced block.")
    return Note(resource, f"{client['system']}|{client['value']}", mark)


def decoded(data: Any) -> str:
    """The text of Base64 data; empty for what is none."""
    try:
        return base64.b64decode(data, validate=True).decode("utf-8", "replace") if isinstance(data, str) else ""
    except binascii.Error:
        return ""


def subject_of(resource: Resource) -> str:
    """`Patient/id` that a resource is about, whatever address stands before it."""
    subject = resource.get("subject")
    reference = str(subject.get("reference", "")) if isinstance(subject, dict) else ""
    return "/".join(reference.split("/")[-2:])


def heir_of(patient: Resource) -> str:
    """`Patient/id` of the one that has replaced this patient; empty when none has."""
    for link in dicts(patient.get("link")):
        other = link.get("other")
        if link.get("type") == "replaced-by" and isinstance(other, dict):
            kind, _, name = str(other.get("reference", "")).rpartition("/")
            return address({"resourceType": "Patient", "id": name}) if kind.endswith("Patient") else ""
    return ""


def started(encounter: Resource) -> datetime:
    """When an encounter began; the beginning of time when that cannot be read."""
    try:
        moment = datetime.fromisoformat(str((encounter.get("period") or {}).get("start")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
