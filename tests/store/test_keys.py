"""Keys are changed while others read and write; and nobody is told to let a key go that something needs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from typer.testing import CliRunner, Result

from interop.cli.keys import keys
from interop.errors import Conflict, Fault, NotFound
from interop.store import Answer, Identity, Incoming, KeyRing, Store
from interop.store.tables import Base

AA = Answer("AA", "taken_care_of")
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
OLD_KEY, NEW_KEY = bytes(range(32)), bytes(reversed(range(32)))
OLD = KeyRing("old", {"old": OLD_KEY})
BOTH = KeyRing("new", {"old": OLD_KEY, "new": NEW_KEY})
NEW = KeyRing("new", {"new": NEW_KEY})
Command = Callable[..., Result]


def incoming(number: int) -> Incoming:
    document = f"1.2.246.10.99999999.11.2026.{number}"
    identity = Identity(document, 1, document, "1.2.246.537.6.1506.15020.2024.11.28", f"{number:064}")
    return Incoming("effica", "effica", document, f"<plan>{number}</plan>".encode(), identity, NOW)


@pytest.fixture
def command(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    (tmp_path / "interop.toml").write_text("")
    monkeypatch.setenv("INTEROP_DATABASE_URL", database_url)
    monkeypatch.setenv("INTEROP_SETTINGS", str(tmp_path / "interop.toml"))
    ring = ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in BOTH.keys.items())
    monkeypatch.setenv("INTEROP_KEYS", ring)
    monkeypatch.setenv("INTEROP_ACTIVE_KEY", "new")
    return lambda *arguments: CliRunner().invoke(keys, arguments)


def test_every_table_that_holds_a_wrapped_key_can_be_rotated() -> None:
    tables = [table for table in Base.metadata.sorted_tables if "wrapped_key" in table.c]
    assert {"arrivals", "documents", "secrets", "wills"} < {table.name for table in tables}
    for table in tables:
        assert len(table.primary_key.columns) == 1, table.name
        assert "key_id" in table.c, table.name


def test_keys_are_changed_while_a_worker_reads_and_writes(database_url: str) -> None:
    before = Store(database_url, OLD)
    documents = [before.accept(incoming(number), AA, ["omni360"]) for number in range(30)]
    worker, stop, faults = Store(database_url, BOTH), Event(), list[str]()

    def work() -> Iterator[None]:
        number = 100
        while not stop.is_set():
            documents.append(worker.accept(incoming(number), AA, ["omni360"]))
            yield
            for one in documents[:10]:
                worker.payload(one.id)
            number += 1

    def run() -> None:
        try:
            for _ in work():
                pass
        except Exception as error:  # noqa: BLE001 - told below
            faults.append(repr(error))

    thread = Thread(target=run)
    thread.start()
    rotating = Store(database_url, BOTH)
    while rotating.keys.rewrap(7):
        pass
    stop.set()
    thread.join()
    assert faults == []
    assert set(rotating.keys.in_use()) == {"new"}
    for one in (before, worker, rotating):
        one.close()
    alone = Store(database_url, NEW)
    assert all(alone.payload(one.id).startswith(b"<plan>") for one in documents)
    assert alone.audit.verify([]).problems == []
    alone.close()
    with pytest.raises(Fault):
        Store(database_url, OLD)


def test_a_rotation_that_was_cut_short_goes_on(database_url: str) -> None:
    before = Store(database_url, OLD)
    for number in range(9):
        before.accept(incoming(number), AA, [])
    before.close()
    first = Store(database_url, BOTH)
    assert first.keys.rewrap(2) == 4  # two documents, and the two secrets of the database
    assert first.keys.in_use() == {"old": 7, "new": 4}
    with pytest.raises(Conflict, match="7 stored"):
        first.keys.check_unused("old")
    first.close()
    again = Store(database_url, BOTH)
    while again.keys.rewrap(2):
        pass
    again.keys.check_unused("old")
    with pytest.raises(Conflict, match="active"):
        again.keys.check_unused("new")
    with pytest.raises(NotFound):
        again.keys.check_unused("other")
    again.close()


def test_the_commands_lead_from_one_key_to_the_next(
    command: Command, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(database_url, OLD)
    store.accept(incoming(1), AA, [])
    store.close()
    listed = command("list")
    assert listed.exit_code == 0, listed.exception
    assert [line.split() for line in listed.stdout.splitlines()[1:]] == [["new", "active", "0"], ["old", "old", "3"]]
    assert isinstance(command("retire", "old").exception, Conflict)
    assert "3 wrapped by new" in command("rotate").stdout
    assert "take it out" in command("retire", "old").stdout
    monkeypatch.setenv("INTEROP_KEYS", f"new:{base64.b64encode(NEW_KEY).decode()}")
    assert command("list").exit_code == 0
    for key in (OLD_KEY, NEW_KEY):
        assert base64.b64encode(key).decode() not in json.dumps(command("list").stdout)


def test_a_key_that_is_missing_is_named(command: Command, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(database_url, BOTH)
    store.close()
    other = Store(database_url, KeyRing("old", BOTH.keys))
    other.accept(incoming(1), AA, [])
    other.close()
    monkeypatch.setenv("INTEROP_KEYS", f"new:{base64.b64encode(NEW_KEY).decode()}")
    listed = command("list")
    assert listed.exit_code == 1
    assert "MISSING" in listed.stdout


def test_a_new_key_is_an_entry_of_the_ring(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    made = command("new", "2027-01").stdout.strip()
    assert made != command("new", "2027-01").stdout.strip()
    monkeypatch.setenv("INTEROP_KEYS", made)
    monkeypatch.setenv("INTEROP_ACTIVE_KEY", "2027-01")
    assert command("list").exit_code == 0
    assert command("new", "no key").exit_code == 1
