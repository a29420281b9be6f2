"""Many deliveries in one transaction: which are due, taking them up, and carrying out what became of each.

Each delivery is still judged by itself: one that somebody else has moved meanwhile is left out, and the others go on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from interop.errors import Fault
from interop.store.database import Database
from interop.store.journal import Journal
from interop.store.ledger import Delivery, Step, StoredDocument
from interop.store.rows import IN_DOUBT, Move, count_begun, delivery_of, document_of, moved
from interop.store.states import State, is_allowed
from interop.store.tables import DeliveryRow, DocumentRow

__all__ = ["Batches", "Change", "Due", "Taken"]

_UNDER_WAY: tuple[State, ...] = ("pending", "accepted", "unknown")


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come. `begun` counts how often it was taken up and nothing came of it."""

    id: int
    turn: int
    begun: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that was taken up, with what decides whether it is its turn.

    `begun` counts how often it was taken up before and nothing came of it: neither an end nor an error.
    """

    delivery: Delivery
    document: StoredDocument
    begun: int
    is_newest: bool
    has_older_in_doubt: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a delivery: a step, or without one a wait until a time; `checks` counts readings back."""

    delivery: Delivery
    step: Step | None = None
    until: datetime | None = None
    checks: int = 0


class Batches:
    """The transactions over many deliveries. Raises, from every method: Unavailable."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal

    def due(self, at: datetime, receiver: str, limit: int) -> list[Due]:
        """The deliveries to a receiver that are under way and whose time has come, the longest waiting first."""
        query = (
            select(DeliveryRow.id, DeliveryRow.turn, DeliveryRow.begun)
            .where(DeliveryRow.state.in_(_UNDER_WAY), DeliveryRow.receiver == receiver, DeliveryRow.next_at <= at)
            .order_by(DeliveryRow.next_at, DeliveryRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [Due(*row) for row in session.execute(query)]

    def take(self, wanted: Mapping[int, int | None], at: datetime) -> list[Taken]:
        """Those of the deliveries whose time has come, counted as begun.

        In: the turn that each has to be at, by its id; None for any.
        """
        with self._database.write() as session:
            taken = [
                Taken(delivery_of(row, document), document_of(document), row.begun, not newer, bool(older))
                for row, document, newer, older in session.execute(_DUE_NOW, {"ids": list(wanted), "at": at})
                if wanted[row.id] in (None, row.turn)
            ]
            count_begun(session, DeliveryRow, [one.delivery.id for one in taken], at)
        return taken

    def advance(self, changes: Sequence[Change]) -> list[Delivery | None]:
        """Each delivery after its change, in the order given; None for one that could not be changed.

        That is one that somebody else has moved, or one that was to be sent while another version of its document
        stands in the way; both are looked at within the transaction. Raises: Fault when the table of states forbids a
        step.
        """
        for one in changes:
            if one.step is not None and not is_allowed(one.delivery.state, one.step.after):
                raise Fault(f"A delivery cannot go from {one.delivery.state} to {one.step.after}.")
        if not changes:
            return []
        with self._database.write() as session:
            self._serialize_chains(session, [one.delivery.id for one in changes if _sends(one)])
            ids = [one.delivery.id for one in changes]
            found = {row[0].id: row for row in session.execute(_LOCKED, {"ids": ids})}
            moves: list[Move] = []
            after = [self._changed(found.get(one.delivery.id), one, moves) for one in changes]
            session.flush()
            self._journal.moved(session, moves)
        return after

    def _serialize_chains(self, session: Session, ids: Collection[int]) -> None:
        """Lets one transaction at a time send versions of a document; in one order, so that none waits in a ring."""
        if not ids or not self._database.is_shared:
            return
        for chain in sorted(name or "" for name in session.scalars(_CHAINS, {"ids": list(ids)})):
            self._database.serialize(session, chain)

    @staticmethod
    def _changed(
        found: Row[DeliveryRow, DocumentRow, bool, bool] | None, change: Change, moves: list[Move]
    ) -> Delivery | None:
        if found is None or found[0].turn != change.delivery.turn:
            return None
        row, document, newer, older = found
        if _sends(change) and (newer or older):
            return None
        if change.step is not None:
            moves.append(moved(row, document, change.step))
        else:
            row.checks += change.checks
            row.turn += 1
            row.begun = 0
            row.next_at = change.until or row.next_at
        return delivery_of(row, document)


def _sends(change: Change) -> bool:
    return change.step is not None and change.step.after == "sent"


def _statement() -> Select[DeliveryRow, DocumentRow, bool, bool]:
    """The rows of some deliveries, locked; whether a newer version is here, and an older one in doubt."""
    newer, other, older = aliased(DocumentRow), aliased(DeliveryRow), aliased(DocumentRow)
    is_newer = exists().where(
        newer.chain == DocumentRow.chain, newer.version > DocumentRow.version, newer.status == "accepted"
    )
    in_doubt = (
        select(func.count() > 0)
        .select_from(other)
        .join(older, older.id == other.document_id)
        .where(
            other.receiver == DeliveryRow.receiver, other.state.in_(IN_DOUBT),
            older.chain == DocumentRow.chain, older.version < DocumentRow.version,
        )
        .scalar_subquery()
    )  # fmt: skip
    return (
        select(DeliveryRow, DocumentRow, is_newer, in_doubt)
        .join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
        .where(DeliveryRow.id.in_(bindparam("ids", expanding=True)))
        .order_by(DeliveryRow.id)
        .with_for_update(of=DeliveryRow)
    )


# Made once: to build a statement costs as much as to carry it out.
_LOCKED = _statement()
_DUE_NOW = _LOCKED.where(DeliveryRow.state.in_(_UNDER_WAY), DeliveryRow.next_at <= bindparam("at"))
_NAMED = DeliveryRow.id.in_(bindparam("ids", expanding=True))
_CHAINS = (
    select(DocumentRow.chain).join(DeliveryRow, DeliveryRow.document_id == DocumentRow.id).where(_NAMED).distinct()
)
