"""What a database is like, asked without changing it: no file is made, and no table brought up to date."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, func, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from interop.errors import Fault, Invalid
from interop.store.api_tables import JobRow, SigningKeyRow
from interop.store.database import translated
from interop.store.encryption import KeyRing, WrappedKey, rewrap
from interop.store.migrating import NEWEST, form_of
from interop.store.tables import ArrivalRow, DocumentRow, SecretRow, WillRow

__all__ = ["Condition", "KeyUse", "condition_of"]

_SEALED = (
    (DocumentRow, DocumentRow.id),
    (ArrivalRow, ArrivalRow.id),
    (SecretRow, SecretRow.name),
    (SigningKeyRow, SigningKeyRow.id),
    (JobRow, JobRow.id),
    (WillRow, WillRow.id),
)
"""The tables whose payloads are sealed, each with the column that the seal is bound to."""

_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many rows a key has wrapped, and whether the key of that id in the ring opens them; None: it is not there."""

    rows: int
    opens: bool | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A database as it stands.

    `form` is None while it has no tables of ours, `newest` the form that this program works with; `journal` SQLite's
    journal mode, empty elsewhere; `free` the bytes that are free where a file stands, None elsewhere; `ahead` by how
    many seconds its clock is ahead of ours, None for a file; `takes_writes` is false for a standby.
    """

    form: str | None
    newest: str = NEWEST
    journal: str = ""
    free: int | None = None
    ahead: float | None = None
    takes_writes: bool = True
    keys: Mapping[str, KeyUse] = field(default_factory=dict)


def condition_of(url: str, ring: KeyRing, patience: float) -> Condition:
    """The condition of the database of a URL. Units: `patience` in seconds, for one connection and for one question.

    Raises: Invalid for a URL that is not understood or names a file that is no database, Unavailable.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Invalid("The database URL is not understood.") from error
    look = _of_file if parsed.get_backend_name() == "sqlite" else _of_server
    return look(parsed, ring, patience)


def _of_file(url: URL, ring: KeyRing, patience: float) -> Condition:
    path = Path(url.database or "").absolute()
    free = shutil.disk_usage(next(folder for folder in path.parents if folder.is_dir())).free
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return Condition(None, free=free)
    if not _is_database(path):
        raise Invalid("What the database URL names is no SQLite database.")

    def opened() -> sqlite3.Connection:
        return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=patience)

    engine = create_engine("sqlite://", creator=opened, poolclass=NullPool, hide_parameters=True)
    with translated(), closing(_Disposing(engine)), engine.connect() as connection:
        journal = str(connection.scalar(text("PRAGMA journal_mode")))
        form = form_of(connection)
        return Condition(form, journal=journal, free=free, keys=_keys(connection, form, ring))


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except IsADirectoryError:
        return False
    except PermissionError:
        return True  # As far as can be seen; what SQLite says of it comes next.


def _of_server(url: URL, ring: KeyRing, patience: float) -> Condition:
    limits = {"connect_timeout": max(int(patience), 1), "options": f"-c statement_timeout={int(patience * 1000)}"}
    url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url, connect_args=limits, poolclass=NullPool, hide_parameters=True)
    with translated(), closing(_Disposing(engine)), engine.connect() as connection:
        told = connection.scalar(select(func.clock_timestamp()))
        ahead = (told - datetime.now(UTC)).total_seconds() if isinstance(told, datetime) else None
        standby = bool(connection.scalar(select(func.pg_is_in_recovery())))
        form = form_of(connection)
        return Condition(form, ahead=ahead, takes_writes=not standby, keys=_keys(connection, form, ring))


class _Disposing:
    """Ends an engine's connections when it is closed."""

    def __init__(self, engine: Engine) -> None:
        self.close = engine.dispose


def _keys(connection: Connection, form: str | None, ring: KeyRing) -> Mapping[str, KeyUse]:
    """The keys in use by their ids; each is tried on one row of each table."""
    found: dict[str, KeyUse] = {}
    there = set(inspect(connection).get_table_names()) if form else set()
    for table, owner in (one for one in _SEALED if one[0].__tablename__ in there):
        counted = connection.execute(select(table.key_id, func.count(), func.min(owner)).group_by(table.key_id)).all()
        for key_id, rows, example in counted:
            before = found.get(key_id, KeyUse(0, key_id in ring.keys or None))
            wrapped = connection.scalar(select(table.wrapped_key).where(owner == example))
            opens = before.opens and _opens(ring, str(example), WrappedKey(key_id, wrapped or b""))
            found[key_id] = KeyUse(before.rows + rows, opens)
    return found


def _opens(ring: KeyRing, owner: str, key: WrappedKey) -> bool:
    try:
        rewrap(ring, owner, key)
    except Fault:
        return False
    return True
