"""The themes of a text: what a goal or a passage of work is about, by declared beginnings of words in `themes.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from schemas.issues import Language
from schemas.site import resource

__all__ = ["theme_name", "themes_of"]

_WORD = re.compile(r"[^\W\d_][\w-]*")


def themes_of(text: str, language: str) -> frozenset[str]:
    """The themes that words of the text show. In: `language` sv goes by the Swedish words, any other by the Finnish."""
    words = tuple(word.lower() for word in _WORD.findall(text))
    stems = _stems("sv" if language == "sv" else "fi")
    return frozenset(theme for theme, begins in stems.items() if any(word.startswith(begins) for word in words))


def theme_name(theme: str, language: Language) -> str:
    """What people call the theme. Raises: KeyError."""
    name: str = _declared()[theme]["name"][language]
    return name


@cache
def _stems(language: str) -> Mapping[str, tuple[str, ...]]:
    return {theme: tuple(told[language]) for theme, told in _declared().items()}


@cache
def _declared() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(resource("mappings", "themes.toml").read_text("utf-8"))
