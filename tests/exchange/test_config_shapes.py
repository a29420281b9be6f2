"""Whatever shape a settings file has, at whatever level, it is settings or a list of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop.config import CLIENT_SETTINGS, SETTINGS, SYSTEM_SETTINGS, parse, receivers
from interop.errors import Invalid
from tests.exchange.test_config import ENVIRONMENT

VALUES = (
    "0", "-1", "1", "9" * 18, "1.5", "nan", "inf", "true", '""', '" "', '"x"', '"\\u0000"', f'"{"x" * 5000}"', '"ä\\n"',
    "[]", "[1]", '[""]', '["x"]', "[[]]", "[{}]", "{}", "{ x = 1 }", "{ x = { x = 1 } }", "2026-11-26", "12:00:00",
    "2026-11-26T12:00:00Z", '"http://["', '"http://:80"', '"http://a:x"', '"http://a:99999999"', '"sftp://"',
    '"file://a/b"', '"file:///"', '"http://a\\u0000b"', '"1.2.3"', '"a:b"', '"127.0.0.1:99999999999999"',
)  # fmt: skip
"""Values of every type that TOML has, and texts that are nearly right."""

WHOLE = {
    "systems": '[systems.x]\nkind = "effica"\nurl = "https://a.example"\n',
    "clients": '[clients.x]\njwks_url = "https://a.example/keys"\n',
    "": "",
}
NAMES = [
    # What the environment gives as well is not read from the file.
    *(("", one.name) for one in SETTINGS if one.name and one.variable not in ENVIRONMENT),
    *(("systems", one.name) for one in SYSTEM_SETTINGS if one.name),
    *(("clients", one.name) for one in CLIENT_SETTINGS if one.name),
]


def mistakes(text: str) -> str:
    """What is said of a settings text; empty when it can be used."""
    try:
        parse(text, ENVIRONMENT)
    except Invalid as error:
        return str(error)
    return ""


def with_value(section: str, name: str, value: str) -> str:
    if not section:
        table, _, key = name.partition(".")
        return f"[{table}]\n{key} = {value}\n"
    kept = [line for line in WHOLE[section].splitlines() if not line.startswith(f"{name} =")]
    return "\n".join([*kept, f"{name} = {value}", ""])


@pytest.mark.parametrize(("section", "name"), NAMES, ids=lambda one: one or "top")
def test_a_value_of_any_type_is_used_or_named(section: str, name: str) -> None:
    called = f"{section}.x.{name}" if section else name
    told = [mistakes(with_value(section, name, value)) for value in VALUES]
    assert sum(called in one for one in told) > len(VALUES) / 2
    assert all(called.rpartition(".")[0] in one for one in told if one)
    assert not any("x" * 30 in one for one in told)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "place", ["systems", "systems.x", "clients", "clients.x", *sorted({n.partition(".")[0] for s, n in NAMES if not s})]
)
def test_a_table_that_is_none_is_named(tmp_path: Path, place: str, value: str) -> None:
    text = f"{place} = {value}\n"
    said = mistakes(text)
    is_empty_table = value == "{}" and "." not in place
    assert is_empty_table or f"- {place.partition('.')[0]}" in said
    path = tmp_path / "interop.toml"
    path.write_text(text, "utf-8")
    if not place.startswith("systems") or is_empty_table:
        assert receivers(path) == {}
    elif (value.startswith("{") and place == "systems.x") or value == "{ x = { x = 1 } }":
        assert list(receivers(path)) == ["x"]
    else:
        with pytest.raises(Invalid, match="- systems: expected one table for each system"):
            receivers(path)


SHAPES = (
        "[[systems]]\nx = 1", "[[systems.x]]\nkind = 1", "[systems]\nx = []", '[systems."A b"]\n', '[systems.""]',
        "[[exchange]]\nfirst_retry = 1", "[[clients]]", '["exchange.first_retry"]\nx = 1',
    "[exchange.first_retry]\nx = 1",
        "a = " + "[" * 5000, "a = " + "9" * 5000, "a = 2026-02-31", "a = 99:00:00", "a.b.c.d = 1",
    "a = 1\na = 2", "\x00", "a" * 100_000,
)  # fmt: skip


@pytest.mark.parametrize("text", SHAPES, ids=range(len(SHAPES)))
def test_a_file_of_another_shape_is_one_mistake_or_more(tmp_path: Path, text: str) -> None:
    assert mistakes(text).startswith("The settings ")
    path = tmp_path / "interop.toml"
    path.write_text(text, "utf-8")
    try:
        found = receivers(path)
    except Invalid:
        found = {}
    assert found == {}


@given(st.text(st.sampled_from("[]{}=\"'.,#\n 01axé-_:systemclint\\"), max_size=60))
def test_any_text_is_settings_or_mistakes(text: str) -> None:
    said = mistakes(text)
    assert said == "" or said.startswith("The settings ")
