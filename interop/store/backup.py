"""A backup of a database, and a new database made of it. What is encrypted stays so: no key of the ring is in a backup.

A SQLite file is copied as it stands at one moment, while others go on writing. Of a PostgreSQL database `pg_dump` takes
a snapshot. The engine's own tables are left out: they hold nothing that ours do not show.
Source: https://www.sqlite.org/backup.html; https://www.postgresql.org/docs/current/app-pgdump.html
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from interop.errors import Conflict, Invalid, NotFound, Unavailable, Unsupported
from interop.store.database import translated
from interop.store.engine import open_engine
from interop.store.migrating import form_of

__all__ = ["back_up", "put_back"]

_SQLITE, _POSTGRESQL = b"SQLite format 3\0", b"PGDMP"
_LEFT_OUT = ("dbos", "dbos_bulk")
_PAGES = 1000
"""So many pages are copied before writers get their turn."""


def back_up(url: str, file: Path) -> None:
    """Nothing; the file holds the database as it was at one moment, and only its owner can read it.

    Raises: Conflict when there is such a file, NotFound when there is no database, Unsupported without `pg_dump`,
    Unavailable when the database or the disk fails.
    """
    parsed = _understood(url)
    if file.exists():
        raise Conflict(f"There is a file '{file}' already, and a backup is never written over. Give another name.")
    with _part_of(file) as part:
        if parsed.get_backend_name() == "sqlite":
            _copy(_place(parsed), part)
        else:
            _run(parsed, "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                 *(f"--exclude-schema={one}" for one in _LEFT_OUT), f"--file={part}")  # fmt: skip


def put_back(url: str, file: Path, begin: Callable[[str], None]) -> None:
    """Nothing; the database of the URL, which was not there before, holds what the backup does.

    In: `begin` is given the URL of the new database, and makes it ready to be worked with. Raises: Conflict when there
    is a database already, Invalid for a file that is no backup of this kind of database; otherwise as `back_up`.
    """
    parsed = _understood(url)
    kind = _kind(file)
    if parsed.get_backend_name() == "sqlite":
        _expect(kind, _SQLITE)
        _put_file(_place(parsed), file, begin)
        return
    _expect(kind, _POSTGRESQL)
    engine = open_engine(url)
    try:
        with translated(), engine.connect() as connection:
            if form_of(connection) is not None:
                raise Conflict("The database holds an exchange already. Restore into a new and empty one.")
    finally:
        engine.dispose()
    _run(parsed, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
         str(file))  # fmt: skip
    begin(url)


def _put_file(place: Path, file: Path, begin: Callable[[str], None]) -> None:
    if any(place.with_name(place.name + ending).exists() for ending in ("", "-wal", "-shm")):
        raise Conflict(f"There is a database '{place}' already, and it is never written over. Move it away first.")
    with _part_of(place) as part:
        shutil.copyfile(file, part)
        _check(part)
        begin(f"sqlite:///{part}")


@contextmanager
def _part_of(file: Path) -> Iterator[Path]:
    """A file beside, which gets the file's name when all has gone well. Raises: Unavailable when the disk fails."""
    part = file.with_name(f"{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        with part.open("rb") as whole:
            os.fsync(whole.fileno())
        # A link, unlike a change of name, never takes another file's place.
        file.hardlink_to(part)
    except FileExistsError as error:
        raise Conflict(f"There is a file '{file}' already. Give another name.") from error
    except OSError as error:
        raise Unavailable(f"The file '{file}' cannot be written: the disk is full, fails or forbids it.") from error
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            part.with_name(part.name + ending).unlink(missing_ok=True)


def _copy(place: Path, part: Path) -> None:
    if not place.exists():
        raise NotFound(f"There is no database '{place}'.")
    try:
        with (
            closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(part)) as target,
        ):
            source.backup(target, pages=_PAGES, sleep=0.01)
            # One file that needs no other beside it.
            target.execute("PRAGMA journal_mode=DELETE")
        _check(part)
    except sqlite3.Error as error:
        raise Unavailable("The database cannot be read, or the disk is full; no backup was made.") from error


def _check(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as connection:
            (told,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise Invalid("The backup is damaged.") from error
    if told != "ok":
        raise Invalid("The backup is damaged.")


def _run(url: URL, program: str, *arguments: str) -> None:
    """Runs a program of PostgreSQL over the database. What it prints may quote values, and is not passed on."""
    found = shutil.which(program)
    if found is None:
        raise Unsupported(f"The program {program} is not on the PATH. Install PostgreSQL's client programs.")
    environment = dict(os.environ) | ({"PGPASSWORD": str(url.password)} if url.password else {})
    command = [found, f"--dbname={_address(url)}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - there is no shell
    if done.returncode != 0:
        raise Unavailable(
            f"{program} ended with an error. Can it reach the database, and is it as new as the server? Is there room?"
        )


def _address(url: URL) -> str:
    """The database's address without its password, which other users of the machine could see."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _understood(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise Invalid("The database URL is not understood.") from error


def _place(url: URL) -> Path:
    return Path(url.database or "")


def _kind(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(16)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file '{file}'.") from error
    except OSError as error:
        raise Invalid(f"The file '{file}' cannot be read.") from error


def _expect(found: bytes, wanted: bytes) -> None:
    if found.startswith(wanted):
        return
    if found.startswith((_SQLITE, _POSTGRESQL)):
        raise Invalid("The backup is of the other kind of database: a SQLite file and PostgreSQL do not mix.")
    raise Invalid("The file is no backup.")
