"""Reads the text of a PDF's pages as a copying reader does: through the ToUnicode map of each font."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pikepdf

__all__ = ["pages_of", "text_of"]

_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_CHAR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")


def text_of(pdf: bytes, password: str = "") -> str:
    """The text of all pages, with no white space but single spaces, and without signs that are not seen."""
    return " ".join(pages_of(pdf, password))


def pages_of(pdf: bytes, password: str = "") -> list[str]:
    """The text of each page."""
    with pikepdf.open(BytesIO(pdf), password=password) as document:
        return [_page(page) for page in document.pages]


def _page(page: Any) -> str:
    fonts = {str(name): _unicode_of(font) for name, font in page.Resources.Font.items()}
    pieces: list[str] = []
    current: Mapping[int, str] = {}
    for instruction in pikepdf.parse_content_stream(page):
        operands: Any = instruction.operands
        match str(instruction.operator):
            case "Tf":
                current = fonts[str(operands[0])]
            case "Tm" | "Td" | "T*" | "BT":
                pieces.append(" ")
            case "Tj":
                pieces.append(_shown(bytes(operands[0]), current))
            case "TJ":
                pieces += [_shown(bytes(part), current) for part in operands[0] if isinstance(part, pikepdf.String)]
    return re.sub(r"\s+", " ", "".join(pieces).replace("\u200b", "").replace("\u00ad", "")).strip()


def _shown(codes: bytes, font: Mapping[int, str]) -> str:
    return "".join(font.get(int.from_bytes(codes[at : at + 2]), "?") for at in range(0, len(codes), 2))


def _unicode_of(font: Any) -> Mapping[int, str]:
    """The text that each glyph code stands for."""
    text = font.ToUnicode.read_bytes()
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", text, re.DOTALL):
        found |= {int(code, 16): _decoded(to) for code, to in _CHAR.findall(block)}
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", text, re.DOTALL):
        for first, last, to in _RANGE.findall(block):
            start = ord(_decoded(to))
            found |= {int(first, 16) + n: chr(start + n) for n in range(int(last, 16) - int(first, 16) + 1)}
    return found


def _decoded(text: bytes) -> str:
    return bytes.fromhex(text.decode()).decode("utf-16-be")
