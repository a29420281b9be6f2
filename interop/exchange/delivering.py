"""Makes a delivery ready to be sent: read the document, ask the gate, write it in the receiver's format."""

from __future__ import annotations

from dataclasses import dataclass

from interop.exchange.copies import Copies
from interop.exchange.parts import Parts, Written
from interop.store import Delivery, State, StoredDocument
from interop.systems.base import Outgoing
from mappings.redacting import redacted
from schemas.record import Record
from validators.gate import Decision, decide_on

__all__ = ["Judged", "Prepared", "as_sent", "judge", "prepare", "record_of", "stopped", "written"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A delivery's document as read, and what the gate says of its way to the receiver."""

    record: Record
    decision: Decision


@dataclass(frozen=True, slots=True)
class Prepared:
    """A delivery ready to be sent: the gate's decision, and the document in the receiver's format."""

    decision: Decision
    written: Written
    outgoing: Outgoing


def prepare(parts: Parts, delivery: Delivery) -> Prepared | None:
    """The delivery's document in the receiver's format, and the gate's decision; None when it cannot be read any more.

    Nothing in the world changes by it.
    """
    judged = judge(parts, delivery, parts.store.document(delivery.document_id))
    return written(parts, delivery, judged) if judged is not None else None


def judge(parts: Parts, delivery: Delivery, document: StoredDocument) -> Judged | None:
    """The delivery's record and the gate's decision, taken now; None when the document cannot be read any more."""
    record = record_of(parts, document)
    return _judged(parts, delivery, record) if record is not None else None


def record_of(parts: Parts, document: StoredDocument) -> Record | None:
    """The document as read; None when it cannot be read any more."""
    record = parts.records.find(document.id)
    if record is None:
        record = parts.examine(parts.store.payload(document.id), document.format).record
        if record is not None:
            parts.records.keep(document.id, record)
    return record


def written(parts: Parts, delivery: Delivery, judged: Judged) -> Prepared:
    """The document in the receiver's format, without what the gate leaves out."""
    made = _made(parts, delivery, judged.record, judged.decision.redactions)
    return Prepared(judged.decision, made, _outgoing(delivery, made))


def _judged(parts: Parts, delivery: Delivery, record: Record) -> Judged:
    receiver = parts.participants[delivery.receiver].receiver
    return Judged(record, decide_on(record, receiver, parts.store.wills.of, parts.clock()))


def _made(parts: Parts, delivery: Delivery, record: Record, left_out: tuple[str, ...]) -> Written:
    """What is written for the receiver; what was written of late of the same record is not written again."""
    to, shortened = parts.participants[delivery.receiver], redacted(record, left_out)
    if to.copies:
        return _copied(to.copies, record, shortened)
    key = (delivery.document_id, to.system.format, left_out)
    made = parts.writings.find(key)
    if made is None:
        made = parts.write(shortened, to.system.format)
        parts.writings.keep(key, made)
    return made


def _outgoing(delivery: Delivery, made: Written) -> Outgoing:
    return Outgoing(f"{delivery.document}:{delivery.version}", delivery.document, delivery.version, made.data)


def _copied(copies: Copies, whole: Record, record: Record) -> Written:
    """The copy for a person, which says whether something of the whole was left out."""
    is_shortened = (record.envelope, record.content) != (whole.envelope, whole.content)
    return copies.write(record, shortened=is_shortened)


def as_sent(parts: Parts, delivery: Delivery, record: Record) -> Outgoing:
    """The document as the last attempt has sent it: without what was left out then, whatever the gate says now."""
    attempts = [one.decision for one in parts.store.history(delivery.id) if one.after == "sent" and one.decision]
    if attempts:
        left_out = tuple(attempts[-1].get("redactions", ()))
    else:
        left_out = _judged(parts, delivery, record).decision.redactions
    return _outgoing(delivery, _made(parts, delivery, record, left_out))


def stopped(parts: Parts, delivery: Delivery, decision: Decision) -> State | None:
    """The state that the gate puts the delivery in, or None when it may go.

    A person's release lets past what held the delivery when it was released; what has come up since then holds it anew.
    """
    if decision.outcome == "permit":
        return None
    if decision.outcome == "deny":
        return "rejected"
    return None if delivery.released and decision.holding <= _released_grounds(parts, delivery) else "held"


def _released_grounds(parts: Parts, delivery: Delivery) -> frozenset[str]:
    """The grounds that held the delivery before its last release."""
    history = parts.store.history(delivery.id)
    last = max((i for i, one in enumerate(history) if one.cause == "released_by_a_person"), default=0)
    held = next((one.decision for one in reversed(history[:last]) if one.after == "held"), None) or {}
    return frozenset(held.get("grounds", (held.get("ground"),)))
