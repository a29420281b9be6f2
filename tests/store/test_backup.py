"""A backup is one moment of a database in use; what is made of it goes on, and sends nothing twice."""

from __future__ import annotations

import base64
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from typer.testing import CliRunner

from interop.cli import application
from interop.cli.stand_ins import start
from interop.documents import examine
from interop.errors import Conflict, Fault, Invalid, NotFound, Unsupported
from interop.store import Answer, Identity, Incoming, KeyRing, Store
from interop.store.backup import back_up, put_back
from tests.exchange.test_restart import PLAN, RING, Killed, exchange, go
from tests.store.postgresql import binaries

AA = Answer("AA", "taken_care_of")
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
Make = Callable[[], str]


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the server that runs the tests: an older pg_dump refuses it."""
    found = binaries()
    if found is not None:
        monkeypatch.setenv("PATH", f"{found}:{os.environ['PATH']}")


def incoming(number: int) -> Incoming:
    document = f"1.2.246.10.99999999.11.2026.{number}"
    identity = Identity(document, 1, document, "1.2.246.537.6.1506.15020.2024.11.28", f"{number:064}")
    return Incoming("effica", "effica", document, f"<plan>010181-900C {number}</plan>".encode(), identity, NOW)


def restored(url: str, file: Path, at: datetime = NOW) -> int:
    counts = []

    def begin(place: str) -> None:
        store = Store(place, RING)
        counts.append(store.doubt_restored(at))
        store.close()

    put_back(url, file, begin)
    return sum(counts)


@pytest.mark.parametrize("sent_since", [True, False])
def test_a_restored_exchange_loses_nothing_and_sends_nothing_twice(
    new_database: Make, tmp_path: Path, *, sent_since: bool
) -> None:
    first, second, file = new_database(), new_database(), tmp_path / "a.backup"
    times = [datetime(2026, 3, 1, tzinfo=UTC)]
    record = examine(PLAN, "effica").record
    assert record is not None
    with start(record) as stand_ins:
        stand_ins.file(PLAN)
        with pytest.raises(Killed):
            go(exchange(first, stand_ins, times, ("effica", "acknowledge")), times)
        back_up(first, file)
        if sent_since:
            go(exchange(first, stand_ins, times), times)
            assert stand_ins.held() == {"omni360": 1, "apotti": 1}
        assert restored(second, file, times[-1]) == 2
        times.append(times[-1] + timedelta(minutes=2))
        again = exchange(second, stand_ins, times)
        go(again, times)
        assert stand_ins.held() == {"omni360": 1, "apotti": 1}
        store = Store(second, RING)
        assert [one.state for one in store.deliveries()] == ["delivered", "delivered"]
        causes = [step.cause for one in store.deliveries() for step in store.history(one.id)]
        assert causes.count("restored_from_backup") == 2
        assert store.audit.verify([]).problems == []
        store.close()


def test_a_backup_is_one_moment_of_a_database_in_use(new_database: Make, tmp_path: Path) -> None:
    first, second, file = new_database(), new_database(), tmp_path / "a.backup"
    store, stop, accepted = Store(first, RING), Event(), list[str]()

    def work() -> None:
        while not stop.is_set():
            accepted.append(store.accept(incoming(len(accepted)), AA, ["omni360"]).id)

    thread = Thread(target=work)
    thread.start()
    while len(accepted) < 20:
        stop.wait(0.01)
    before = len(accepted)
    back_up(first, file)
    stop.set()
    thread.join()
    store.close()
    restored(second, file)
    again = Store(second, RING)
    found = {one.document_id for one in again.deliveries(limit=100_000)}
    assert set(accepted[:before]) <= found <= set(accepted)
    assert all(again.payload(one) for one in found)
    again.close()


def test_what_is_encrypted_stays_so(new_database: Make, tmp_path: Path) -> None:
    first, second, file = new_database(), new_database(), tmp_path / "a.backup"
    key = bytes(range(32))
    store = Store(first, KeyRing("own", {"own": key}))
    document = store.accept(incoming(1), AA, [])
    store.close()
    back_up(first, file)
    assert file.stat().st_mode & 0o777 == 0o600
    data = file.read_bytes()
    assert b"010181-900C" not in data
    assert key not in data
    with pytest.raises(Fault):
        put_back(second, file, lambda url: Store(url, KeyRing("other", {"other": bytes(range(1, 33))})).close())
    assert document.id.encode() in data or data.startswith(b"PGDMP")


def test_nothing_is_written_over(new_database: Make, tmp_path: Path) -> None:
    first, second, file = new_database(), new_database(), tmp_path / "a.backup"
    Store(first, RING).close()
    back_up(first, file)
    before = file.read_bytes()
    with pytest.raises(Conflict, match="already"):
        back_up(first, file)
    assert file.read_bytes() == before
    restored(second, file)
    for url in (first, second):
        with pytest.raises(Conflict, match="already"):
            restored(url, file)
    assert [one.name for one in tmp_path.glob("*.part*")] == []


def test_only_a_whole_backup_of_the_same_kind_is_restored(new_database: Make, tmp_path: Path) -> None:
    url = new_database()
    with pytest.raises(NotFound):
        restored(url, tmp_path / "none")
    (tmp_path / "other").write_bytes(b"hello")
    with pytest.raises(Invalid, match="no backup"):
        restored(url, tmp_path / "other")
    (tmp_path / "strange").write_bytes(b"PGDMP" if url.startswith("sqlite") else b"SQLite format 3\0")
    with pytest.raises(Invalid, match="other kind"):
        restored(url, tmp_path / "strange")


def test_a_damaged_file_makes_no_database(tmp_path: Path) -> None:
    first, second, file = tmp_path / "a.db", tmp_path / "b.db", tmp_path / "a.backup"
    store = Store(f"sqlite:///{first}", RING)
    for number in range(50):
        store.accept(incoming(number), AA, [])
    store.close()
    back_up(f"sqlite:///{first}", file)
    data = bytearray(file.read_bytes())
    data[8192:40960] = b"\xff" * 32768
    file.write_bytes(data)
    with pytest.raises(Invalid, match="damaged"):
        restored(f"sqlite:///{second}", file)
    assert not second.exists()
    with pytest.raises(NotFound):
        back_up(f"sqlite:///{second}", tmp_path / "b.backup")


def test_without_the_programs_of_postgresql_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unsupported, match="pg_dump"):
        back_up("postgresql://interop@127.0.0.1:1/none", tmp_path / "a.backup")
    assert list(tmp_path.iterdir()) == []


def test_the_commands_write_and_restore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, file = tmp_path / "interop.toml", tmp_path / "a.backup"
    settings.write_text("")
    for name, value in (
        ("INTEROP_KEYS", "k:" + base64.b64encode(bytes(32)).decode()), ("INTEROP_ACTIVE_KEY", "k"),
        ("INTEROP_SETTINGS", str(settings)), ("INTEROP_DATABASE_URL", f"sqlite:///{tmp_path / 'a.db'}"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    store = Store(f"sqlite:///{tmp_path / 'a.db'}", RING)
    store.accept(incoming(1), AA, ["omni360"])
    store.close()
    made = CliRunner().invoke(application("backup"), ["backup", "-o", str(file)])
    assert made.exit_code == 0, made.exception
    monkeypatch.setenv("INTEROP_DATABASE_URL", f"sqlite:///{tmp_path / 'b.db'}")
    done = CliRunner().invoke(application("restore"), ["restore", str(file)])
    assert done.exit_code == 0, done.exception
    assert "1 deliveries" in done.stdout
    with sqlite3.connect(tmp_path / "b.db") as connection:
        assert connection.execute("SELECT state FROM deliveries").fetchall() == [("unknown",)]
    connection.close()
