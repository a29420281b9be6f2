"""Rows of the tables turned into plain values, and what several transactions do to rows alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Select, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session, undefer

from interop.errors import Fault, NotFound
from interop.logs import has_identity_code, without_identity_codes
from interop.store.ledger import Answer, AnswerType, Delivery, Status, Step, StoredDocument, Transition
from interop.store.states import State
from interop.store.tables import ArrivalRow, DeliveryRow, DocumentRow, TransitionRow
from schemas.identity import is_oid

__all__ = [
    "IN_DOUBT",
    "Move",
    "apply_step",
    "count_begun",
    "delivery_of",
    "document_of",
    "found_delivery",
    "found_document",
    "has_newer",
    "moved",
    "note_of",
    "oid_or_none",
    "older_in_doubt",
    "open_deliveries",
    "supersede_older",
    "transition_of",
]

_SUPERSEDABLE: tuple[State, ...] = ("pending", "held")
IN_DOUBT: tuple[State, ...] = ("sent", "unknown")
"""The states in which it is open whether a delivery has arrived."""
_IN_HAND = timedelta(seconds=1)
"""So soon after a row was taken up, whoever takes it up too meets another at work, not one that came to nothing."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step carried out in the row of a delivery. `before` is the state that it was in."""

    row: DeliveryRow
    document: DocumentRow
    before: str
    step: Step


# Made once: to build a statement costs as much as to carry it out.
_NEWER = select(func.count()).where(
    DocumentRow.chain == bindparam("chain"),
    DocumentRow.version > bindparam("version"),
    DocumentRow.status == "accepted",
)
_OLDER_WAITING = (
    select(DeliveryRow, DocumentRow)
    .join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
    .where(
        DocumentRow.chain == bindparam("chain"),
        DocumentRow.version < bindparam("version"),
        DeliveryRow.state.in_(_SUPERSEDABLE),
    )
    .with_for_update(of=DeliveryRow)
)


def count_begun(
    session: Session, table: type[ArrivalRow | DeliveryRow], ids: Sequence[int | str], at: datetime
) -> None:
    """Nothing; it is counted that the rows are taken up, once for all who take one up at about the same time."""
    if not ids:
        return
    came_to_nothing = or_(table.begun == 0, table.begun_at.is_(None), ~table.begun_at.between(at - _IN_HAND, at))
    counted = update(table).where(table.id.in_(ids), came_to_nothing).values(begun=table.begun + 1, begun_at=at)
    session.execute(counted, execution_options={"synchronize_session": False})


def document_of(row: DocumentRow) -> StoredDocument:
    """The document of a row, without its payload."""
    return StoredDocument(
        id=row.id,
        source=row.source,
        format=row.format,
        status=cast("Status", row.status),
        document=row.document,
        version=row.version,
        chain=row.chain,
        structure=row.structure,
        answer=_answer(row),
        received_at=row.received_at,
        acknowledged_at=row.acknowledged_at,
        findings=tuple(row.findings or ()),
        clients=tuple(row.clients.split()),
    )


def delivery_of(row: DeliveryRow, document: DocumentRow) -> Delivery:
    """The delivery of a row. Raises: Fault when its document was never accepted."""
    if document.document is None or document.version is None:
        raise Fault("A delivery belongs to a document that has no identity.")
    return Delivery(
        id=row.id,
        document_id=row.document_id,
        document=document.document,
        version=document.version,
        receiver=row.receiver,
        state=cast("State", row.state),
        attempts=row.attempts,
        checks=row.checks,
        released=row.released,
        next_at=row.next_at,
        reference=row.reference,
        created_at=row.created_at,
        turn=row.turn,
        worker=row.worker,
    )


def transition_of(row: TransitionRow) -> Transition:
    """The transition of a row."""
    before, after = cast("State | None", row.before), cast("State", row.after)
    return Transition(row.at, before, after, row.cause, row.reason, row.attempt, row.decision)


def found_document(session: Session, document_id: str, *, payload: bool = False) -> DocumentRow:
    """The row of a document, with its payload when asked. Raises: NotFound."""
    options = [undefer(DocumentRow.payload)] if payload else []
    row = session.get(DocumentRow, document_id, options=options)
    if row is None:
        raise NotFound("There is no document with this id in the store.")
    return row


def found_delivery(session: Session, delivery_id: int, *, lock: bool = False) -> tuple[DeliveryRow, DocumentRow]:
    """The row of a delivery, locked when asked, and that of its document. Raises: NotFound."""
    # No database has a row of a number that its integers cannot hold, and asking for one is an error of the driver.
    possible = 0 < delivery_id < 2**63
    row = session.get(DeliveryRow, delivery_id, with_for_update=lock or None) if possible else None
    if row is None:
        raise NotFound("There is no delivery with this id in the store.")
    return row, found_document(session, row.document_id)


def supersede_older(session: Session, row: DocumentRow, at: datetime) -> list[Move]:
    """What has become of the waiting deliveries of the document's older versions: each is superseded now."""
    older = session.execute(_OLDER_WAITING, {"chain": row.chain, "version": row.version}).all()
    step = Step("superseded", at, "newer_version_arrived")
    return [moved(delivery, document, step) for delivery, document in older]


def moved(row: DeliveryRow, document: DocumentRow, step: Step) -> Move:
    """The step, carried out in the row; it has still to be written down."""
    before = row.state
    apply_step(row, step)
    return Move(row, document, before, step)


def has_newer(session: Session, row: DocumentRow) -> bool:
    """True when a newer version of the row's document has been accepted."""
    return bool(session.scalar(_NEWER, {"chain": row.chain, "version": row.version}))


def older_in_doubt(delivery: DeliveryRow, document: DocumentRow) -> Select[int]:
    """Counts the older versions of the document of which it is open whether they have reached the same receiver."""
    return (
        select(func.count())
        .select_from(DeliveryRow)
        .join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
        .where(
            DeliveryRow.receiver == delivery.receiver,
            DeliveryRow.state.in_(IN_DOUBT),
            DocumentRow.chain == document.chain,
            DocumentRow.version < document.version,
        )
    )


def open_deliveries(
    session: Session, document_id: str, receivers: Sequence[str], at: datetime, *, superseded: bool
) -> None:
    """Adds a delivery of the document to each receiver, with its first transition."""
    state: State = "superseded" if superseded else "pending"
    cause = "newer_version_is_here" if superseded else "received"
    rows = [
        DeliveryRow(
            document_id=document_id, receiver=receiver, state=state, attempts=0, checks=0, turn=0, begun=0, worker="",
            reference="", released=False, next_at=at, created_at=at,
        )
        for receiver in receivers
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    if rows:
        session.execute(insert(TransitionRow), [note_of(row, None, Step(state, at, cause)) for row in rows])


def apply_step(row: DeliveryRow, step: Step) -> None:
    """Carries the step out in the row."""
    row.state = step.after
    row.turn += 1
    row.begun = 0
    row.next_at = step.next_at or step.at
    # The receiver's own id of what it filed is a foreign text: one that could name a person is not kept.
    if step.reference and len(step.reference) <= 500 and not has_identity_code(step.reference):
        row.reference = step.reference
    if step.after == "sent":
        row.attempts += 1
        row.checks = 0
        row.worker = step.worker
    else:
        row.checks += step.after in ("accepted", "unknown")


def note_of(row: DeliveryRow, before: str | None, step: Step, entry: str | None = None) -> dict[str, Any]:
    """The values of the transition that tells of a step already carried out in the row. In: the audit's entry of it."""
    return {
        "delivery_id": row.id,
        "at": step.at,
        "before": before,
        "after": step.after,
        "cause": step.cause,
        "reason": without_identity_codes(step.reason)[:1000],
        "attempt": row.attempts,
        "decision": dict(step.decision) if step.decision is not None else None,
        "entry": entry,
    }


def _answer(row: DocumentRow) -> Answer:
    return Answer(cast("AnswerType", row.answer), row.answer_code, row.answer_text)


def oid_or_none(text: str) -> str | None:
    """The text when it is an OID that a column can hold, else None."""
    return text if len(text) <= 255 and is_oid(text) else None
