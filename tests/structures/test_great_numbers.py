"""A number that is greater than any computer word is read with all its digits, or refused by its own rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.json_text import canonical, dump, parse


@given(st.integers(-(10**98), 10**98))
def test_whole_number_comes_back_digit_for_digit(number: int) -> None:
    text = f'{{"n":{number}}}'.encode()
    value, issues = parse(text)
    assert issues == []
    assert dump(value) == canonical(value) == text


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"1" * 5000])
def test_number_beyond_every_range_is_an_issue_at_its_place(number: bytes) -> None:
    value, issues = parse(b'{"t": "\\ud83d\\ude00 1e999",\n "n": ' + number + b"}")
    assert value is None
    assert [(issue.rule.id, issue.line, issue.column) for issue in issues] == [("json_number_is_within_range", 2, 7)]
