"""Takes one waiting document in: fetch, examine, store with its deliveries, and only then acknowledge.

Running the step again does no harm: the same message gets its earlier answer, and nothing is stored twice. Source of
the acknowledgement types: HL7 Version 3 Transport, acknowledgement type codes AA, AE and AR.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from interop.exchange.parts import Examined, Parts
from interop.store import Answer, Identity, Incoming, StoredDocument
from interop.systems.base import Acknowledgement, Arrival
from schemas.identity import is_oid
from schemas.issues import Issue
from schemas.record import Record, record_digest

__all__ = ["TAKEN_CARE_OF", "Received", "receive"]

TAKEN_CARE_OF = Answer("AA", "taken_care_of")

_UNREADABLE = "document_cannot_be_read"
_NOT_NAMED = "document_does_not_name_itself"
_OTHER_CONTENT = "document_version_is_here_with_other_content"
_NAMED_RULES = 10
_LONGEST_OID = 200
# Without these a document cannot be told from others, ordered among its versions, or judged by the gate.
_INDISPENSABLE = frozenset({"document", "version", "controller"})


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one arrival. `document` is None when the same document version was here already."""

    source: str
    answer: Answer
    document: StoredDocument | None
    issues: Sequence[Issue] = field(default=(), repr=False)
    repeated: bool = False


def receive(parts: Parts, source: str, arrival: Arrival) -> Received:
    """The outcome of one arrival, stored and acknowledged.

    Raises: what the system raises; the next run continues. Conflict when another worker took the same message.
    """
    system = parts.participants[source].system
    payload = system.fetch(arrival)
    received = _taken(parts, source, arrival, payload)
    answer = received.answer
    system.acknowledge(arrival, Acknowledgement(answer.type, answer.code, answer.text))
    if received.document is not None:
        parts.store.acknowledged(received.document.id, parts.clock())
    return received


def _taken(parts: Parts, source: str, arrival: Arrival, payload: bytes) -> Received:
    """The outcome of one arrival, in the store when this function returns."""
    earlier = parts.store.earlier(source, arrival.message_id, payload)
    if earlier is not None:
        return Received(source, earlier.answer, earlier, repeated=True)
    form = parts.participants[source].system.format
    examined = parts.examine(payload, form)
    record = examined.record
    identity = _identity(record) if record is not None else None
    incoming = Incoming(source, form, arrival.message_id, payload, identity, parts.clock())
    if record is None or identity is None:
        answer = Answer("AR", _UNREADABLE, _summary(examined))
        return Received(source, answer, parts.store.reject(incoming, "unreadable", answer), examined.issues)
    filed = parts.store.filed(identity.document, identity.version)
    if filed is not None and parts.store.is_same_record(filed.id, identity.digest):
        return Received(source, TAKEN_CARE_OF, None, examined.issues, repeated=True)
    refusal = _refusal(examined, record, is_filed=filed is not None)
    if refusal is not None:
        return Received(source, refusal, parts.store.reject(incoming, "rejected", refusal), examined.issues)
    stored = parts.store.accept(incoming, TAKEN_CARE_OF, parts.receivers(source))
    return Received(source, TAKEN_CARE_OF, stored, examined.issues)


def _refusal(examined: Examined, record: Record, *, is_filed: bool) -> Answer | None:
    """Why a readable document is not taken, or None. In: `is_filed` when its version is here with other content."""
    if not examined.valid:
        return Answer("AE", _first_error(examined), _summary(examined))
    if not _names_itself(record):
        return Answer("AE", _NOT_NAMED, "The document does not give its OID, version, structure or controller.")
    if is_filed:
        return Answer("AE", _OTHER_CONTENT, "This version of the document was received earlier with other content.")
    return None


def _identity(record: Record) -> Identity:
    return Identity(record.document, record.version, record.original, record.structure, record_digest(record))


def _names_itself(record: Record) -> bool:
    made_up = record.envelope.get("placeholders") or ()
    oids = (record.document, record.original, record.structure)
    named = all(len(oid) <= _LONGEST_OID and is_oid(oid) for oid in oids)
    return named and 0 < record.version < 2**31 and _INDISPENSABLE.isdisjoint(made_up)


def _errors(examined: Examined) -> list[str]:
    return list(dict.fromkeys(issue.rule.id for issue in examined.issues if issue.rule.severity == "error"))


def _first_error(examined: Examined) -> str:
    return next(iter(_errors(examined)), _UNREADABLE)


def _summary(examined: Examined) -> str:
    """The broken rules by id: enough to find the mistake with, and no value of the document."""
    errors = _errors(examined)
    more = f" and {len(errors) - _NAMED_RULES} more" if len(errors) > _NAMED_RULES else ""
    return f"Rules broken: {', '.join(errors[:_NAMED_RULES])}{more}." if errors else "The document cannot be read."
