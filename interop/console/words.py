"""The words of the console in three languages, from `words.toml`; numbers and times as each language writes them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.issues import LANGUAGES, Language

__all__ = ["catalogue", "chosen", "duration", "moment", "number", "said"]

_CLOCKS: Mapping[Language, str] = {
    "fi": "{0.day}.{0.month}.{0.year} klo {0:%H.%M}",
    "sv": "{0.day}.{0.month}.{0.year} kl. {0:%H.%M}",
    "en": "{0:%Y-%m-%d %H:%M}",
}
_UNITS: Mapping[Language, tuple[str, str, str, str]] = {
    "fi": ("s", "min", "h", "pv"),
    "sv": ("s", "min", "h", "d"),
    "en": ("s", "min", "h", "d"),
}
_THIN = "\u202f"


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every text by its dotted name, in each language."""
    return dict(_flat("", tomllib.loads(files("interop.console").joinpath("words.toml").read_text("utf-8"))))


def said(name: str, language: Language, **slots: object) -> str:
    """One text in a language, its slots filled. Raises: KeyError for a name that the catalogue does not have."""
    text = catalogue()[name][language]
    return text.format_map(slots) if slots else text


def chosen(asked: str, kept: str, accepted: str) -> Language:
    """The language of a page: the one asked for, else the one kept from before, else what the browser accepts."""
    wanted = [asked, kept, *_by_preference(accepted)]
    return next((language for word in wanted for language in LANGUAGES if word == language), "fi")


def moment(at: datetime, language: Language, *, seconds: bool = False) -> str:
    """A time as Finland's clocks show it."""
    local = at.astimezone(_finland())
    text = _CLOCKS[language].format(local)
    return f"{text}{local:.%S}" if seconds and language != "en" else f"{text}{local::%S}" if seconds else text


def duration(span: timedelta, language: Language) -> str:
    """A span of time in its two largest units."""
    total = max(0, int(span.total_seconds()))
    names = _UNITS[language]
    parts = zip((total % 60, total // 60 % 60, total // 3600 % 24, total // 86_400), names, strict=True)
    told = [f"{count} {name}" for count, name in parts if count][::-1]
    return " ".join(told[:2]) or f"0 {names[0]}"


def number(value: int) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}".replace(",", _THIN)


def _flat(above: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, value in table.items():
        if all(isinstance(inner, str) for inner in value.values()):
            yield above + name, value
        else:
            yield from _flat(f"{above}{name}.", value)


def _by_preference(accepted: str) -> list[str]:
    """The languages of an Accept-Language header, the best liked first. Source: RFC 9110 §12.5.4."""
    liked: list[tuple[float, str]] = []
    for entry in accepted.split(",")[:20]:
        tag, _, weight = entry.strip().partition(";q=")
        try:
            liked.append((-float(weight or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(liked, key=lambda one: one[0]) if weight < 0]


@cache
def _finland() -> tzinfo:
    """Finland's own time; UTC on a machine that does not know the zones."""
    try:
        return ZoneInfo("Europe/Helsinki")
    except ZoneInfoNotFoundError:
        return UTC
