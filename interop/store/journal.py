"""Writes down what happens to documents and deliveries: the ledger's transition and the audit's entry together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from interop.store.audit import Audit
from interop.store.audit_entries import Entry, Outcome, What
from interop.store.disclosures import note_disclosures
from interop.store.ledger import Step
from interop.store.rows import Move, note_of
from interop.store.states import State
from interop.store.tables import DeliveryRow, DocumentRow, TransitionRow

__all__ = ["Journal"]

_BY_A_PERSON: Mapping[str, What] = {
    "released_by_a_person": "released",
    "resent_by_a_person": "retried",
    "cancelled_by_a_person": "cancelled",
    "confirmed_by_a_person": "confirmed",
}
_BY_STATE: Mapping[str, What] = {
    "pending": "postponed",
    "held": "held",
    "sent": "sent",
    "accepted": "accepted",
    "delivered": "delivered",
    "rejected": "rejected",
    "unknown": "in_doubt",
    "superseded": "superseded",
}
_BY_STATUS: Mapping[str, What] = {
    "accepted": "received",
    "quarantined": "quarantined",
    "rejected": "refused",
    "unreadable": "refused",
}
_NOBODY = "exchange"
_FAILURES = frozenset({"postponed", "held", "in_doubt", "rejected", "denied", "refused"})
_HANDED_OVER: tuple[State, ...] = ("accepted", "delivered")

# Made once: to build a statement costs as much as to carry it out.
_BASES = (
    select(TransitionRow.delivery_id, TransitionRow.decision)
    .where(TransitionRow.delivery_id.in_(bindparam("ids", expanding=True)), TransitionRow.after == "sent")
    .order_by(TransitionRow.id)
)


class Journal:
    """The ledger's and the audit's common writer."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def received(self, session: Session, documents: Sequence[DocumentRow]) -> None:
        """Writes that documents came, and what was answered."""
        self._audit.note(session, [_received(one) for one in documents])

    def decided(self, session: Session, document: DocumentRow, what: What, who: str, at: datetime) -> None:
        """Writes what a person has decided about a document in quarantine."""
        told = Entry(at, who or _NOBODY, what, _outcome(what), cause=document.answer_code)
        self._audit.note(session, [_of_document(told, document)])

    def moved(self, session: Session, moves: Sequence[Move]) -> None:
        """Writes steps already carried out in the rows."""
        if not moves:
            return
        bases = _bases(session, [one.row.id for one in moves if one.step.after in _HANDED_OVER])
        entries = self._audit.note(
            session, [_moved(one, one.step.decision or bases.get(one.row.id) or {}) for one in moves]
        )
        self._disclosed(session, [(one, bases.get(one.row.id) or {}) for one in moves if one.step.after == "delivered"])
        notes = [note_of(one.row, one.before, one.step, entry.id) for one, entry in zip(moves, entries, strict=True)]
        session.execute(insert(TransitionRow), notes)

    def _disclosed(self, session: Session, moves: Sequence[tuple[Move, Mapping[str, Any]]]) -> None:
        """Writes what has been disclosed to other controllers by deliveries that have arrived."""
        disclosing = note_disclosures(session, moves)
        if disclosing:
            bases = {move.row.id: basis for move, basis in moves}
            self._audit.note(session, [_disclosure(one, bases[one.row.id]) for one in disclosing])

    def hurried(self, session: Session, row: DeliveryRow, document: DocumentRow, step: Step) -> None:
        """Writes that a person had a delivery under way tried at once; its state stays."""
        self._audit.note(session, [_moved(Move(row, document, row.state, step), {})])


def _received(document: DocumentRow) -> Entry:
    what = _BY_STATUS[document.status]
    told = Entry(document.received_at, f"system:{document.source}", what, _outcome(what), cause=document.answer_code)
    return _of_document(told, document)


def _moved(move: Move, basis: Mapping[str, Any]) -> Entry:
    row, step = move.row, move.step
    is_denied = step.after == "rejected" and step.decision is not None
    what = _BY_A_PERSON.get(step.cause) or ("denied" if is_denied else _BY_STATE[step.after])
    told = Entry(
        step.at, step.who or (f"worker:{step.worker}" if step.worker else _NOBODY), what, _outcome(what),
        cause=step.cause, reason=step.reason, delivery=row.id, receiver=row.receiver, act=str(basis.get("act", "")),
        section=str(basis.get("section", "")), ground=str(basis.get("ground", "")),
        decision=str(basis.get("id", "")), decided_at=str(basis.get("at", "")),
    )  # fmt: skip
    return _of_document(told, move.document)


def _disclosure(move: Move, basis: Mapping[str, Any]) -> Entry:
    step = Step("delivered", move.step.at, "disclosure_notice", worker=move.step.worker, who=move.step.who)
    return replace(_moved(replace(move, step=step), {**basis, **basis["disclosure"]}), what="disclosed")


def _of_document(entry: Entry, document: DocumentRow) -> Entry:
    """The entry, with which document it is about and whose."""
    return replace(
        entry, document=document.document or "", version=document.version, document_id=document.id,
        clients=tuple(document.clients.split()),
    )  # fmt: skip


def _outcome(what: What) -> Outcome:
    return "failure" if what in _FAILURES else "success"


def _bases(session: Session, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """The decisions that the last attempts of these deliveries rested on."""
    found = session.execute(_BASES, {"ids": list(ids)}) if ids else ()
    return {delivery: decision for delivery, decision in found if decision}
