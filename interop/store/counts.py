"""How many rows there are of which kind, and how long they take: counts alone, for whoever watches the exchange."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from interop.store.database import Database
from interop.store.states import State
from interop.store.tables import ArrivalRow, DeliveryRow, DocumentRow, TransitionRow

__all__ = ["Counts", "DeliveryCount", "Took"]

_UNDER_WAY: tuple[State, ...] = ("pending", "accepted", "unknown", "sent")


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """The deliveries to one system in one state: how many, their attempts together, and when the oldest was made."""

    receiver: str
    state: str
    count: int
    attempts: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Took:
    """How long one delivery took from the receipt of its document. Units: seconds. `id` orders them as they ended."""

    id: int
    receiver: str
    seconds: float


class Counts:
    """Counts over the whole store. Raises, from every method: Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deliveries(self) -> list[DeliveryCount]:
        """The deliveries by system and state."""
        query = (
            select(
                DeliveryRow.receiver, DeliveryRow.state, func.count(), func.sum(DeliveryRow.attempts),
                func.min(DeliveryRow.created_at),
            )
            .group_by(DeliveryRow.receiver, DeliveryRow.state)
            .order_by(DeliveryRow.receiver, DeliveryRow.state)
        )  # fmt: skip
        with self._database.read() as session:
            return [
                DeliveryCount(name, state, n, int(tries), at) for name, state, n, tries, at in session.execute(query)
            ]

    def documents(self) -> list[tuple[str, str, int]]:
        """The documents by sending system and status: both names, and how many there are."""
        query = select(DocumentRow.source, DocumentRow.status, func.count()).group_by(
            DocumentRow.source, DocumentRow.status
        )
        with self._database.read() as session:
            return sorted((source, status, count) for source, status, count in session.execute(query))

    def arrivals(self) -> list[tuple[str, str, int]]:
        """What the systems have waiting for us, by system and state: both names, and how many there are."""
        query = select(ArrivalRow.source, ArrivalRow.state, func.count()).group_by(ArrivalRow.source, ArrivalRow.state)
        with self._database.read() as session:
            return sorted((source, state, count) for source, state, count in session.execute(query))

    def under_way(self) -> int:
        """How many deliveries are on their way."""
        query = select(func.count()).select_from(DeliveryRow).where(DeliveryRow.state.in_(_UNDER_WAY))
        with self._database.read() as session:
            return session.scalar(query) or 0

    def took(self, after: int = 0, *, limit: int = 10_000) -> list[Took]:
        """How long deliveries took that have been delivered, in the order they ended; those after one already known."""
        query = (
            select(TransitionRow.id, DeliveryRow.receiver, DeliveryRow.created_at, TransitionRow.at)
            .join(DeliveryRow, DeliveryRow.id == TransitionRow.delivery_id)
            .where(TransitionRow.id > after, TransitionRow.after == "delivered")
            .order_by(TransitionRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [
                Took(number, receiver, max(0.0, (ended - began).total_seconds()))
                for number, receiver, began, ended in session.execute(query)
            ]
