"""Opens the database of a URL; what is peculiar to SQLite stands in one function."""

from __future__ import annotations

import os
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from interop.errors import Invalid

__all__ = ["READ_ONLY", "open_engine"]

READ_ONLY = "sote_interop_read_only"
"""The execution option of a connection that only reads."""


def open_engine(url: str) -> Engine:
    """An engine for the database. Raises: Invalid when the URL cannot be understood or its driver is not installed."""
    try:
        parsed = make_url(url)
        # Parameters are payloads and digests: they never go into an error's text or a log line.
        engine = create_engine(parsed, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise Invalid("The database URL is not understood, or its driver is not installed.") from error
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise Invalid("The database has to be a file, because nothing may be lost in a restart.")
        _suit_sqlite(engine, Path(parsed.database))
    return engine


def _suit_sqlite(engine: Engine, path: Path) -> None:
    """Write-ahead log, whole durability, real foreign keys, and write locks taken at the beginning.

    FULL, not NORMAL: a sender is told that its document is taken care of right after the commit, and a power cut must
    not take that back. IMMEDIATE: two writers wait for one another instead of failing half-way.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    @event.listens_for(engine, "connect")
    def _connect(connection: SQLiteConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        only_reads = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
