"""Hides personal identity codes in what is shown, and long encoded data that could hold them.

Every replacement has the length of what it replaces, so that columns stay where they are.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from interop.logs import without_identity_codes
from schemas.identity import IDENTITY_CODE_SYSTEM
from schemas.record import Record

__all__ = ["Mask", "encoded_hidden", "encoded_text", "mask_for"]

_DOT = "•"
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{80,}={0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mask:
    """Shows text with identity codes hidden, unless it is `open`. `codes` are those that the document itself names."""

    codes: tuple[str, ...]
    open: bool = False

    def __call__(self, text: str) -> str:
        """The text as it may be shown."""
        if self.open:
            return text
        for code in self.codes:
            text = re.sub(re.escape(code), lambda found: _DOT * len(found[0]), text, flags=re.IGNORECASE)
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


def _dots(code: str) -> str:
    return _DOT * len(code)


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
