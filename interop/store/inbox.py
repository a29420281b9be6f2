"""What waits in the systems to be fetched, until it has been: so that no worker has to remember it.

A system's own names for a message and its place are foreign texts that may hold anything: they are sealed, and found
again by a keyed digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from interop.errors import Conflict, NotFound
from interop.store.database import Database
from interop.store.encryption import KeyRing, Sealed, WrappedKey, keyed_digest, open_sealed, seal
from interop.store.rows import count_begun
from interop.store.tables import ArrivalRow

__all__ = ["DueArrival", "Ended", "Inbox", "Waiting"]

_WAITING, _DONE, _PARKED = "waiting", "done", "parked"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One document in a system's outbox. `place` and `message_id` are the system's own names for it.

    `begun` counts how often it was taken up before and nothing came of it. A parked one has brought a document that
    waits for a person, and is answered when that person has decided.
    """

    id: str
    source: str
    state: Literal["waiting", "done", "parked"]
    tries: int
    turn: int
    next_at: datetime
    begun: int = 0
    place: str = field(repr=False, default="")
    message_id: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class DueArrival:
    """An arrival whose time has come. `begun` counts how often it was taken up and nothing came of it."""

    id: str
    turn: int
    begun: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of an arrival: it is done, or is tried again at `until`, or `parked` for the sake of a document."""

    arrival: Waiting
    until: datetime | None = None
    parked: str = ""


class Inbox:
    """The arrivals of all systems. Raises, from every method: Unavailable."""

    def __init__(self, database: Database, ring: KeyRing, digest_key: bytes, new_id: Callable[[], str]) -> None:
        self._database, self._ring, self._digest_key, self._new_id = database, ring, digest_key, new_id

    def listed(
        self, source: str, found: Sequence[tuple[str, str]], at: datetime, rest: Callable[[int], timedelta]
    ) -> list[Waiting]:
        """The arrivals that wait anew: those not seen before, and those that the system lists again after a rest.

        In: `found` holds the system's names of place and message; `rest` gives the wait by the number of tries.
        """
        by_name = {self._name(source, *names): names for names in found}
        if not by_name:
            return []
        fresh: list[Waiting] = []
        with self._database.write() as session:
            self._database.serialize(session, f"inbox:{source}")
            known = _states(session, list(by_name))
            # A time that lies ahead was set by a clock that has been put back since.
            due = [
                name for name, (state, listed_at, tries) in known.items()
                if state == _DONE and not listed_at <= at < listed_at + rest(tries)
            ]  # fmt: skip
            for row in _rows(session, due):
                row.state, row.tries, row.turn, row.next_at = _WAITING, row.tries + 1, row.turn + 1, at
                fresh.append(_waiting(row))
            for name, names in by_name.items():
                if name not in known:
                    fresh_row = self._new_row(source, name, names, at)
                    session.add(fresh_row)
                    fresh.append(_waiting(fresh_row))
        return fresh

    def sources(self, at: datetime) -> list[str]:
        """The systems of which arrivals wait whose time has come, in alphabetical order."""
        query = select(ArrivalRow.source).where(ArrivalRow.state == _WAITING, ArrivalRow.next_at <= at)
        with self._database.read() as session:
            return list(session.scalars(query.distinct().order_by(ArrivalRow.source)))

    def due(self, at: datetime, source: str, limit: int) -> list[DueArrival]:
        """The arrivals of a system whose time has come, the longest waiting first."""
        query = (
            select(ArrivalRow.id, ArrivalRow.turn, ArrivalRow.begun)
            .where(ArrivalRow.state == _WAITING, ArrivalRow.source == source, ArrivalRow.next_at <= at)
            .order_by(ArrivalRow.next_at, ArrivalRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [DueArrival(*row) for row in session.execute(query)]

    def take(self, wanted: Mapping[str, int], at: datetime) -> list[Waiting]:
        """Those of the arrivals that wait and whose time has come, counted as begun. In: the turn of each, by its id.

        Raises: Fault when the system's names for one cannot be decrypted.
        """
        with self._database.write() as session:
            rows = session.scalars(
                select(ArrivalRow)
                .where(ArrivalRow.id.in_(list(wanted)), ArrivalRow.state == _WAITING, ArrivalRow.next_at <= at)
                .order_by(ArrivalRow.next_at, ArrivalRow.id)
                .with_for_update()
            )
            taken = [self._opened(row) for row in rows if row.turn == wanted[row.id]]
            count_begun(session, ArrivalRow, [one.id for one in taken], at)
        return taken

    def end(self, outcomes: Sequence[Ended], at: datetime) -> list[Waiting | None]:
        """Each arrival after its outcome, in the order given; None for one that somebody else has moved."""
        with self._database.write() as session:
            ids = [one.arrival.id for one in outcomes]
            query = select(ArrivalRow).where(ArrivalRow.id.in_(ids)).order_by(ArrivalRow.id).with_for_update()
            rows = {row.id: row for row in session.scalars(query)}
            return [_ended(rows.get(one.arrival.id), one, at) for one in outcomes]

    def arrival(self, arrival_id: str) -> Waiting:
        """One arrival with the system's names for it. Raises: NotFound; Fault when they cannot be decrypted."""
        with self._database.read() as session:
            row = session.get(ArrivalRow, arrival_id)
            if row is None:
                raise NotFound("There is no arrival with this id in the store.")
            return self._opened(row)

    def done(self, arrival: Waiting, at: datetime) -> None:
        """Nothing; the arrival has been taken and answered. Raises: NotFound, Conflict."""
        with self._database.write() as session:
            row = _locked(session, arrival)
            row.state, row.turn, row.listed_at, row.begun = _DONE, row.turn + 1, at, 0

    def later(self, arrival: Waiting, until: datetime) -> Waiting:
        """The arrival that could not be taken now, to be tried again. Raises: NotFound, Conflict."""
        with self._database.write() as session:
            row = _locked(session, arrival)
            row.tries, row.turn, row.next_at, row.begun = row.tries + 1, row.turn + 1, until, 0
            return _waiting(row)

    def overdue(self, at: datetime, *, limit: int = 500) -> list[Waiting]:
        """The waiting arrivals whose time had come at `at`, the longest overdue first."""
        query = (
            select(ArrivalRow)
            .where(ArrivalRow.state == _WAITING, ArrivalRow.next_at <= at)
            .order_by(ArrivalRow.next_at, ArrivalRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [_waiting(row) for row in session.scalars(query)]

    def forget(self, before: datetime) -> None:
        """Nothing; arrivals done before then are gone. One that is listed again is a new one, and is answered alike."""
        with self._database.write() as session:
            session.execute(delete(ArrivalRow).where(ArrivalRow.state == _DONE, ArrivalRow.listed_at < before))

    def _new_row(self, source: str, name: str, names: tuple[str, str], at: datetime) -> ArrivalRow:
        arrival_id = self._new_id()
        sealed = seal(self._ring, arrival_id, json.dumps(names).encode())
        return ArrivalRow(
            id=arrival_id, source=source, name=name, state=_WAITING, tries=0, turn=0, begun=0, next_at=at, listed_at=at,
            key_id=sealed.key.key_id, wrapped_key=sealed.key.data, payload=sealed.payload,
        )  # fmt: skip

    def _opened(self, row: ArrivalRow) -> Waiting:
        sealed = Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload)
        place, message_id = json.loads(open_sealed(self._ring, row.id, sealed))
        return _waiting(row, place, message_id)

    def _name(self, source: str, place: str, message_id: str) -> str:
        return keyed_digest(self._digest_key, b"arrival", source.encode(), place.encode(), message_id.encode())


def _rows(session: Session, names: Sequence[str]) -> list[ArrivalRow]:
    """The rows of these names, asked for in parts: a statement takes a limited number of values."""
    rows: list[ArrivalRow] = []
    for start in range(0, len(names), 500):
        rows += session.scalars(
            select(ArrivalRow).where(ArrivalRow.name.in_(names[start : start + 500])).with_for_update()
        )
    return rows


def _locked(session: Session, arrival: Waiting) -> ArrivalRow:
    row = session.get(ArrivalRow, arrival.id, with_for_update=True)
    if row is None:
        raise NotFound("There is no arrival with this id in the store.")
    if row.turn != arrival.turn:
        raise Conflict("The arrival has been taken by another worker in the meantime.")
    return row


def _states(session: Session, names: Sequence[str]) -> dict[str, tuple[str, datetime, int]]:
    """State, time of the last listing and number of tries of those that are known, by name."""
    known: dict[str, tuple[str, datetime, int]] = {}
    for start in range(0, len(names), 500):
        query = select(ArrivalRow.name, ArrivalRow.state, ArrivalRow.listed_at, ArrivalRow.tries)
        found = session.execute(query.where(ArrivalRow.name.in_(names[start : start + 500])))
        known |= {name: (state, listed_at, tries) for name, state, listed_at, tries in found}
    return known


def _ended(row: ArrivalRow | None, outcome: Ended, at: datetime) -> Waiting | None:
    if row is None or row.turn != outcome.arrival.turn:
        return None
    row.turn, row.begun = row.turn + 1, 0
    if outcome.until is not None:
        row.tries, row.next_at = row.tries + 1, outcome.until
    elif outcome.parked:
        row.state, row.listed_at, row.document_id = _PARKED, at, outcome.parked
    else:
        row.state, row.listed_at = _DONE, at
    return _waiting(row)


def _waiting(row: ArrivalRow, place: str = "", message_id: str = "") -> Waiting:
    state = cast('Literal["waiting", "done", "parked"]', row.state)
    return Waiting(row.id, row.source, state, row.tries, row.turn, row.next_at, row.begun or 0, place, message_id)
