"""Short runs with real processes, sockets and databases; `python -m tests.faults` does long ones."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.store import KeyRing, Store
from tests.faults.chaos import Phase
from tests.faults.crew import Crew
from tests.faults.field import KEYS, Field, field_of
from tests.faults.run import Plan, run
from tests.store.postgresql import fresh_database, running


def test_one_worker_that_is_killed_again_and_again_loses_and_repeats_nothing(tmp_path: Path) -> None:
    outcome = run(Plan(5, seed=11, kill_every=0.8), f"sqlite:///{tmp_path / 'interop.db'}", tmp_path)
    assert outcome.settled, outcome.told()
    assert outcome.account.is_clean, outcome.told()
    assert outcome.kills >= 3
    assert outcome.account.expected > 0


def test_two_workers_survive_kills_and_a_restart_of_the_database(tmp_path: Path) -> None:
    with running() as server, fresh_database(server.url("postgres")) as url:
        outcome = run(Plan(5, seed=12, workers=2, kill_every=0.8, restarts=1), url, tmp_path, server)
    assert outcome.settled, outcome.told()
    assert outcome.account.is_clean, outcome.told()
    assert outcome.kills >= 3


def test_two_workers_share_the_work(tmp_path: Path, new_postgresql: str) -> None:
    with field_of(new_postgresql, tmp_path, 6, 0.0) as field:
        crew = Crew(field.settings, tmp_path / "log")
        crew.start()
        crew.start()
        try:
            shared, number = False, 0
            while not shared and number < 60:
                number += 6
                for one in range(number - 6, number):
                    field.file_chain(one, 1)
                assert field.settle(60)
                shared = len({one.worker for one in field.deliveries() if one.worker}) == 2
        finally:
            crew.end()
        assert shared
        assert field.account().is_clean


def test_the_count_sees_what_is_missing_and_what_is_double(tmp_path: Path) -> None:
    with field_of(f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, 1, 0.0) as field:
        field.file_chain(1, 1)
        field.file_chain(2, 1, secret=True)
        nothing = field.account()
        assert (len(nothing.lost), nothing.unanswered) == (3, 2)
        crew = Crew(field.settings, tmp_path / "log")
        crew.start()
        try:
            assert field.settle(30)
        finally:
            crew.end()
        assert field.account().is_clean
        assert field.account().held == 2
        for kind in ("CarePlan", "Task"):
            (one,) = field.boxes[1].held(kind)
            field.boxes[1]._stored({k: v for k, v in one.items() if k != "id"})
        field.boxes[3].received["1.2:1"] = b""
        again = field.account()
        assert (len(again.duplicated), len(again.leaked)) == (2, 1)
        assert not again.is_clean


@pytest.fixture
def new_postgresql(postgresql_base: str) -> Iterator[str]:
    with fresh_database(postgresql_base) as url:
        yield url


def killed_at(field: Field, crew: Crew, number: int, call: int, phase: Phase) -> bool:
    """Whether a worker that takes one plan from the start was killed at that call."""
    process = crew.start()

    def kill() -> None:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)

    field.watching.at(call, phase, kill)
    field.file_chain(number, 1)
    until, look = time.monotonic() + 20, 0
    while time.monotonic() < until and not field.watching.is_over:
        time.sleep(0.02)
        look += 1
        if look % 25 == 0 and field.settle(0.01):
            break
    killed = field.watching.is_over
    if killed:
        process.join(10)
    crew.kill()
    return killed


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_worker_killed_at_any_call_leaves_nothing_lost_or_double(
    tmp_path: Path, phase: Phase, thorough: bool
) -> None:
    url = f"sqlite:///{tmp_path / 'interop.db'}"
    with field_of(url, tmp_path, 5, 0.0) as field:
        crew = Crew(field.settings, tmp_path / "log")
        kills = 0
        try:
            for call in range(1 if thorough else 3 + 4 * (phase == "after"), 60, 1 if thorough else 8):
                if not killed_at(field, crew, 100 + call, call, phase):
                    break
                kills += 1
            crew.start()
            assert field.settle(60)
        finally:
            crew.end()
        account = field.account()
        assert account.is_clean, account
    assert kills > (20 if thorough else 1)
    store = Store(url, KeyRing("k", KEYS))
    causes = [step.cause for one in store.deliveries() for step in store.history(one.id)]
    assert "interrupted" in causes
    store.close()
