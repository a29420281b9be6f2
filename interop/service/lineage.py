"""The written forms of a document side by side, and where in each a field stands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from interop.documents import Copy, Examined, Traced, lineage, traced, with_residue, write
from interop.service.masking import Mask, encoded_hidden, encoded_text
from mappings.formats import FORMATS, Place
from mappings.report import Report
from schemas.issues import Issue
from schemas.xml_text import declared_encoding

__all__ = ["Also", "Excerpt", "TextLine", "Written", "excerpts", "masked_lines", "trace_back", "written_forms"]

_AROUND = 7
_AROUND_COPY = 3
_WIDEST = 240
_TELLING = 4
"""How long a value must be to be known again in a text."""
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
    """What a format makes of a document: its size in bytes, 0 when it holds nothing, and what it could not hold."""

    format: str
    size: int
    report: Report
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Also:
    """Further places of a form that say the same, near each other, and the lines around them."""

    places: tuple[Copy, ...]
    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What one form shows of one field: the lines around its place, and the place itself; no lines when it is lost.

    `inside` are lines of the text that the place holds in Base64, when the field is found there. `copies` are the
    other places of the form at which it stands.
    """

    format: str
    given: bool
    place: Place
    codec: str = ""
    lines: tuple[TextLine, ...] = ()
    whole: int = 0
    inside: tuple[TextLine, ...] = ()
    copies: tuple[Also, ...] = ()


def written_forms(data: bytes, examined: Examined) -> list[Written]:
    """What every format but that of the document makes of it, with all that it brings beyond its record."""
    carrying, beyond = with_residue(data, examined)
    if carrying.record is None:
        return []
    forms = [write(carrying.record, form.name) for form in FORMATS if form.name != examined.format]
    return [Written(one.format, len(one.data), one.report + beyond, tuple(one.issues)) for one in forms]


def excerpts(data: bytes, examined: Examined, mask: Mask, at: str, value: str) -> list[Excerpt]:
    """Where the field at a place of the record stands in each form; with no place, each form's beginning.

    In: `value` is the field as it is shown, by which it is found in encoded text. Out: the document's own form first.
    """
    source = traced(data, examined) if at else None
    field = _Field(mask, at, value)
    given = _excerpt(field, data, Excerpt(examined.format, given=True, place=source.place(at) if source else Place("")))
    others = (form.name for form in FORMATS if form.name != examined.format)
    return [given, *(_elsewhere(field, data, examined, name, source) for name in others)]


def trace_back(issues: Sequence[Issue], origins: Iterable[tuple[str, Place]]) -> Mapping[str, list[Issue]]:
    """The findings by the places of the record that they are about; under "" those that belong to no value.

    A finding that names a group stands at the first value of the group.
    """
    first: dict[str, str] = {}
    for record, source in origins:
        for place in (*_upwards(source.path), *_upwards(record)):
            first.setdefault(place, record)
    found: dict[str, list[Issue]] = {}
    for issue in issues:
        found.setdefault(first.get(issue.path, ""), []).append(issue)
    return found


def _upwards(place: str) -> Iterator[str]:
    """A place and every one above it."""
    while place:
        yield place
        place = place.rpartition("/")[0]


def masked_lines(data: bytes, mask: Mask) -> list[str]:
    """The lines of a form as they may be shown, but for what they hold encoded."""
    return mask("\n".join(_lines(data))).split("\n")


@dataclass(frozen=True, slots=True)
class _Field:
    """A field that is looked for: its place in the record, empty for none, and its value as it is shown."""

    mask: Mask
    at: str
    value: str


def _elsewhere(field: _Field, data: bytes, examined: Examined, name: str, source: Traced | None) -> Excerpt:
    """What another form shows of the field."""
    if not field.at:
        content = write(examined.record, name).data if examined.record else data
        return _excerpt(field, content, Excerpt(name, given=False, place=Place("")))
    explained = lineage(data, examined, name, field.at, source)
    content = explained.written.data if explained.written else data
    way = next(iter(explained.ways), None)
    if way is None:
        return _excerpt(field, content, Excerpt(name, given=False, place=Place("")))
    return _excerpt(field, content, Excerpt(name, given=False, place=way.output, codec=way.codec), way.copies)


def _excerpt(field: _Field, content: bytes, bare: Excerpt, copies: Sequence[Copy] = ()) -> Excerpt:
    """The excerpt with its lines, of the content of its form."""
    text = masked_lines(content, field.mask)
    place = bare.place
    if field.at and not place.path:
        return replace(bare, whole=len(text))
    lines = _around(text, (place.line or 1) if field.at else 0, place.column, field.value)
    inside = _inside(_lines(content), field.mask, place.line or 1, field.value) if field.at else ()
    also = tuple(_also(text, near, field.value) for near in _near(copies))
    return replace(bare, lines=lines, whole=len(text), inside=inside, copies=also)


def _near(copies: Sequence[Copy]) -> Iterator[list[Copy]]:
    """The copies in the order of their lines; those that one excerpt can show are together."""
    together: list[Copy] = []
    for copy in sorted(copies, key=_line):
        if together and _line(copy) - _line(together[-1]) > 2 * _AROUND_COPY:
            yield together
            together = []
        together.append(copy)
    if together:
        yield together


def _line(copy: Copy) -> int:
    return copy.place.line or 1


def _also(text: Sequence[str], copies: Sequence[Copy], value: str) -> Also:
    marked = {line for copy in copies for line in range(_line(copy), _below(text, _line(copy), value) + 1)}
    columns = {_line(copy): copy.place.column for copy in copies}
    shown = range(max(1, min(marked) - _AROUND_COPY), max(marked) + _AROUND_COPY + 1)
    return Also(tuple(copies), _numbered(text, shown, marked, columns))


def _around(text: Sequence[str], line: int, column: int | None = None, value: str = "") -> tuple[TextLine, ...]:
    """The lines around one of them, which is marked; the first ones for line 0. Long ones are cut around the column.

    In: a `value` that stands a little below the line, as within a JSON object, is marked together with the line.
    """
    shown = range(max(1, line - _AROUND), max(line + _AROUND, 2 * _AROUND) + 1)
    return _numbered(text, shown, range(line, _below(text, line, value) + 1), {line: column})


def _numbered(
    text: Sequence[str], shown: range, marked: Collection[int], columns: Mapping[int, int | None]
) -> tuple[TextLine, ...]:
    numbered = enumerate(map(encoded_hidden, text[shown.start - 1 : shown.stop - 1]), shown.start)
    return tuple(
        TextLine(at, _clipped(one, columns.get(at), marked=at in marked), at in marked) for at, one in numbered
    )


def _below(text: Sequence[str], line: int, value: str) -> int:
    """The line at which a value stands, looked for at its place and soon after it; the place where it is not found."""
    first = (value.splitlines() or [""])[0]
    near = enumerate(text[line - 1 : line + 5], line) if line and len(first) >= _TELLING else ()
    return next((at for at, one in near if first in one), line)


def _inside(text: Sequence[str], mask: Mask, line: int, value: str) -> tuple[TextLine, ...]:
    """The lines around the value in the text that stands encoded at the line or soon after it."""
    first = (value.splitlines() or [""])[0]
    for encoded in map(encoded_text, text[line - 1 : line + 3]):
        inner = mask(encoded).splitlines()
        found = next((at for at, one in enumerate(inner, 1) if first and first in one), 0)
        if found:
            return _around(inner, found)
    return ()


def _lines(data: bytes) -> list[str]:
    """The lines as places count them, which only line feeds part."""
    text = data.decode(declared_encoding(data), "replace").removeprefix("\ufeff")
    return [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]


def _clipped(line: str, column: int | None, *, marked: bool) -> str:
    """A line no longer than a person reads; one that is marked is cut around the column that matters."""
    widest = _WIDEST_MARKED if marked else _WIDEST
    begin = max(0, (column or 1) - 1 - widest // 3) if marked and len(line) > widest else 0
    cut = ("…" if begin else "") + line[begin : begin + widest] + ("…" if begin + widest < len(line) else "")
    return _HIDDEN.sub("····· ⋯ ·····", cut)
