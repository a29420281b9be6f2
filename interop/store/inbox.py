"""What waits in the systems to be fetched, until it has been: so that no worker has to remember it.

A system's own names for a message and its place are foreign texts that may hold anything: they are sealed, and found
again by a keyed digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from interop.errors import Conflict, NotFound
from interop.store.database import Database
from interop.store.encryption import KeyRing, Sealed, WrappedKey, keyed_digest, open_sealed, seal
from interop.store.tables import ArrivalRow

__all__ = ["Inbox", "Waiting"]

_WAITING, _DONE = "waiting", "done"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One document in a system's outbox. `place` and `message_id` are the system's own names for it."""

    id: str
    source: str
    state: Literal["waiting", "done"]
    tries: int
    turn: int
    next_at: datetime
    place: str = field(repr=False, default="")
    message_id: str = field(repr=False, default="")


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
            known = {row.name: row for row in _rows(session, list(by_name))}
            for name, names in by_name.items():
                row = known.get(name)
                if row is None:
                    row = self._new_row(source, name, names, at)
                    session.add(row)
                elif row.state == _DONE and row.listed_at + rest(row.tries) <= at:
                    row.state, row.tries, row.turn, row.next_at = _WAITING, row.tries + 1, row.turn + 1, at
                else:
                    continue
                fresh.append(_waiting(row))
        return fresh

    def arrival(self, arrival_id: str) -> Waiting:
        """One arrival with the system's names for it. Raises: NotFound; Fault when they cannot be decrypted."""
        with self._database.read() as session:
            row = session.get(ArrivalRow, arrival_id)
            if row is None:
                raise NotFound("There is no arrival with this id in the store.")
            sealed = Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload)
            place, message_id = json.loads(open_sealed(self._ring, arrival_id, sealed))
            return _waiting(row, place, message_id)

    def done(self, arrival: Waiting, at: datetime) -> None:
        """Nothing; the arrival has been taken and answered. Raises: NotFound, Conflict."""
        with self._database.write() as session:
            row = _locked(session, arrival)
            row.state, row.turn, row.listed_at = _DONE, row.turn + 1, at

    def later(self, arrival: Waiting, until: datetime) -> Waiting:
        """The arrival that could not be taken now, to be tried again. Raises: NotFound, Conflict."""
        with self._database.write() as session:
            row = _locked(session, arrival)
            row.tries, row.turn, row.next_at = row.tries + 1, row.turn + 1, until
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
            id=arrival_id, source=source, name=name, state=_WAITING, tries=0, turn=0, next_at=at, listed_at=at,
            key_id=sealed.key.key_id, wrapped_key=sealed.key.data, payload=sealed.payload,
        )  # fmt: skip

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


def _waiting(row: ArrivalRow, place: str = "", message_id: str = "") -> Waiting:
    state: Literal["waiting", "done"] = "done" if row.state == _DONE else "waiting"
    return Waiting(row.id, row.source, state, row.tries, row.turn, row.next_at, place, message_id)
