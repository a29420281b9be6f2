"""Who works with the database: each process says now and then that it lives, and chores are leased to one at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from interop.store.database import Database
from interop.store.tables import LeaseRow, WorkerRow

__all__ = ["Worker", "Workers"]


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that works with the database, or did."""

    name: str
    started_at: datetime
    beat_at: datetime


class Workers:
    """The processes, by names that are never used again. A shared database's own clock dates what they say.

    Raises, from every method: Unavailable.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, name: str, at: datetime) -> None:
        """Nothing; the worker has said that it lives. In: `at` is its own time, for want of a shared clock."""
        with self._database.write() as session:
            now = self._database.now(session, at)
            row = session.get(WorkerRow, name, with_for_update=True)
            if row is None:
                session.add(WorkerRow(name=name, started_at=now, beat_at=now))
            else:
                row.beat_at = now

    def all(self) -> list[Worker]:
        """The workers that have not been forgotten, the longest working first."""
        with self._database.read() as session:
            rows = session.scalars(select(WorkerRow).order_by(WorkerRow.started_at, WorkerRow.name))
            return [Worker(row.name, row.started_at, row.beat_at) for row in rows]

    def forget(self, names: Collection[str]) -> None:
        """Nothing; these workers have ended, and their chores are free."""
        with self._database.write() as session:
            session.execute(delete(LeaseRow).where(LeaseRow.worker.in_(names)))
            session.execute(delete(WorkerRow).where(WorkerRow.name.in_(names)))

    def lease(self, chore: str, worker: str, at: datetime, span: timedelta) -> bool:
        """True when the chore is this worker's for the span."""
        with self._database.write() as session:
            self._database.serialize(session, f"lease:{chore}")
            now = self._database.now(session, at)
            row = session.get(LeaseRow, chore)
            if row is None:
                session.add(LeaseRow(name=chore, worker=worker, until=now + span))
                return True
            # A lease beyond the span was made by a clock that has been put back since: it binds nobody.
            if row.worker != worker and now < row.until <= now + span:
                return False
            row.worker, row.until = worker, now + span
            return True
