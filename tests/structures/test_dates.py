"""Dates and instants stand in the calendar, or they do not."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dates import DATE, INSTANT, exists


@given(st.dates())
def test_every_day_exists_whole_and_in_part(day: date) -> None:
    assert exists(day.isoformat())
    assert exists(day.isoformat()[:7])
    assert exists(day.isoformat()[:4])


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))
def test_day_exists_exactly_when_the_calendar_has_it(year: int, month: int, day: int) -> None:
    try:
        date(year, month, day)
        real = True
    except ValueError:
        real = False
    assert exists(f"{year:04}-{month:02}-{day:02}") == real


@given(
    st.datetimes(),
    st.sampled_from(["", ".5", ".120", ".000000001"]),
    st.sampled_from(["Z", "+00:00", "-00:00", "+02:00", "-13:59", "+14:00"]),
)
def test_every_instant_with_an_offset_exists(moment: datetime, fraction: str, offset: str) -> None:
    text = moment.strftime("%H:%M:%S")
    assert exists(f"{moment.date().isoformat()}T{text}{fraction}{offset}")
    assert not exists(f"{moment.date().isoformat()}T{text}{fraction}")


@pytest.mark.parametrize(
    "text",
    ["", "2026-02-29", "1900-02-29", "2026-11-31", "2026-11-00", "2026-00", "2026-13", "0000", "0000-01-01",
     "-0001-01-01", "26-11-23", "2026-1-1", "20261123", "23.11.2026", "2026-11-23 ", " 2026-11-23", "2026-11-23\n",
     "2026\n", "2026-11-23T12:00", "2026-11-23T12:00:00", "2026-11T12:00:00Z", "2026-11-23T24:00:00Z",
     "2026-11-23T23:59:60Z", "2026-11-23T12:00:00+14:01", "2026-11-23T12:00:00.Z", "2026-02-30T12:00:00Z",
     "\u0662\u0660\u0662\u0666"],
)  # fmt: skip
def test_what_is_no_date_does_not_exist(text: str) -> None:
    assert not exists(text)


@given(st.text() | st.from_regex(INSTANT))
def test_any_text_is_judged(text: str) -> None:
    assert exists(text) in (True, False)


@given(st.from_regex(DATE, fullmatch=True))
def test_every_date_has_the_form_of_an_instant(text: str) -> None:
    assert re.fullmatch(INSTANT, text)
