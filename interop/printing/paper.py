"""Typesets a sheet with typst. The layout is `sheet.typ`; the sheet reaches it as JSON, never as markup.

Source: ISO 19005-2:2011 (PDF/A-2a), ISO 14289-1:2014 (PDF/UA-1); https://typst.app/docs/reference/pdf/
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
import typst

from interop.errors import Fault
from interop.printing.glyphs import on_paper
from mappings.kanta.rules import KANTA_RULES
from mappings.sheet import Part, Sheet, words_of
from schemas.issues import Issue

__all__ = ["MOST_CHARACTERS", "MOST_LINES", "Printed", "count_pages", "print_sheet"]

MOST_LINES = 12_000
MOST_CHARACTERS = 500_000
"""How much is put on paper: some three hundred pages, which take two seconds. More is for a screen, not for paper."""

_STANDARDS: list[Any] = ["a-2a", "ua-1"]
_TOGETHER = 12
"""A group that takes up to so many lines is kept on one page."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF, or None with the issue that says why there is none. Other issues tell what the PDF cannot show."""

    pdf: bytes | None
    issues: list[Issue] = field(default_factory=list)


def print_sheet(sheet: Sheet, made: datetime) -> Printed:
    """The sheet as PDF/A-2a and PDF/UA-1. The same sheet and time give the same bytes.

    In: `made` is the time that the file says it was made. Issues: sheet_fits_on_paper, character_can_be_printed
    Raises: Fault.
    """
    texts = [text for part in sheet for text in (part.label, *part.values)] + [text for _, text in sheet.facts]
    lines = sum(1 + text.count("\n") + text.count("\r") for text in texts)
    if lines > MOST_LINES or sum(map(len, texts)) > MOST_CHARACTERS:
        rule = KANTA_RULES["sheet_fits_on_paper"]
        return Printed(None, [rule.at("/content", lines=str(MOST_LINES), characters=str(MOST_CHARACTERS))])
    issues: list[Issue] = []
    data = orjson.dumps(_sheet(sheet, issues))
    return Printed(_typeset(data.decode(), made.replace(microsecond=0)), issues)


def count_pages(sheet: Sheet) -> int:
    """How many pages the sheet takes on paper. In: a sheet that fits on paper. Raises: Fault."""
    with _translated():
        pages = _compiler(orjson.dumps(_sheet(sheet, [])).decode()).compile(format="svg")
    return len(pages) if isinstance(pages, list) else 1


def _sheet(sheet: Sheet, issues: list[Issue]) -> dict[str, Any]:
    """The data that the layout reads."""
    show = _shower(issues, "/envelope")
    words = {key: word for key, word in words_of(sheet.language).items() if isinstance(word, str)}
    return {
        "language": sheet.language,
        "written_in": sheet.written_in,
        "title": show(sheet.title),
        "intro": sheet.intro,
        "note": sheet.note,
        "facts": [[label, show(value)] for label, value in sheet.facts],
        "words": words,
        "parts": [_part(part, issues) for part in sheet.parts],
    }


def _part(part: Part, issues: list[Issue]) -> dict[str, Any]:
    show = _shower(issues, f"/content{part.path}")
    return {
        "kind": part.kind,
        "label": show(part.label),
        "values": [show(value) for value in part.values],
        "choices": [show(choice) for choice in part.choices],
        "size": part.size,
        "together": part.kind == "group" and _height(part) <= _TOGETHER,
        "parts": [_part(inner, issues) for inner in part.parts],
    }


def _height(part: Part) -> float:
    """About how many lines a part takes, and no end of them for one whose height is hard to tell."""
    if part.kind == "group":
        return 1 + sum(map(_height, part.parts))
    if part.kind == "value":
        return sum(1 + value.count("\n") + len(value) / 70 for value in part.values)
    return 1 + 1.5 * part.size + len(part.choices) if len(part.choices) <= _TOGETHER else math.inf


def _shower(issues: list[Issue], path: str) -> Callable[[str], str]:
    """What makes the texts of one place fit for paper, and notes once that one does not fit."""
    noted = False

    def show(text: str) -> str:
        nonlocal noted
        shown, lacks = on_paper(text)
        if lacks and not noted:
            noted = True
            issues.append(KANTA_RULES["character_can_be_printed"].at(path))
        return shown

    return show


def _typeset(data: str, made: datetime) -> bytes:
    with _translated():
        pdf = _compiler(data).compile(format="pdf", pdf_standards=_STANDARDS, timestamp=made)
    if not isinstance(pdf, bytes):
        raise Fault("The typesetting library gave no PDF.")
    return pdf


def _compiler(data: str) -> typst.Compiler:
    layout = files("interop.printing").joinpath("sheet.typ").read_bytes()
    return typst.Compiler(layout, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"sheet": data})


@contextmanager
def _translated() -> Iterator[None]:
    """The one seam where the library's errors become ours. What it says is never passed on: it quotes the document."""
    try:
        yield
    except typst.TypstError:
        raise Fault("The sheet could not be typeset: its layout and the installed typst do not agree.") from None
    except BaseException as error:
        # A panic of the library is no Exception, and its text quotes the document.
        if type(error).__name__ != "PanicException":
            raise
        raise Fault("The sheet could not be typeset: the typesetting library broke off.") from None


@cache
def _fonts() -> typst.Fonts:
    """The fonts that stand in typst itself, so that a sheet looks the same on every machine."""
    return typst.Fonts(include_system_fonts=False)
