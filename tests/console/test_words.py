from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest

import interop.console
from interop.console.words import catalogue, chosen, duration, moment, number, said
from interop.store import STATES, WHATS
from schemas.issues import LANGUAGES, LAYERS, SEVERITIES

CONSOLE = Path(str(interop.console.__file__)).parent
SOURCES = "\n".join(path.read_text("utf-8") for path in sorted(CONSOLE.rglob("*")) if path.suffix in (".html", ".py"))


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_each_text_is_there_in_every_language(name: str) -> None:
    texts = catalogue()[name]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() == text and text for text in texts.values())
    assert len({frozenset(slots(text)) for text in texts.values()}) == 1


def test_each_text_that_is_named_whole_is_in_the_catalogue() -> None:
    named = set(re.findall(r"""\b(?:t|say)\(f?['"]([a-z_.]+[a-z])['"]""", SOURCES))
    assert named
    assert named <= set(catalogue())


def test_each_text_is_used() -> None:
    unused = [
        name
        for name in catalogue()
        if f'"{name}"' not in SOURCES
        and f"'{name}'" not in SOURCES
        and not re.search(rf"""["']{re.escape(name.rpartition(".")[0])}\.(["']|\{{)""", SOURCES)
        and not re.search(rf"""["']{re.escape(re.sub(r"_[a-z]+$", "_", name))}["']""", SOURCES)
    ]
    assert not unused


def test_what_is_put_together_is_in_the_catalogue() -> None:
    for name in [f"state.{one}" for one in STATES] + [f"severity.{one}" for one in SEVERITIES]:
        assert name in catalogue()
    assert all(f"audit.what.{what}" in catalogue() for what in WHATS)
    assert all(f"findings.layer.{layer}" in catalogue() for layer in LAYERS)


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "language"),
    [
        ("sv", "en", "fi", "sv"),
        ("", "en", "fi", "en"),
        ("xx", "", "de, sv;q=0.5, en;q=0.8", "en"),
        ("", "", "sv-FI,sv;q=0.9", "sv"),
        ("", "", "de;q=1, en;q=0, x;q=y", "fi"),
        ("", "", "", "fi"),
    ],
)
def test_the_language_is_the_one_asked_for_or_kept_or_liked(
    asked: str, kept: str, accepted: str, language: str
) -> None:
    assert chosen(asked, kept, accepted) == language


def test_times_and_numbers_are_written_as_each_language_writes_them() -> None:
    at = datetime(2026, 7, 1, 21, 5, 9, tzinfo=UTC)
    assert [moment(at, one) for one in LANGUAGES] == ["2.7.2026 klo 00.05", "2.7.2026 kl. 00.05", "2026-07-02 00:05"]
    assert moment(at, "fi", seconds=True) == "2.7.2026 klo 00.05.09"
    assert moment(at, "en", seconds=True) == "2026-07-02 00:05:09"
    assert duration(timedelta(days=2, hours=3, minutes=4), "fi") == "2 pv 3 h"
    assert duration(timedelta(milliseconds=5), "en") == "0 s"
    assert number(1234567) == "1\u202f234\u202f567"
    assert said("delivery.title", "en", id=3) == "Delivery 3"
