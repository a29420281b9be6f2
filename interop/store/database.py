"""The database's transactions: each is carried out whole or not at all, and its errors become ours at this one seam."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from threading import Lock

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from interop.errors import Conflict, InteropError, Unavailable
from interop.store.engine import READ_ONLY, open_engine
from interop.store.migrating import migrate

__all__ = ["Database", "translated"]


class Database:
    """One database of ours, its tables in the newest form.

    Raises: Invalid for a URL that is not understood, Unavailable, Fault for tables of a later form than this program's.
    """

    def __init__(self, url: str) -> None:
        self._engine: Engine = open_engine(url)
        self._reading = self._engine.execution_options(**{READ_ONLY: True})
        self.is_shared = self._engine.dialect.name != "sqlite"
        # A file takes one writer at a time; its own way of waiting looks again only every now and then.
        self._one_writer: AbstractContextManager[object] = nullcontext() if self.is_shared else Lock()
        try:
            with translated(), self._engine.begin() as connection:
                migrate(connection)
        except InteropError:
            self.close()
            raise

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that writes. Raises: Conflict when a row is there already, Unavailable."""
        with self._one_writer, translated(), Session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads. Raises: Unavailable."""
        with translated(), Session(self._reading) as session, session.begin():
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A transaction that only reads, and sees one state of the whole database however long it takes.

        Raises: Unavailable.
        """
        with self.read() as session:
            if self.is_shared:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    def now(self, session: Session, at: datetime) -> datetime:
        """The time that all processes at this database agree on: its own clock, or `at` when it is one file."""
        if not self.is_shared:
            return at
        told = session.scalar(select(func.clock_timestamp()))
        return told.astimezone(UTC) if isinstance(told, datetime) else at

    def serialize(self, session: Session, name: str) -> None:
        """Nothing; until the transaction ends, no other one passes this point with the same name.

        A file has one writer at a time anyway.
        """
        if self.is_shared:
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


@contextmanager
def translated() -> Iterator[None]:
    """The one seam where the database's exceptions become ours. Their texts may quote values and are not passed on."""
    try:
        yield
    except InteropError:
        raise
    except IntegrityError as error:
        raise Conflict("The store already holds this message or this document version.") from error
    except SQLAlchemyError as error:
        raise Unavailable("The database cannot be reached or did not carry out the request.") from error
