"""Fixtures that run a test on both databases: a SQLite file, and a real PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.store.postgresql import VARIABLE, fresh_database, running

__all__ = ["database_url", "new_database", "postgresql_base"]

BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_base() -> Iterator[str]:
    """The URL of a database on a server where others may be made."""
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    with running() as server:
        yield server.url("postgres")


@pytest.fixture(params=BACKENDS)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes URLs of new and empty databases of one kind."""
    with ExitStack() as stack:
        made: list[str] = []

        def make() -> str:
            if request.param == "sqlite":
                name = f"interop{len(made)}.db" if made else "interop.db"
                made.append(f"sqlite:///{tmp_path / name}")
            else:
                made.append(stack.enter_context(fresh_database(request.getfixturevalue("postgresql_base"))))
            return made[-1]

        yield make


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """The URL of a new and empty database, of each kind in turn."""
    return new_database()
