from __future__ import annotations

import pytest

from interop.cli.demo import example_plan
from interop.documents import examine
from interop.faults.plans import Plans
from schemas.record import Record
from tests.store.databases import database_url, new_database, postgresql_base

__all__ = ["database_url", "new_database", "postgresql_base"]


@pytest.fixture(scope="session")
def plans(example: Record) -> Plans:
    return Plans(example)


@pytest.fixture(scope="session")
def example() -> Record:
    """The record that every plan of a run is made after."""
    record = examine(example_plan("fi"), "effica").record
    assert record is not None
    return record
