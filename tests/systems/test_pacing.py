"""Calls keep below their rate, in the order in which they come; time stands still unless the test moves it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from interop.systems.pacing import Bucket


@dataclass
class Time:
    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


def bucket(time: Time, rate: float, burst: int = 1) -> Bucket:
    return Bucket(rate, burst, lambda: time.now, time.sleep)


def test_calls_are_evenly_spaced() -> None:
    time = Time()
    one = bucket(time, 5)
    for _ in range(6):
        one.take()
    assert time.slept == [0.2] * 5


def test_a_pause_saves_a_burst_and_no_more() -> None:
    time = Time()
    one = bucket(time, 5, burst=3)
    for _ in range(4):
        one.take()
    assert time.slept == [0.2]
    time.now += 1000
    for _ in range(4):
        one.take()
    assert time.slept == [0.2, 0.2]


def test_callers_that_come_together_wait_one_after_the_other() -> None:
    time = Time()
    waits: list[float] = []
    one = Bucket(2, 1, lambda: time.now, waits.append)
    for _ in range(4):
        one.take()
    assert waits == [0.5, 1.0, 1.5]


@pytest.mark.parametrize("rate", [0, -1])
def test_without_a_rate_nobody_waits(rate: float) -> None:
    time = Time()
    one = bucket(time, rate)
    for _ in range(1000):
        one.take()
    assert time.slept == []
