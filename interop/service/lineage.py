"""The written forms of a document side by side, and where in each a field stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from interop.documents import explain
from interop.documents.explaining import Way
from interop.service.masking import Mask, encoded_hidden, encoded_text
from mappings.formats import FORMATS, Place
from mappings.report import Report
from schemas.issues import Issue
from schemas.xml_text import declared_encoding

__all__ = ["Excerpt", "TextLine", "Written", "excerpts", "trace_back", "written_forms"]

_AROUND = 7
_WIDEST = 240
_WIDEST_MARKED = 1600
_HIDDEN = re.compile("·{24,}")


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of a written form, as it is shown."""

    number: int
    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Written:
    """One written form: its lines, masked; the way of each value to it; and what it could not hold.

    `given` marks the form that the document came in. `text` is empty when the format cannot hold it. `encoded`
    are the lines of the text that a line holds in Base64, by the number of that line.
    """

    format: str
    given: bool
    text: tuple[str, ...]
    encoded: Mapping[int, tuple[str, ...]]
    size: int
    ways: tuple[Way, ...]
    report: Report
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What one form shows of one field: the lines around its place, and the place itself; no lines when it is lost.

    `inside` are lines of the text that the place holds in Base64, when the field is found there.
    """

    format: str
    given: bool
    place: Place
    codec: str
    lines: tuple[TextLine, ...]
    whole: int
    inside: tuple[TextLine, ...] = ()


def written_forms(data: bytes, format_name: str, mask: Mask) -> Iterator[Written]:
    """The form that a document came in, and then every other one that it can be written in."""
    others = [form.name for form in FORMATS if form.name != format_name]
    for number, name in enumerate((format_name, *others)):
        explained = explain(data, name, format_name)
        given, written = number == 0, explained.written
        content = data if given or written is None else written.data
        lines = _lines(content)
        yield Written(
            format=name,
            given=given,
            text=tuple(encoded_hidden(line) for line in mask("\n".join(lines)).split("\n")),
            encoded=dict(_encoded(lines, mask)),
            size=len(content),
            ways=tuple(explained.ways),
            report=Report() if given or written is None else written.report,
            issues=() if given or written is None else tuple(written.issues),
        )


def excerpts(forms: Iterable[Written], at: str, value: str) -> list[Excerpt]:
    """Where the field at a place of the record stands in each form; with no place, each form's beginning.

    In: `value` is the field as it is shown, by which it is found in encoded text.
    """
    return [_excerpt(form, at, value) for form in forms]


def trace_back(issues: Sequence[Issue], ways: Sequence[Way]) -> Mapping[str, list[Issue]]:
    """The findings by the places of the record that they are about; under "" those that belong to no value.

    A finding that names a group stands at the first value of the group.
    """
    found: dict[str, list[Issue]] = {}
    for issue in issues:
        inside = (way for way in ways if issue.path and _is_at(way, issue.path))
        way = next(inside, None)
        found.setdefault(way.record if way else "", []).append(issue)
    return found


def _is_at(way: Way, path: str) -> bool:
    return any(place == path or place.startswith(f"{path}/") for place in (way.source.path, way.record))


def _excerpt(form: Written, at: str, value: str) -> Excerpt:
    way = next((one for one in form.ways if one.record == at), None)
    place = Place("") if way is None else way.source if form.given else way.output
    if at and not place.path:
        return Excerpt(form.format, form.given, place, "", (), len(form.text))
    line = place.line or 1
    shown = _around(form.text, line if at else 0, place.column)
    codec = way.codec if way and not form.given else ""
    inside = _inside(form, line, value) if at else ()
    return Excerpt(form.format, form.given, place, codec, shown, len(form.text), inside)


def _around(text: Sequence[str], line: int, column: int | None = None) -> tuple[TextLine, ...]:
    """The lines around one of them, which is marked; the first ones for line 0. Long ones are cut around the column."""
    first, last = max(1, line - _AROUND), max(line + _AROUND, 2 * _AROUND)
    numbered = enumerate(text[first - 1 : last], first)
    return tuple(TextLine(at, _clipped(one, column, marked=at == line), at == line) for at, one in numbered)


def _inside(form: Written, line: int, value: str) -> tuple[TextLine, ...]:
    """The lines around the value in the text that stands encoded at the line or soon after it."""
    first = (value.splitlines() or [""])[0]
    for number in range(line, line + 4):
        text = form.encoded.get(number, ())
        found = next((at for at, one in enumerate(text, 1) if first and first in one), 0)
        if found:
            return _around(text, found)
    return ()


def _lines(data: bytes) -> list[str]:
    """The lines as places count them, which only line feeds part."""
    text = data.decode(declared_encoding(data), "replace").removeprefix("\ufeff")
    return [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]


def _encoded(lines: Sequence[str], mask: Mask) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The texts that lines hold in Base64, masked, by the numbers of those lines."""
    for number, line in enumerate(lines, 1):
        text = encoded_text(line)
        if text:
            yield number, tuple(encoded_hidden(mask(inner)) for inner in text.splitlines())


def _clipped(line: str, column: int | None, *, marked: bool) -> str:
    """A line no longer than a person reads; one that is marked is cut around the column that matters."""
    widest = _WIDEST_MARKED if marked else _WIDEST
    begin = max(0, (column or 1) - 1 - widest // 3) if marked and len(line) > widest else 0
    cut = ("…" if begin else "") + line[begin : begin + widest] + ("…" if begin + widest < len(line) else "")
    return _HIDDEN.sub("····· ⋯ ·····", cut)
