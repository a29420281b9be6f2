"""Brings the tables of a database to the newest form, step by step; each step is a file in `migrations/versions`.

A database that was made before the steps were numbered has the form of the first one. Source: Alembic 1.x,
https://alembic.sqlalchemy.org/en/latest/api/runtime.html
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

from interop.errors import Fault

__all__ = ["FIRST", "NEWEST", "form_of", "migrate"]

FIRST = "0001"
"""The form of a database that does not name its own."""
NEWEST = "0009"
"""The form that this program works with."""

_STEPS = Path(__file__).with_name("migrations")
_LOCK = 7_031_301_192


def form_of(connection: Connection) -> str | None:
    """The form of the database's tables; None when it has none of ours."""
    named = MigrationContext.configure(connection).get_current_revision()
    return named or (FIRST if inspect(connection).has_table("documents") else None)


def migrate(connection: Connection, wanted: str = NEWEST) -> None:
    """Nothing; the tables have the wanted form. In: a connection within a transaction, in which all of it happens.

    Raises: Fault when the tables have a form that this program does not know.
    """
    context = MigrationContext.configure(connection)
    if context.get_current_revision() == wanted:
        return
    if connection.dialect.name == "postgresql":
        # Two programs that start together must not both make the tables.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    form = form_of(connection)
    if form is not None and context.get_current_revision() is None:
        context._ensure_version_table()
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:form)"), {"form": form})
    _run(connection, wanted)


def _run(connection: Connection, wanted: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_STEPS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)

    def steps(form: Any, _: MigrationContext) -> Any:
        return scripts._upgrade_revs(wanted, form)

    try:
        with EnvironmentContext(config, scripts, fn=steps) as environment:
            environment.configure(connection=connection, transactional_ddl=True)
            environment.run_migrations()
    except CommandError as error:
        raise Fault(
            "The database was made by a later version of this program, and its tables differ. Install that version."
        ) from error
