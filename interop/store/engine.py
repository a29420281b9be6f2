"""Opens the database of a URL; what is peculiar to SQLite stands in one function."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from interop.errors import Conflict, Invalid, Unavailable

__all__ = ["READ_ONLY", "SoleUse", "open_beside", "open_engine"]

READ_ONLY = "sote_interop_read_only"
"""The execution option of a connection that only reads."""


def open_engine(url: str) -> Engine:
    """An engine for the database. Raises: Invalid when the URL cannot be understood or its driver is not installed."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        # Parameters are payloads and digests: they never go into an error's text or a log line.
        # A connection that a restart of the database has cut is found out before it is used.
        engine = create_engine(parsed, hide_parameters=True, poolclass=QueuePool, pool_pre_ping=True, max_overflow=30)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise Invalid("The database URL is not understood, or its driver is not installed.") from error
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise Invalid("The database has to be a file, because nothing may be lost in a restart.")
        _suit_sqlite(engine, Path(parsed.database))
    return engine


def open_beside(url: str) -> tuple[str, Engine | None]:
    """The URL where an engine's own tables may stand, and how to reach them: a second file beside a database file.

    A second file, so that its writers and ours need not wait for one another. A power cut may take its last commits
    away (synchronous is NORMAL): nothing stands there that the first file does not show too.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False), None
    path = _beside(url, "-engine.db")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = create_engine(f"sqlite:///{path}", poolclass=QueuePool, max_overflow=30)

    @event.listens_for(engine, "connect")
    def _connect(connection: SQLiteConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return f"sqlite:///{path}", engine


_CANNOT_BE_WRITTEN = "Files cannot be written in the folder '{folder}'; a database file needs that."


class SoleUse:
    """The right of one process to work with a database file; it ends with the process, however that ends.

    Raises: Conflict when another process has it, Unavailable when the file's folder refuses.
    """

    def __init__(self, url: str) -> None:
        file = _beside(url, "-lock.db")
        try:
            self._connection = sqlite3.connect(file, timeout=0.2, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise Unavailable(_CANNOT_BE_WRITTEN.format(folder=file.parent)) from error
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._connection.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise Unavailable(_CANNOT_BE_WRITTEN.format(folder=file.parent)) from error
            raise Conflict(
                "Another process works with this database file. Use PostgreSQL to let several processes share the work."
            ) from error

    def close(self) -> None:
        """Nothing; another process may have the right now."""
        self._connection.close()


def _beside(url: str, ending: str) -> Path:
    path = Path(make_url(url).database or "")
    return path.with_name(path.stem + ending)


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
        for pragma in ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        only_reads = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
