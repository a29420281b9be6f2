"""Figures about the deliveries, and the finding of them: what an operator looks at. Everything here only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from interop.store.database import Database
from interop.store.ledger import Delivery, Status, StoredDocument
from interop.store.rows import delivery_of, document_of
from interop.store.states import ENDED, State
from interop.store.tables import DeliveryRow, DocumentRow, TransitionRow

__all__ = ["Beat", "Figures", "Flow", "Found", "Inflow", "Wanted"]


@dataclass(frozen=True, slots=True)
class Flow:
    """How many deliveries between two systems are in one state."""

    source: str
    receiver: str
    state: State
    count: int


@dataclass(frozen=True, slots=True)
class Inflow:
    """How many documents a system has sent with one outcome."""

    source: str
    status: Status
    count: int


@dataclass(frozen=True, slots=True)
class Beat:
    """One span of time: the deliveries that ended well in it, and when the one that waited longest at its end began.

    `waiting_since` is None when nothing waited.
    """

    begins: datetime
    ends: datetime
    delivered: int
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are looked for. `document` is an OID: that of a version, or the one that all versions share."""

    states: tuple[State, ...] = ()
    source: str = ""
    receiver: str = ""
    document: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of deliveries, the latest first, each with its document; `count` is that of all pages."""

    rows: tuple[tuple[Delivery, StoredDocument], ...]
    count: int


class Figures:
    """Reads what has been stored, for people. Raises, from every method: Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def flows(self, since: datetime) -> list[Flow]:
        """The deliveries that began since then or have not ended, counted by the systems between them and by state."""
        source, receiver, state = DocumentRow.source, DeliveryRow.receiver, DeliveryRow.state
        query = (
            select(source, receiver, state, func.count())
            .join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
            .where(or_(DeliveryRow.created_at >= since, state.not_in(ENDED)))
            .group_by(source, receiver, state)
            .order_by(source, receiver, state)
        )
        with self._database.read() as session:
            return [Flow(a, b, cast("State", c), count) for a, b, c, count in session.execute(query)]

    def intake(self, since: datetime) -> list[Inflow]:
        """The documents received since then, counted by the system that sent them and by outcome."""
        query = (
            select(DocumentRow.source, DocumentRow.status, func.count())
            .where(DocumentRow.received_at >= since)
            .group_by(DocumentRow.source, DocumentRow.status)
            .order_by(DocumentRow.source, DocumentRow.status)
        )
        with self._database.read() as session:
            return [Inflow(source, cast("Status", status), count) for source, status, count in session.execute(query)]

    def beats(self, edges: Sequence[datetime]) -> list[Beat]:
        """What happened between each pair of neighbouring times. In: at least two times, in order; the last is now."""
        ended = self._ended(edges)
        with self._database.read() as session:
            oldest = session.scalar(select(func.min(DeliveryRow.created_at)).where(DeliveryRow.state.not_in(ENDED)))
        beats: list[Beat] = []
        # From the last span back: what waited at the end of a span has ended in a later one, or not at all.
        for number in range(len(edges) - 2, -1, -1):
            begins, ends = edges[number], edges[number + 1]
            waited = oldest if oldest is not None and oldest <= ends else None
            delivered, began = ended.get(number, (0, None))
            beats.append(Beat(begins, ends, delivered, waited))
            oldest = min(filter(None, (oldest, began)), default=None)
        return beats[::-1]

    def find(self, wanted: Wanted, *, limit: int = 50, offset: int = 0) -> Found:
        """The deliveries that are wanted, one page of them."""
        query = select(DeliveryRow, DocumentRow).join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
        matching = query.where(*_conditions(wanted))
        page = matching.order_by(DeliveryRow.id.desc()).limit(limit).offset(offset)
        with self._database.read() as session:
            count = session.scalar(select(func.count()).select_from(matching.subquery("matching"))) or 0
            rows = tuple((delivery_of(row, document), document_of(document)) for row, document in session.execute(page))
        return Found(rows, count)

    def versions(self, chain: str) -> list[StoredDocument]:
        """The accepted versions of a document, the newest first. In: the OID that they share."""
        query = (
            select(DocumentRow)
            .where(DocumentRow.chain == chain, DocumentRow.status == "accepted")
            .order_by(DocumentRow.version.desc())
            .limit(200)
        )
        with self._database.read() as session:
            return [document_of(row) for row in session.scalars(query)]

    def newest(self, after: str = "", *, limit: int = 200) -> list[StoredDocument]:
        """The newest accepted version of each document, in the order of the store's ids. In: the id to go on from."""
        newer = aliased(DocumentRow)
        is_newest = ~exists().where(
            newer.chain == DocumentRow.chain, newer.version > DocumentRow.version, newer.status == "accepted"
        )
        query = select(DocumentRow).where(DocumentRow.status == "accepted", DocumentRow.id > after, is_newest)
        with self._database.read() as session:
            return [document_of(row) for row in session.scalars(query.order_by(DocumentRow.id).limit(limit))]

    def refused(self, since: datetime, *, limit: int = 20) -> list[StoredDocument]:
        """The documents since then that were not taken, the latest first."""
        query = (
            select(DocumentRow)
            .where(DocumentRow.status != "accepted", DocumentRow.received_at >= since)
            .order_by(DocumentRow.received_at.desc(), DocumentRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [document_of(row) for row in session.scalars(query)]

    def _ended(self, edges: Sequence[datetime]) -> dict[int, tuple[int, datetime]]:
        """For each span in which deliveries ended: how many of them well, and when the earliest of all began."""
        span = case(*((TransitionRow.at < end, number) for number, end in enumerate(edges[1:-1])), else_=len(edges) - 2)
        well = case((TransitionRow.after == "delivered", 1), else_=0)
        ends = (
            select(span.label("span"), well.label("well"), DeliveryRow.created_at.label("began"))
            .join(DeliveryRow, DeliveryRow.id == TransitionRow.delivery_id)
            .where(TransitionRow.after.in_(ENDED), TransitionRow.at >= edges[0], TransitionRow.at <= edges[-1])
            .subquery("ends")
        )
        query: Select[Any] = select(ends.c.span, func.sum(ends.c.well), func.min(ends.c.began)).group_by(ends.c.span)
        with self._database.read() as session:
            return {number: (int(count), began) for number, count, began in session.execute(query)}


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(DeliveryRow.state.in_(wanted.states))
    if wanted.source:
        found.append(DocumentRow.source == wanted.source)
    if wanted.receiver:
        found.append(DeliveryRow.receiver == wanted.receiver)
    if wanted.document:
        found.append(or_(DocumentRow.document == wanted.document, DocumentRow.chain == wanted.document))
    if wanted.since is not None:
        found.append(DeliveryRow.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(DeliveryRow.created_at < wanted.until)
    return found
