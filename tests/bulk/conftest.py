from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.databases import postgresql_base
from tests.store.postgresql import fresh_database

__all__ = ["postgresql_base"]


@pytest.fixture
def server_url(postgresql_base: str) -> Iterator[str]:
    """The URL of a new and empty PostgreSQL database."""
    with fresh_database(postgresql_base) as url:
        yield url
