"""A database of the first form becomes one of the newest, on both databases, and keeps what it holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from interop.errors import Fault
from interop.store import KeyRing, Store
from interop.store.encryption import seal
from interop.store.engine import open_engine
from interop.store.migrating import FIRST, NEWEST, form_of, migrate
from interop.store.tables import Base

RING = KeyRing("k", {"k": bytes(32)})


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = open_engine(database_url)
    yield made
    made.dispose()


def differences(connection: Connection) -> list[object]:
    found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    return [one for one in found if "alembic_version" not in str(one)]


def test_the_steps_make_exactly_the_tables_that_the_program_uses(engine: Engine) -> None:
    with engine.begin() as connection:
        assert form_of(connection) is None
        migrate(connection)
        assert form_of(connection) == NEWEST
        assert differences(connection) == []
        migrate(connection)


def test_the_comparison_would_see_a_difference(engine: Engine) -> None:
    with engine.begin() as connection:
        migrate(connection, FIRST)
        assert differences(connection)


def test_a_database_of_the_first_form_keeps_what_it_holds(engine: Engine, database_url: str) -> None:
    now = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    secret = seal(RING, "digest_key", bytes(32))
    payload = seal(RING, "d1", b"<plan/>")
    with engine.begin() as connection:
        migrate(connection, FIRST)
        # The first form was made without naming itself.
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(
            text("INSERT INTO secrets VALUES ('digest_key', '1', 'k', :key, :payload)"),
            {"key": secret.key.data, "payload": secret.payload},
        )
        connection.execute(
            text(
                "INSERT INTO documents VALUES ('d1', 'effica', 'm', 'p', 'r', 'effica', 'accepted', '1.2', 1, '1.2',"
                " '1.3', '1.2#1', 'AA', '', '', :now, NULL, 'k', :key, :payload)"
            ),
            {"now": now, "key": payload.key.data, "payload": payload.payload},
        )
        connection.execute(
            text(
                "INSERT INTO deliveries (document_id, receiver, state, attempts, checks, released, next_at, reference,"
                " created_at) VALUES ('d1', 'omni360', 'sent', 1, 0, :released, :now, '', :now)"
            ),
            {"now": now, "released": False},
        )
    store = Store(database_url, RING)
    assert store.payload("d1") == b"<plan/>"
    (delivery,) = store.deliveries()
    assert (delivery.state, delivery.turn, delivery.worker, delivery.next_at) == ("sent", 0, "", now)
    assert store.doubt_interrupted(now) == 1
    store.close()


def test_a_database_of_a_later_form_is_refused(engine: Engine, database_url: str) -> None:
    Store(database_url, RING).close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Fault):
        Store(database_url, RING)


def test_programs_that_start_together_do_not_disturb_one_another(database_url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            Store(database_url, RING).close()
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
