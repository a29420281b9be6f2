"""THL's own JSON: an envelope and the content of a structure, or the bare content alone; and any residue.

A bare content is accepted wherever a record is: its structure is known from its root property, and what the envelope
lacks is filled with placeholders that are marked as such. Source: THL Sosmeta, JSON Schema export.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mappings.formats.base import Decoded, Parsed, Place, WriteResult
from mappings.formats.json_format import JsonFormat
from mappings.surplus import carried
from schemas.issues import rules_in
from schemas.json_text import dump
from schemas.record import Record, filled_envelope
from schemas.residue import residue_as_json, residue_from_json
from schemas.structures import Structure, shipped

__all__ = ["Thl", "whole_record"]

_RULES = rules_in("mappings")
_UNKNOWN_TIME = "1970-01-01T00:00:00Z"
_NO_RECORD = {
    "fi": "tiedostossa ei ole kenttiä envelope ja content eikä yhdenkään rakenteen juurikenttää.",
    "sv": "filen saknar fälten envelope och content och rotfältet för varje struktur.",
    "en": "the file has neither envelope and content nor the root property of a structure.",
}


class Thl(JsonFormat):
    """Envelope and content as JSON."""

    name = "thl"

    def recognises(self, data: bytes, value: Any) -> bool:
        """True for an object with `envelope` and `content`, or with the root property of a structure alone."""
        return isinstance(value, dict) and ({"envelope", "content"} <= set(value) or _structure(value) is not None)

    def decode(self, parsed: Parsed, *, traced: bool = False) -> Decoded:
        """The record.

        Issues: document_has_a_record, document_structure_is_known, envelope_is_complete, residue_can_be_read
        """
        match parsed.tree:
            case {"envelope": dict(envelope), "content": dict(content), **rest} if set(rest) <= {"residue"}:
                decoded = _with_residue(_record(envelope, content), rest.get("residue", []))
            case dict(content) if _structure(content) and "envelope" not in content:
                decoded = _record({}, content)
            case _:
                decoded = Decoded(None, [_RULES["document_has_a_record"].at(reason=_NO_RECORD)])
        places = [(issue, self.place(parsed, issue.path)) for issue in decoded.issues]
        return replace(decoded, issues=[issue.moved(at.path, at.line, at.column) for issue, at in places])

    def write(self, record: Record, *, traced: bool = False) -> WriteResult:
        """The record as JSON; nothing is lost."""
        return WriteResult(dump(whole_record(record), indent=True), carried(record.residue))

    def origin(self, parsed: Parsed, decoded: Decoded, pointer: str) -> Place:
        """The place itself: the document is the record."""
        bare = not (isinstance(parsed.tree, dict) and "envelope" in parsed.tree)
        return self.place(parsed, pointer.removeprefix("/content") if bare else pointer)


def whole_record(record: Record) -> dict[str, Any]:
    """Out: the object that holds all of a record, and the residue that it carries."""
    residue = {"residue": residue_as_json(record.residue)} if record.residue else {}
    return {"envelope": record.envelope, "content": record.content, **residue}


def _with_residue(decoded: Decoded, listed: Any) -> Decoded:
    residue = residue_from_json(listed)
    if residue is None:
        return replace(decoded, issues=[*decoded.issues, _RULES["residue_can_be_read"].at("/residue")])
    return replace(decoded, record=decoded.record and replace(decoded.record, residue=residue))


def _record(known: dict[str, Any], content: dict[str, Any]) -> Decoded:
    """The record of a known envelope and a content, with placeholders for what the envelope lacks."""
    structure = _named(known) if "structure" in known else _structure(content)
    if structure is None:
        return Decoded(None, [_RULES["document_structure_is_known"].at("/envelope/structure" if known else "")])
    envelope = filled_envelope(known, structure, content, _UNKNOWN_TIME)
    missing = [name for name in envelope.get("placeholders", ()) if name not in known]
    issue = _RULES["envelope_is_complete"].at("/envelope" if known else "", missing=", ".join(missing))
    return Decoded(Record(envelope, content), [issue] if missing else [])


def _structure(content: dict[str, Any]) -> Structure | None:
    """The newest structure whose root property the content has."""
    found = shipped().of_root(next(iter(content), "")) if len(content) == 1 else ()
    return found[-1] if found else None


def _named(envelope: dict[str, Any]) -> Structure | None:
    oid = envelope.get("structure")
    return shipped()[oid] if isinstance(oid, str) and oid in shipped() else None
