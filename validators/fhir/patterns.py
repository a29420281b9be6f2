"""Regular expressions of definitions and questionnaires, run in time that grows with the text alone.

They are strangers' patterns: tried one way after another, as Python does it, `^(a+)+$` takes for ever on a short text.
RE2 follows all ways at once; what it cannot follow so, look-around and back-references, is not judged.
Source: FHIRPath N1 2.0.0, https://hl7.org/fhirpath/N1/#matchesregex-string-boolean; https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

__all__ = ["finds", "follows", "replaced"]


def finds(pattern: str, text: str) -> bool | None:
    """True when a part of the text follows the pattern; None for a pattern that cannot be judged."""
    compiled = _compiled(pattern)
    return None if compiled is None or not _is_sound(text) else compiled.search(text) is not None


def follows(pattern: str, text: str) -> bool | None:
    """True when the whole text follows the pattern; None for a pattern that cannot be judged."""
    compiled = _compiled(pattern)
    return None if compiled is None or not _is_sound(text) else compiled.fullmatch(text) is not None


def replaced(pattern: str, instead: str, text: str) -> str | None:
    """The text with what follows the pattern replaced, `$1` by its first group; None when it cannot be judged."""
    compiled = _compiled(pattern)
    if compiled is None or not _is_sound(text) or not _is_sound(instead):
        return None

    def filled(match: Any) -> str:
        return str(_GROUP.sub(lambda group: match[int(group[1])] or "", instead))

    try:
        return str(compiled.sub(filled, text))
    except IndexError:  # a group that the pattern does not have
        return None


def _options() -> Any:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False  # they would quote the pattern on standard error
    return options


_GROUP = re2.compile(r"\$(\d)")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    try:
        return re2.compile(pattern, _options()) if _is_sound(pattern) else None
    except re2.error:
        return None


def _is_sound(text: str) -> bool:
    """False for half a pair of surrogates, which UTF-8 does not know."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)
