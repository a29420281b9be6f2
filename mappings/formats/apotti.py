"""A record as a note in Apotti (Epic): a DocumentReference with one plain text attachment.

The text holds the document for a person, then a fenced block for machines that reads back to the exact record. Epic
takes text alone and stores the first attachment only. Reading of CarePlan, Goal and CareTeam is not part of the note.
Source: Epic DocumentReference.Create (Clinical Notes, R4); the Apotti CapabilityStatement of 2023-07-04.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from textwrap import wrap
from typing import Any

from mappings.fhir_graph import pruned
from mappings.formats.base import Decoded, Parsed, WriteResult, no_table
from mappings.formats.json_format import JsonFormat
from mappings.formats.thl import Thl
from mappings.outline import plain_text
from mappings.report import Report
from schemas.dates import exists
from schemas.issues import Issue, rules_in
from schemas.json_text import canonical, dump
from schemas.record import Record, record_digest
from schemas.structures import shipped

__all__ = ["BEGIN", "END", "Apotti"]

BEGIN = "-----BEGIN SOTE-INTEROP RECORD-----"
END = "-----END SOTE-INTEROP RECORD-----"

_RULES = rules_in("mappings")
_THL = Thl()
_BLOCK = re.compile(rf"^{BEGIN}\n(.*?)\n\n([A-Za-z0-9+/=\n]*)\n{END}$", re.DOTALL | re.MULTILINE)
_PLAN_OF_CARE = {"system": "http://loinc.org", "code": "18776-5"}
_CLINICAL_NOTE = {
    "system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
    "code": "clinical-note",
}


class Apotti(JsonFormat):
    """Notes for Epic's FHIR R4."""

    name = "apotti"
    media_type = "application/fhir+json"

    def recognises(self, data: bytes, value: Any) -> bool:
        """True for a DocumentReference."""
        return isinstance(value, dict) and value.get("resourceType") == "DocumentReference"

    def write(self, record: Record, *, traced: bool = False) -> WriteResult:
        """The note of a record; the block holds all of it."""
        if record.structure not in shipped():
            return no_table(self.name)
        text = plain_text(record, shipped()[record.structure]) + "\n" + _block(record)
        clients = record.envelope.get("clients") or [{}]
        created = str(record.envelope.get("created", ""))
        note = {
            "resourceType": "DocumentReference",
            "status": "current",
            "docStatus": "preliminary" if record.envelope.get("status") == "draft" else "final",
            "type": {"coding": [_PLAN_OF_CARE]},
            "category": [{"coding": [_CLINICAL_NOTE]}],
            "subject": {"identifier": clients[0].get("identifier")},
            "date": created if "T" in created and exists(created) else None,
            "content": [
                {
                    "attachment": {
                        "contentType": "text/plain",
                        "language": record.language,
                        "data": b64encode(text.encode()).decode(),
                        "title": shipped()[record.structure].label.get(record.language),
                    }
                }
            ],
        }
        return WriteResult(dump(pruned(note), indent=True), Report())

    def decode(self, parsed: Parsed, *, traced: bool = False) -> Decoded:
        """The record in the note's block. Issues: document_has_a_record, record_digest_matches"""
        at = "/content/0/attachment/data"
        place = self.place(parsed, at)
        block = _BLOCK.search(_text_of(parsed.tree))
        facts = dict(line.partition(": ")[::2] for line in block[1].split("\n")) if block else {}
        inner = _record(block[2]) if block else None
        if inner is None or inner.record is None:
            reason = {
                "fi": "kirjauksessa ei ole koneluettavaa osaa, tai sitä ei voi lukea.",
                "sv": "anteckningen saknar en maskinläsbar del, eller så kan den inte läsas.",
                "en": "the note has no machine-readable block, or it cannot be read.",
            }
            broken = _RULES["document_has_a_record"].at(at, reason=reason)
            return Decoded(None, [broken.moved(at, place.line, place.column)])
        issues: list[Issue] = list(inner.issues)
        if facts.get("sha256") != record_digest(inner.record):
            issues.append(_RULES["record_digest_matches"].at(at, line=place.line, column=place.column))
        return Decoded(inner.record, issues, {"/content": at, "/envelope": at} if traced else {})


def _block(record: Record) -> str:
    """The fenced block: what identifies the document, an empty line, and the record as base64 JSON."""
    facts = {
        "document": record.document,
        "version": record.version,
        "structure": record.structure,
        "controller": record.controller,
        "sha256": record_digest(record),
    }
    data = b64encode(canonical({"envelope": record.envelope, "content": record.content})).decode()
    head = "\n".join(f"{name}: {value}" for name, value in facts.items())
    return f"{BEGIN}\n{head}\n\n" + "\n".join(wrap(data, 76)) + f"\n{END}\n"


def _text_of(note: Any) -> str:
    """The text of the first attachment, empty when there is none."""
    match note:
        case {"content": [{"attachment": {"data": str(data)}}, *_]}:
            try:
                return b64decode(data, validate=True).decode().replace("\r\n", "\n")
            except (Base64Error, ValueError):
                return ""
    return ""


def _record(data: str) -> Decoded | None:
    try:
        text = b64decode(data)
    except (Base64Error, ValueError):
        return None
    parsed = _THL.parse(text)
    return None if parsed.tree is None else _THL.decode(parsed)
