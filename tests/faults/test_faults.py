"""Short runs with real processes, sockets and databases; `interop-faults` does long ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.faults.crew import Crew
from interop.faults.field import field_of
from interop.faults.plans import Plans
from interop.faults.run import Plan, run
from interop.faults.troubles import TROUBLES
from schemas.record import Record
from tests.store.postgresql import fresh_database, running


def test_one_worker_in_all_kinds_of_trouble_loses_and_repeats_nothing(tmp_path: Path, example: Record) -> None:
    outcome = run(Plan(8, seed=11, goes=8), f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, example)
    assert outcome.settled, outcome.told()
    assert outcome.account.is_clean, outcome.told()
    assert outcome.account.expected > 0
    assert outcome.happened.keys() == TROUBLES.keys() - {"restart of the database"}


def test_two_workers_in_all_kinds_of_trouble_lose_and_repeat_nothing(tmp_path: Path, example: Record) -> None:
    with running() as server, fresh_database(server.url("postgres")) as url:
        outcome = run(Plan(8, seed=12, workers=2, goes=8), url, tmp_path, example, server)
    assert outcome.settled, outcome.told()
    assert outcome.account.is_clean, outcome.told()
    assert outcome.happened.keys() == TROUBLES.keys()


def test_two_workers_share_the_work(tmp_path: Path, new_postgresql: str, plans: Plans) -> None:
    with field_of(new_postgresql, tmp_path, plans) as field:
        crew = Crew(field.stage.settings, tmp_path / "log")
        crew.start()
        crew.start()
        try:
            shared, number = False, 0
            while not shared and number < 60:
                number += 6
                for one in range(number - 6, number):
                    field.file_chain(one)
                assert field.settle(60)
                shared = len({one.worker for one in field.deliveries() if one.worker}) == 2
        finally:
            crew.end()
        assert shared
        assert field.account().is_clean


def test_the_count_sees_what_is_missing_and_what_is_double(tmp_path: Path, plans: Plans) -> None:
    with field_of(f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, plans) as field:
        field.file_chain(1)
        field.file_chain(2, secret=True)
        nothing = field.account()
        assert (len(nothing.lost), nothing.unanswered) == (3, 2)
        crew = Crew(field.stage.settings, tmp_path / "log")
        crew.start()
        try:
            assert field.settle(30)
        finally:
            crew.end()
        assert field.account().is_clean
        assert field.account().held == 2
        for kind in ("CarePlan", "Task"):
            (one,) = field.boxes.omni360.held(kind)
            field.boxes.omni360._stored({k: v for k, v in one.items() if k != "id"})
        field.boxes.foreign.received["1.2:1"] = b""
        again = field.account()
        assert (len(again.duplicated), len(again.leaked)) == (2, 1)
        assert not again.is_clean


@pytest.fixture
def new_postgresql(postgresql_base: str) -> Iterator[str]:
    with fresh_database(postgresql_base) as url:
        yield url
