"""What happens around the exchange while it works: disks are full, databases restart, clocks move, tokens expire."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg

from interop.faults.crew import Crew
from interop.faults.field import Field, field_of
from interop.faults.plans import Plans
from interop.sandboxes.faults import Fault
from tests.store.postgresql import fresh_database, running

STATEMENTS = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''could not extend file: No space left on device'' USING ERRCODE = ''53100''; END';
CREATE TRIGGER no_room BEFORE INSERT ON documents EXECUTE FUNCTION no_room();
CREATE TRIGGER no_room BEFORE INSERT ON transitions EXECUTE FUNCTION no_room();
"""


@contextmanager
def manned(url: str, place: Path, plans: Plans, workers: int = 1) -> Iterator[tuple[Field, Crew]]:
    with field_of(url, place, plans) as field:
        crew = Crew(field.stage.settings, place / "workers.log")
        try:
            for _ in range(workers):
                crew.start()
            yield field, crew
        finally:
            crew.end()


def all_is_well(field: Field) -> None:
    assert field.settle(60), [one.state for one in field.deliveries()]
    account = field.account()
    assert account.is_clean, account
    assert account.held == 0


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.05)


def test_a_full_disk_stops_everything_and_loses_nothing(tmp_path: Path, plans: Plans) -> None:
    """The quota of a running worker is used up: no file of its grows, and then it has room again."""
    log = tmp_path / "workers.log"
    with manned(f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, plans) as (field, crew):
        field.file_chain(1)
        assert field.settle(30)
        crew.limit_files(64 * 1024)
        log.write_text("")
        for number in (2, 3):
            field.file_chain(number, 2)
        until(lambda: "batch_failed" in log.read_text() or "chore_failed" in log.read_text())
        assert field.account().lost
        assert crew.members[0].is_alive()
        crew.limit_files()
        all_is_well(field)


def test_a_full_disk_of_the_server_stops_everything_and_loses_nothing(
    tmp_path: Path, postgresql_base: str, plans: Plans
) -> None:
    log = tmp_path / "workers.log"
    with fresh_database(postgresql_base) as url, manned(url, tmp_path, plans, 2) as (field, _):
        field.file_chain(1)
        assert field.settle(30)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(STATEMENTS.encode())
            for number in (2, 3):
                field.file_chain(number, 2)
            until(lambda: "batch_failed" in log.read_text())
            assert field.account().lost
            connection.execute(b"DROP FUNCTION no_room CASCADE")
        all_is_well(field)


def test_a_database_that_ends_while_a_system_files_a_document_is_waited_for(tmp_path: Path, plans: Plans) -> None:
    """The server is stopped without a word in the midst of a delivery, and comes back."""
    calls = (("effica", "Acknowledge"), ("omni360", "/CarePlan"), ("apotti", "R4/DocumentReference"))
    with (
        running() as server,
        fresh_database(server.url("postgres")) as url,
        manned(url, tmp_path, plans, 2) as (field, _),
    ):

        def restart() -> None:
            server.stop(hard=True)
            server.start()

        for number, (system, what) in enumerate(calls):
            field.stage.watching.at(system, what, "after", restart)
            field.file_chain(number)
            until(lambda: field.stage.watching.is_over)
        all_is_well(field)


def test_a_clock_that_jumps_while_a_system_is_slow_sends_nothing_twice(tmp_path: Path, plans: Plans) -> None:
    """Whoever trusts the clock takes the worker for dead that waits for the slow system."""
    with manned(f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, plans) as (field, crew):
        field.stage.watching.at("apotti", "R4/DocumentReference", "before", lambda: None, pause=5)
        field.file_chain(1)
        until(lambda: field.stage.watching.is_over)
        for hours in range(1, 40):
            crew.move_clocks(timedelta(hours=hours))
            time.sleep(0.13)
        crew.move_clocks(timedelta())
        all_is_well(field)
        causes = [step.cause for one in field.deliveries() for step in field.opened().history(one.id)]
    assert "interrupted" not in causes


def test_a_clock_that_was_days_ahead_and_is_put_back_leaves_nothing_waiting(
    database_url: str, tmp_path: Path, plans: Plans
) -> None:
    with manned(database_url, tmp_path, plans) as (field, crew):
        crew.move_clocks(timedelta(days=30))
        field.boxes.omni360.faults.lay(Fault("answer", 503), 6)
        field.boxes.apotti.faults.lay(Fault("answer", 503), 6)
        field.boxes.effica.faults.lay(Fault("cut"), 4)
        for number in range(3):
            field.file_chain(number, 2)
        until(lambda: any(one.attempts and one.state == "pending" for one in field.deliveries()))
        crew.move_clocks(timedelta(hours=-1))
        all_is_well(field)
    assert "clock_was_put_back" in (tmp_path / "workers.log").read_text()


def test_tokens_that_expire_on_the_way_are_asked_for_anew(tmp_path: Path, plans: Plans) -> None:
    with manned(f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, plans) as (field, _):
        for number, (system, what) in enumerate((
            ("omni360", "/CarePlan"), ("omni360", "/Task"), ("omni360", "Task/_search"),
            ("apotti", "R4/DocumentReference"), ("apotti", "Encounter/_search"),
        )):  # fmt: skip
            expire = field.boxes.omni360.expire_tokens if system == "omni360" else field.boxes.apotti.expire_tokens
            field.stage.watching.at(system, what, "before", expire)
            field.file_chain(number)
            until(lambda: field.stage.watching.is_over)
        all_is_well(field)
        (delivered,) = {one.attempts for one in field.deliveries() if one.state == "delivered"}
    assert delivered == 1
