"""Templates and what they may use. Every value is escaped, and a name that is not there is a fault, not a blank."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from interop.console.words import duration, moment, number, said
from interop.exchange import cause_in_words
from schemas.issues import LANGUAGES, Language

__all__ = ["asset_version", "rendered"]

_BREAKS = re.compile(r"([/._]|\[\])(?=[^/._\[\]<])")
"""Where a path or a name may be parted: after a mark that joins two words. No HTML entity holds one."""


class _Escaped(str):
    """Text that has been escaped already: Jinja2 asks for `__html__`, and leaves it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def rendered(template: str, language: Language, shown: Mapping[str, Any]) -> str:
    """The markup that a template makes of what is shown."""
    return _environment(language).get_template(template).render(shown)


@cache
def asset_version(name: str) -> str:
    """What changes whenever an asset does: it stands in the asset's address, so that browsers may keep the asset."""
    return sha256(files("interop.console").joinpath("assets", name).read_bytes()).hexdigest()[:12]


@cache
def _environment(language: Language) -> Environment:
    made = Environment(
        loader=PackageLoader("interop.console"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.globals |= {
        "t": partial(_said, language), "language": language, "languages": LANGUAGES, "version": asset_version,
        "cause": partial(_cause, language), "named": partial(_named, language),
    }  # fmt: skip
    made.filters |= {
        "moment": partial(_moment, language), "clock": partial(_clock, language),
        "duration": partial(_duration, language), "seconds": partial(_seconds, language), "number": number,
        "breakable": _breakable,
    }  # fmt: skip
    return made


def _breakable(place: str) -> _Escaped:
    """A path or a name that may be parted between its words, where a line is too short for it."""
    return _Escaped(_BREAKS.sub(r"\1<wbr>", escape(place)))


def _said(language: Language, name: str, **slots: object) -> str:
    return said(name, language, **slots)


def _moment(language: Language, at: datetime) -> str:
    return moment(at, language)


def _clock(language: Language, at: datetime) -> str:
    return moment(at, language, seconds=True)


def _duration(language: Language, span: timedelta) -> str:
    return duration(span, language)


def _seconds(language: Language, span: int) -> str:
    return duration(timedelta(seconds=span), language)


def _cause(language: Language, name: str) -> str:
    """A stored cause in words; one that this program does not know is shown as it is."""
    try:
        return cause_in_words(name, language)
    except KeyError:
        return name


def _named(language: Language, labels: Mapping[str, str]) -> tuple[str, str]:
    """A name that THL gives in Finnish and Swedish, and the language that it is in."""
    known = language if labels.get(language) else "fi" if labels.get("fi") else next(iter(labels), "fi")
    return labels.get(known, ""), known
