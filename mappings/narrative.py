"""The human part of FHIR resources: XHTML narrative made from the outline of a document.

Source: FHIR R4 4.0.1, Narrative.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from mappings.outline import Line, outline
from schemas.record import Record
from schemas.structures import Field, Structure

__all__ = ["narrative", "sections"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def narrative(lines: Iterable[Line]) -> dict[str, str]:
    """A Narrative of the lines: a list of names and values."""
    rows = "".join(map(_row, lines))
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{rows or "<p>-</p>"}</div>'
    return {"status": "generated", "div": div}


def sections(record: Record, structure: Structure) -> dict[str, dict[str, Any]]:
    """The Composition's sections by the key of their top field: one for each that shows something, in display order."""
    lines = outline(structure, record.body, record.language)
    made = {}
    for field in structure.fields:
        own = [line for line in lines if line.field.path[0] == field.key]
        if own:
            made[field.key] = {"title": _title(field, record.language), "text": narrative(own)}
    return made


def _title(field: Field, language: str) -> str:
    return field.label.get(language) or field.label.get("fi") or field.key


def _row(line: Line) -> str:
    if line.value is None:
        return f"<p><b>{_text(line.label)}</b></p>" if line.label else ""
    value = "<br/>".join(_text(part) for part in line.value.splitlines())
    return f"<p>{_text(line.label)}: {value}</p>"


def _text(text: str) -> str:
    """Text as XHTML, without the characters that XML cannot hold."""
    return escape(_NOT_XML.sub(" ", text), quote=False)
