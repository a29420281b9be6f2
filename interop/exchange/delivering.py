"""Makes a delivery ready to be sent: read the document, ask the gate, write it in the receiver's format."""

from __future__ import annotations

from dataclasses import dataclass, replace

from interop.exchange.copies import Copies
from interop.exchange.parts import Parts, Written
from interop.store import Delivery, State, StoredDocument
from interop.systems.base import Outgoing
from mappings.redacting import redacted
from schemas.record import Record
from validators.gate import Decision, decide_on

__all__ = ["Judged", "Prepared", "as_sent", "judge", "prepare", "stopped", "written"]


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
    record = parts.records.find(document.id)
    if record is None:
        record = parts.examine(parts.store.payload(document.id), document.format).record
        if record is None:
            return None
        parts.records.keep(document.id, record)
    receiver = parts.participants[delivery.receiver].receiver
    return Judged(record, decide_on(record, receiver, parts.store.wills.of, parts.clock()))


def written(parts: Parts, delivery: Delivery, judged: Judged) -> Prepared:
    """The document in the receiver's format, without what the gate leaves out."""
    record = redacted(judged.record, judged.decision.redactions)
    to = parts.participants[delivery.receiver]
    made = _copied(to.copies, judged.record, record) if to.copies else parts.write(record, to.system.format)
    outgoing = Outgoing(f"{delivery.document}:{delivery.version}", delivery.document, delivery.version, made.data)
    return Prepared(judged.decision, made, outgoing)


def _copied(copies: Copies, whole: Record, record: Record) -> Written:
    """The copy for a person, which says whether something of the whole was left out."""
    is_shortened = (record.envelope, record.content) != (whole.envelope, whole.content)
    return copies.write(record, shortened=is_shortened)


def as_sent(parts: Parts, delivery: Delivery, judged: Judged) -> Prepared:
    """The document as the last attempt has sent it: without what was left out then, whatever the gate says now."""
    attempts = [one.decision for one in parts.store.history(delivery.id) if one.after == "sent" and one.decision]
    left_out = attempts[-1].get("redactions", ()) if attempts else judged.decision.redactions
    return written(parts, delivery, replace(judged, decision=replace(judged.decision, redactions=tuple(left_out))))


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
