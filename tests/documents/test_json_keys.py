"""A key that stands twice is found however it is written, and no text is taken for a key."""

from __future__ import annotations

import pytest

from schemas.json_text import parse

_TWICE = (
    b'{"a":1,"a":2}',
    b'{"a" :1,"a": 2}',
    b'{"a":":x","a":2}',
    b'{"a":{"b":1,"b":":"}}',
    b'{"a":[":"],"b":1,"b":1}',
    b'{"a":1,"\\u0061":2}',
    b'{"\\u0022:":1,"\\":":1}',
)
_ONCE = (b'{"a":"\\":","b":1}', b'{"a":"x :y","b":1}', b'{"\\u0022:":1,"a":1}', b'[{"a":1},{"a":1}]', b'{"a":":"}')


@pytest.mark.parametrize("data", _TWICE)
def test_a_key_that_stands_twice_is_found(data: bytes) -> None:
    value, issues = parse(data)
    assert value is None
    assert [issue.rule.id for issue in issues] == ["json_keys_are_unique"]


@pytest.mark.parametrize("data", _ONCE)
def test_a_text_is_not_taken_for_a_key(data: bytes) -> None:
    assert not parse(data)[1]


def test_digits_that_a_float_would_change_are_kept() -> None:
    value, _ = parse(b'{"a":1.10,"b":[12345678901234567890123,-0.0],"c":7}')
    assert [str(one) for one in (value["a"], *value["b"], value["c"])] == [
        "1.10",
        "12345678901234567890123",
        "-0.0",
        "7",
    ]
