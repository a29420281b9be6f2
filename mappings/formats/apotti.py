"""A record in Apotti (Epic): written as a note, read from notes of ours or in part from CarePlan, Goal and CareTeam.

A note is a DocumentReference with one plain text attachment. The text holds the document for a person, then a fenced
block for machines that reads back to the exact record. Epic takes text alone and stores the first attachment only. What
Apotti gives out is a Bundle of type searchset or collection; a note of ours in it holds the whole record.
Source: Epic DocumentReference.Create (Clinical Notes, R4); the Apotti CapabilityStatement of 2023-07-04.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from mappings.fhir_document import Resources, placed_issues, structure_named_in
from mappings.fhir_graph import Graph, pruned
from mappings.fhir_partial import partial_record
from mappings.fhir_residue import NO_PART, surplus
from mappings.formats.base import Decoded, Parsed, WriteResult, no_table
from mappings.formats.json_format import JsonFormat
from mappings.formats.omni360 import Omni360
from mappings.formats.thl import Thl, whole_record
from mappings.outline import plain_text
from mappings.report import Entry
from mappings.shipped import mapping_of
from mappings.surplus import Surplus, anchor_at, beyond, carried, divided, put_back
from schemas.dates import exists
from schemas.issues import Issue, rules_in
from schemas.json_text import canonical, dump, pointer
from schemas.record import Record, record_digest
from schemas.residue import Residue, residue_as_json
from schemas.structures import shipped

__all__ = ["BEGIN", "END", "Apotti"]

BEGIN = "-----BEGIN SOTE-INTEROP RECORD-----"
END = "-----END SOTE-INTEROP RECORD-----"

_RULES = rules_in("mappings")
_GAPS = rules_in("mappings", "fhir_rules")
_ASSUMED = "1.2.246.537.6.1506.15020.2024.11.28"
"""The structure of a plan that does not name its own; the reader is told."""
_GIVEN_OUT = ("CarePlan", "DocumentReference")
_NO_BLOCK = {
    "fi": "kirjauksessa ei ole koneluettavaa osaa, tai sitä ei voi lukea.",
    "sv": "anteckningen saknar en maskinläsbar del, eller så kan den inte läsas.",
    "en": "the note has no machine-readable block, or it cannot be read.",
}
_THL = Thl()
_OMNI360 = Omni360()
_BLOCK = re.compile(rf"^{BEGIN}\n(.*?)\n\n([A-Za-z0-9+/=\n]*)\n{END}$", re.DOTALL | re.MULTILINE)
_WIDTH = 76
"""So many characters stand in a line of base64, as MIME has it. Source: RFC 2045 § 6.8."""
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
        """True for a DocumentReference, and for a Bundle of what Apotti gives out."""
        if not isinstance(value, dict):
            return False
        found = value.get("resourceType") == "Bundle" and value.get("type") in ("searchset", "collection")
        held = Resources.of_bundle(value) if found else Resources({}, {}, {})
        return value.get("resourceType") == "DocumentReference" or any(map(held.first, _GIVEN_OUT))

    def write(self, record: Record, *, traced: bool = False) -> WriteResult:
        """The note of a record; the block holds all of it."""
        if record.structure not in shipped():
            return no_table(self.name)
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
                        "data": "-",
                        "title": shipped()[record.structure].label.get(record.language),
                    }
                }
            ],
        }
        note = pruned(note)
        along, back = divided(record.residue, self.name, lambda own: put_back({"note": note}, own))
        text = plain_text(record, shipped()[record.structure]) + "\n" + _block(replace(record, residue=along))
        note["content"][0]["attachment"]["data"] = b64encode(text.encode()).decode()
        return WriteResult(dump(note, indent=True), carried(along, back))

    def decode(self, parsed: Parsed, *, traced: bool = False) -> Decoded:
        """The record in a note of ours, the newest of several; without one, what the other resources tell.

        Issues: document_has_a_record, record_digest_matches, semantic_part_agrees_with_response, structure_is_named,
        those of a record in part.
        """
        if isinstance(parsed.tree, dict) and parsed.tree.get("resourceType") == "Bundle":
            decoded = _of_bundle(Resources.of_bundle(parsed.tree), traced=traced)
        else:
            decoded = _of_note(parsed.tree, "", {}, traced=traced)
        return replace(decoded, issues=placed_issues(self, parsed, decoded.issues))

    def surplus(self, parsed: Parsed, record: Record) -> Surplus:
        """What a note of ours holds beyond our own writing of it, or what a plan does that was read in part.

        What a search gives out beside the document is no part of it, and is not carried.
        """
        if parsed.tree.get("resourceType") != "Bundle":
            return Surplus(self._beyond_note(parsed.tree, "", record))
        resources = Resources.of_bundle(parsed.tree)
        binaries = _binaries(resources)
        for url, note in resources.by_url.items():
            if _of_note(note, "", binaries, traced=False).record == record:
                lost = tuple(Entry(at, NO_PART) for other, at in resources.places.items() if other != url)
                return Surplus(self._beyond_note(note, resources.places[url], record), lost)
        mapping = mapping_of(_OMNI360.name, record.structure)
        if mapping is None:
            return Surplus()
        ours = _OMNI360.parse(_OMNI360.write(record).data).tree
        return surplus(self.name, Graph(mapping.table.settings), parsed.tree, ours, extras=False)

    def _beyond_note(self, note: Any, at: str, record: Record) -> tuple[tuple[str, Residue], ...]:
        """The residue of a note, each with its place in the document. The text is ours: its digest stands in it."""
        ours = self.parse(self.write(record).data).tree
        theirs = {name: value for name, value in note.items() if name not in ("id", "meta", "text", "content")}
        return tuple(
            (at + pointer(one.source), Residue(self.name, "/note" + pointer(one.place), one.value, anchor))
            for one in beyond(theirs, ours)
            if one.added
            for anchor in [anchor_at(ours, one.place)]
        )


def _binaries(resources: Resources) -> dict[str, Any]:
    """The Binary resources by URL and by name."""
    held = {url: resource for url, resource in resources.by_url.items() if resource.get("resourceType") == "Binary"}
    return held | {name: resources.by_url[url] for name, url in resources.names.items() if url in held}


def _of_note(note: Any, at: str, binaries: Mapping[str, Any], *, traced: bool) -> Decoded:
    """The record in a note's block. In: `at` is the note's place; `binaries` hold the texts that notes refer to."""
    top, at = at, f"{at}/content/0/attachment/data"
    block = _BLOCK.search(_text_of(note, binaries))
    facts = dict(line.partition(": ")[::2] for line in block[1].split("\n")) if block else {}
    inner = _record(block[2]) if block else None
    if inner is None or inner.record is None:
        return Decoded(None, [_RULES["document_has_a_record"].at(at, reason=_NO_BLOCK)])
    issues: list[Issue] = [issue.moved(at) for issue in inner.issues]
    told = (facts.get("sha256"), facts.get("residue"))
    if told != (record_digest(inner.record), _residue_digest(inner.record)):
        issues.append(_RULES["record_digest_matches"].at(at))
    if _is_about_another(note, inner.record):
        issues.append(_RULES["semantic_part_agrees_with_response"].at(f"{top}/subject/identifier"))
    return Decoded(inner.record, issues, {"/content": at, "/envelope": at} if traced else {})


def _is_about_another(note: Any, record: Record) -> bool:
    """True when the note's subject is by its identifier none of the record's clients."""
    subject = note.get("subject") if isinstance(note, dict) else None
    told = subject.get("identifier") if isinstance(subject, dict) else None
    clients = record.envelope.get("clients")
    held = [one.get("identifier") for one in clients if isinstance(one, dict)] if isinstance(clients, list) else []
    known = {one.get("value") for one in held if isinstance(one, dict)}
    return isinstance(told, dict) and isinstance(told.get("value"), str) and told["value"] not in known


def _of_bundle(resources: Resources, *, traced: bool) -> Decoded:
    """The newest of our notes in a Bundle, or the plan in part."""
    binaries = _binaries(resources)
    notes = [
        _of_note(resource, resources.places[url], binaries, traced=traced)
        for url, resource in resources.by_url.items()
        if resource.get("resourceType") == "DocumentReference"
    ]
    ours = [note for note in notes if note.record is not None]
    if ours:
        return max(ours, key=lambda note: note.record.version if note.record else 0)
    plan = resources.first("CarePlan")
    if plan is None:
        return Decoded(None, [_RULES["document_has_a_record"].at("/entry", reason=_NO_BLOCK)])
    categories = plan[1].get("category")
    named = map(structure_named_in, categories if isinstance(categories, list) else ())
    structure = next((structure for structure in named if structure), None)
    decoded = partial_record("omni360", structure or shipped()[_ASSUMED], resources, traced=traced)
    assumed = [] if structure else [_GAPS["structure_is_named"].at(f"{resources.places[plan[0]]}/category")]
    return replace(decoded, issues=assumed + decoded.issues)


def _block(record: Record) -> str:
    """The fenced block: what identifies the document, an empty line, and the record as base64 JSON."""
    facts = {
        "document": record.document,
        "version": record.version,
        "structure": record.structure,
        "controller": record.controller,
        "sha256": record_digest(record),
    }
    if record.residue:
        facts["residue"] = _residue_digest(record)
    data = b64encode(canonical(whole_record(record))).decode()
    head = "\n".join(f"{name}: {value}" for name, value in facts.items())
    lines = [data[start : start + _WIDTH] for start in range(0, len(data), _WIDTH)]
    return f"{BEGIN}\n{head}\n\n" + "\n".join(lines) + f"\n{END}\n"


def _residue_digest(record: Record) -> str | None:
    """The SHA-256 of what a record carries along; None when it carries nothing."""
    return sha256(canonical(residue_as_json(record.residue))).hexdigest() if record.residue else None


def _text_of(note: Any, binaries: Mapping[str, Any]) -> str:
    """The text of the first attachment, empty when there is none."""
    match note:
        case {"content": [{"attachment": {"data": str(data)}}, *_]}:
            return _decoded(data)
        case {"content": [{"attachment": {"url": str(url)}}, *_]}:
            binary = binaries.get(url) or binaries.get("/".join(url.split("/")[-2:])) or {}
            return _decoded(binary.get("data"))
    return ""


def _decoded(data: Any) -> str:
    try:
        return b64decode(data, validate=True).decode().replace("\r\n", "\n") if isinstance(data, str) else ""
    except (Base64Error, ValueError):
        return ""


def _record(data: str) -> Decoded | None:
    try:
        text = b64decode(data)
    except (Base64Error, ValueError):
        return None
    parsed = _THL.parse(text)
    return None if parsed.tree is None else _THL.decode(parsed)
