"""The text that the fonts on paper can show, made from any text.

Source: Unicode 15, UAX #15 (normalisation), UAX #44 (general categories); ISO 19005-2:2011 §6.2.11.4 (fonts).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

__all__ = ["glyphs", "on_paper"]

_REPLACEMENT = "\ufffd"
_BREAKS = re.compile("\r\n?|[\u0085\u2028\u2029]")
_LONG_RUN = re.compile(r"\S{41,}")
_PIECE = 30
_ZERO_WIDTH_SPACE = "\u200b"


@cache
def glyphs() -> frozenset[str]:
    """Every character that the fonts show."""
    text = files("interop.printing").joinpath("glyphs.txt").read_text("ascii")
    shown: set[str] = set()
    for part in " ".join(line for line in text.splitlines() if not line.startswith("#")).split():
        first, _, last = part.partition("-")
        shown.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return frozenset(shown)


def on_paper(text: str) -> tuple[str, bool]:
    """The text with the sign � for every character that the fonts lack, and whether there was one.

    A run without spaces may break after every 30 characters, so that it stays on the paper.
    Loses: invisible format characters, which would show nothing.
    """
    text = unicodedata.normalize("NFC", _BREAKS.sub("\n", text)).replace("\t", " ")
    missing = {character for character in set(text) if character != "\n" and character not in glyphs()}
    invisible = {character for character in missing if unicodedata.category(character) == "Cf"}
    if missing:
        text = text.translate({ord(c): None if c in invisible else _REPLACEMENT for c in missing})
    return _LONG_RUN.sub(_with_breaks, text), bool(missing - invisible)


def _with_breaks(run: re.Match[str]) -> str:
    word = run[0]
    return _ZERO_WIDTH_SPACE.join(word[at : at + _PIECE] for at in range(0, len(word), _PIECE))
