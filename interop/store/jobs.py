"""Asynchronous jobs of clients, so that a restart loses none: what each works on, and what it has made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, undefer

from interop.errors import NotFound
from interop.store.api_tables import JobRow
from interop.store.database import Database
from interop.store.encryption import KeyRing, Sealed, WrappedKey, open_sealed, seal

__all__ = ["Job", "Jobs"]

JobState = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `done` of `total` parts are ready; the total is 0 while it is not known."""

    id: str
    client: str
    kind: str
    state: JobState
    done: int
    total: int
    made_at: datetime
    moved_at: datetime


class Jobs:
    """The jobs. Raises, from every method: Unavailable."""

    def __init__(self, database: Database, ring: KeyRing, new_id: Callable[[], str]) -> None:
        self._database, self._ring, self._new_id = database, ring, new_id

    def begin(self, client: str, kind: str, payload: bytes, at: datetime, most: int) -> Job | None:
        """The new job, or None when the client has as many as it may have."""
        with self._database.write() as session:
            self._database.serialize(session, f"jobs:{client}")
            if (session.scalar(select(func.count()).where(JobRow.client == client)) or 0) >= most:
                return None
            name = self._new_id()
            row = JobRow(id=name, client=client, kind=kind, state="waiting", done=0, total=0, made_at=at, moved_at=at)
            self._seal(row, payload)
            session.add(row)
            return _job(row)

    def job(self, name: str, client: str) -> Job:
        """One job of a client. Raises: NotFound."""
        with self._database.read() as session:
            return _job(_found(session, name, client))

    def payload(self, job: Job) -> bytes:
        """What the job works on, or what it has made when it is done. Raises: NotFound, Fault."""
        with self._database.read() as session:
            row = _found(session, job.id, job.client, payload=True)
            return open_sealed(self._ring, row.id, Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload))

    def take(self, at: datetime, stale: datetime) -> Job | None:
        """The job that has waited longest, running from now on; or one whose worker has said nothing since `stale`."""
        with self._database.write() as session:
            self._database.serialize(session, "jobs:take")
            ready = (JobRow.state == "waiting") | ((JobRow.state == "running") & (JobRow.moved_at < stale))
            row = session.scalars(select(JobRow).where(ready).order_by(JobRow.made_at).limit(1)).one_or_none()
            if row is None:
                return None
            row.state, row.done, row.moved_at = "running", 0, at
            return _job(row)

    def progress(self, job: Job, done: int, total: int, at: datetime) -> bool:
        """True while the job is wanted; how far it has come is noted."""
        with self._database.write() as session:
            row = session.get(JobRow, job.id)
            if row is None:
                return False
            row.done, row.total, row.moved_at = done, total, at
            return True

    def end(self, job: Job, state: Literal["done", "failed"], payload: bytes, at: datetime) -> None:
        """Nothing; the job has ended with what it has made. One that was called off meanwhile stays so."""
        with self._database.write() as session:
            row = session.get(JobRow, job.id)
            if row is not None:
                row.state, row.moved_at = state, at
                self._seal(row, payload)

    def cancel(self, name: str, client: str) -> None:
        """Nothing; the job and what it has made are gone. Raises: NotFound."""
        with self._database.write() as session:
            session.delete(_found(session, name, client))

    def forget(self, before: datetime) -> None:
        """Nothing; what was made so long ago is gone."""
        with self._database.write() as session:
            session.execute(delete(JobRow).where(JobRow.moved_at < before))

    def _seal(self, row: JobRow, payload: bytes) -> None:
        sealed = seal(self._ring, row.id, payload)
        row.key_id, row.wrapped_key, row.payload = sealed.key.key_id, sealed.key.data, sealed.payload


def _found(session: Session, name: str, client: str, *, payload: bool = False) -> JobRow:
    row = session.get(JobRow, name, options=[undefer(JobRow.payload)] if payload else [])
    if row is None or row.client != client:
        raise NotFound("There is no such job of this client.")
    return row


def _job(row: JobRow) -> Job:
    state = cast("JobState", row.state)
    return Job(row.id, row.client, row.kind, state, row.done, row.total, row.made_at, row.moved_at)
