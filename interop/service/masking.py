"""Hides personal identity codes in what is shown, and long encoded data that could hold them.

Every replacement has the length of what it replaces and its line breaks, so that lines and columns stay where they are.
"""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from interop.logs import without_identity_codes
from schemas.identity import IDENTITY_CODE_SYSTEM
from schemas.record import Record

__all__ = ["Mask", "encoded_hidden", "encoded_text", "mask_for"]

_DOT = "•"
_SIGN = re.compile(
    r"&#0*(?P<decimal>[1-9]\d{0,6});|&#x0*(?P<hexadecimal>[1-9a-f][0-9a-f]{0,5});|\\u(?P<escape>[0-9a-f]{4})|.",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_MARKS = ("&#", "\\u", "\\U")
_GAP = r"(?:<!--.{0,200}?-->|<!\[CDATA\[|\]\]>|<\?.{0,200}?\?>)*"
"""What may stand between two signs of one text in XML, and is no part of it. Bounded, so that no text takes long."""
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{80,}={0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mask:
    """Shows text with identity codes hidden, unless it is `open`. `codes` are those that the document itself names."""

    codes: tuple[str, ...]
    open: bool = False

    def __call__(self, text: str) -> str:
        """The text as it may be shown, also where signs of a code are written as references or escapes."""
        if self.open:
            return text
        if not any(mark in text for mark in _MARKS):
            return self._hidden(text)
        signs = _signs(text)
        plain = "".join(sign for sign, _ in signs)
        return "".join(
            written if shown == sign else _DOT * len(written)
            for (sign, written), shown in zip(signs, self._hidden(plain), strict=True)
        )

    def _hidden(self, text: str) -> str:
        for code in self.codes:
            text = re.sub(_GAP.join(map(re.escape, code)), _dotted, text, flags=re.IGNORECASE | re.DOTALL)
        return without_identity_codes(text, _dots)

    def hides(self, text: str) -> bool:
        """True when the text is shown in another form than it has."""
        return self(text) != text


def mask_for(record: Record | None, *, opened: bool = False) -> Mask:
    """The mask for a document."""
    codes = () if record is None else tuple(dict.fromkeys(_codes([record.envelope, record.content])))
    return Mask(codes, opened)


def encoded_hidden(text: str) -> str:
    """The text with every long run of encoded data shown as dots: nobody reads it, and it may hold what is masked."""
    return _ENCODED.sub(lambda found: "·" * len(found[0]), text)


def encoded_text(line: str) -> str:
    """The text that a line holds in Base64, empty when it holds none."""
    found = _ENCODED.search(line)
    try:
        return base64.b64decode(found[0], validate=True).decode() if found else ""
    except ValueError:
        return ""


def _signs(text: str) -> Sequence[tuple[str, str]]:
    """Each sign of a text, with how it is written: 1 may be `&#49;`, or `&#x31;`, or an escape with `u` in JSON."""
    return [(_sign(found), found[0]) for found in _SIGN.finditer(text)]


def _sign(found: re.Match[str]) -> str:
    decimal, hexadecimal, escape = found["decimal"], found["hexadecimal"], found["escape"]
    number = int(decimal) if decimal else int(hexadecimal or escape or "0", 16)
    return chr(number) if 0 < number <= sys.maxunicode else found[0][0]


def _dotted(found: re.Match[str]) -> str:
    return _dots(found[0])


def _dots(code: str) -> str:
    return re.sub(r"[^\n]", _DOT, code)


def _codes(value: Any) -> Iterator[str]:
    """Every identity code in a document's data: the identifiers of that system, wherever they stand."""
    if isinstance(value, dict):
        if value.get("system") == IDENTITY_CODE_SYSTEM and isinstance(value.get("value"), str) and value["value"]:
            yield value["value"]
        for inner in value.values():
            yield from _codes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _codes(inner)
