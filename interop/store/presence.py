"""Which processes at a PostgreSQL database live: each holds a lock that ends with its connection, however that ends."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from threading import Lock

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from interop.store.database import translated
from interop.store.engine import open_engine

__all__ = ["Presence"]

_GROUP = 1_031_301_193
_HOLD = text("SELECT pg_advisory_lock_shared(:group, hashtext(:name))")
_LET_GO = text("SELECT pg_advisory_unlock_shared(:group, hashtext(:name))")
_ALIVE = text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE (hashtext(name)::bigint & 4294967295) IN "
    "(SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = :group AND objsubid = 2 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)


class Presence:
    """This process as the others see it, under a name that no other process has or had.

    Raises, from every method: Unavailable when the database cannot be reached; Invalid for a URL that is no server's.
    """

    def __init__(self, url: str, name: str) -> None:
        self._name = name
        self._engine = open_engine(url).execution_options(isolation_level="AUTOCOMMIT")
        self._lock = Lock()
        self._connection: Connection | None = None
        self.alive(())

    def alive(self, names: Collection[str]) -> set[str]:
        """Those of the names whose processes live. A connection that was cut is made anew, and this one lives again."""
        with self._lock, translated():
            try:
                connection = self._held()
                return set(connection.scalars(_ALIVE, {"names": list(names), "group": _GROUP}))
            except SQLAlchemyError:
                self._let_go()
                raise

    def close(self) -> None:
        """Nothing; to the others this process has ended, at once."""
        with self._lock:
            if self._connection is not None:
                with suppress(SQLAlchemyError):  # a connection that was cut holds nothing
                    self._connection.execute(_LET_GO, {"group": _GROUP, "name": self._name})
            self._let_go()
            self._engine.dispose()

    def _held(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.execute(_HOLD, {"group": _GROUP, "name": self._name})
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
