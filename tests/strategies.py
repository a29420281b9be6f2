"""Hypothesis strategies: valid contents of any structure, and contents that are broken in one place.

A drawn content is valid in every layer that a structure alone can tell: its kinds, closed lists and calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from schemas.identity import IDENTITY_CODE_SYSTEM
from schemas.structures import Field, Structure

__all__ = [
    "IDENTITY_CODES",
    "PHRASE",
    "broken_contents",
    "contents",
    "mutations",
    "places",
    "texts",
    "with_own_phrases",
]

IDENTITY_CODES = ("010181-900C", "010280-952L", "010469-999W", "261298-998X", "020516C903K")
"""Artificial identity codes of the 900 series."""

PHRASE = "Esimerkkifraasi testejä varten."
"""The one fixed phrase of a structure that `with_own_phrases` has made."""

_TEXTS = (
    "Omaan asuntoon muuttaminen",
    "Ääkköset: åäö ÅÄÖ šž đŋŧ",
    'Rivi 1\nRivi 2\tsarkain <b>&amp; "lainaus" \\ /',
    "e\u0301 ja é 🧩",
    " alussa ja lopussa ",
    "0",
)

_UNITS = ("h", "d", "%", "1/wk", "{kpl}")


def texts(*, empty: bool = True) -> st.SearchStrategy[str]:
    """Texts that can stand in JSON and in XML 1.0, some of them awkward."""
    drawn = st.text(
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
        min_size=0 if empty else 1,
        max_size=12,
    )
    return st.sampled_from(_TEXTS) | drawn


def with_own_phrases(structure: Structure) -> Structure:
    """The structure with our own text in the place of every fixed phrase, whose digest alone the library knows."""
    return replace(structure, fields=tuple(_with_own_phrase(field) for field in structure.fields))


def _with_own_phrase(field: Field) -> Field:
    digests = (sha256(PHRASE.encode()).hexdigest(),) if field.kind == "phrase" else ()
    return replace(field, phrases=digests, children=tuple(_with_own_phrase(child) for child in field.children))


def contents(
    structure: Structure, phrases: Mapping[str, str] | None = None, *, full: bool = False
) -> st.SearchStrategy[dict[str, Any]]:
    """Valid contents of a structure. In: `phrases` are the texts of fixed phrases by their SHA-256 digest.

    A phrase whose text is not known is left out; a structure that requires one cannot be drawn from: see
    `with_own_phrases`. `full` fills every field.
    """
    known = {sha256(PHRASE.encode()).hexdigest(): PHRASE, **(phrases or {})}
    return _groups(structure.fields, known, full).map(lambda body: {structure.root: body})


@st.composite
def _groups(draw: st.DrawFn, fields: tuple[Field, ...], phrases: Mapping[str, str], full: bool) -> dict[str, Any]:
    # One integer chooses all optional fields at once: drawing is fast, and shrinks to the required ones.
    chosen = -1 if full else draw(st.integers(0, 2 ** len(fields) - 1))
    return {
        field.key: draw(_fields(field, phrases, full))
        for index, field in enumerate(fields)
        if field.required or (chosen >> index & 1 and _can_be_drawn(field, phrases))
    }


def _can_be_drawn(field: Field, phrases: Mapping[str, str]) -> bool:
    if field.kind == "phrase":
        return any(digest in phrases for digest in field.phrases)
    return all(_can_be_drawn(child, phrases) for child in field.children if child.required)


def _fields(field: Field, phrases: Mapping[str, str], full: bool) -> st.SearchStrategy[Any]:
    one = _groups(field.children, phrases, full) if field.is_group else _values(field, phrases)
    return st.lists(one, min_size=int(field.required or full), max_size=2) if field.repeats else one


def _values(field: Field, phrases: Mapping[str, str]) -> st.SearchStrategy[Any]:
    match field.kind:
        case "phrase":
            return st.sampled_from([phrases[digest] for digest in field.phrases if digest in phrases])
        case "code":
            return _codes(field)
        case "choice":
            return st.sampled_from(sorted(field.codes or {}))
        case "identifier":
            return _identifiers(field)
        case "text" | "name" | "signature":
            return texts(empty=not field.required)
    return _OTHER_VALUES[field.kind]


def _numbers() -> st.SearchStrategy[int | Decimal]:
    return st.integers(-(10**6), 10**6) | st.decimals(-1000, 1000, places=2)


def _codes(field: Field) -> st.SearchStrategy[dict[str, str]]:
    system = field.system
    systems = st.just(system) if system else texts()
    if system[:1].isdigit():
        systems = st.sampled_from([f"urn:oid:{system}", f"urn:oid:{system}.2024"])
    codes = st.sampled_from(list(field.codes.items())) if field.codes is not None else st.tuples(texts(), texts())
    return st.builds(
        lambda system, coded, other: {"system": system, "code": coded[0], "display": coded[1] or other},
        systems, codes, texts(),
    )  # fmt: skip


def _identifiers(field: Field) -> st.SearchStrategy[dict[str, str]]:
    values = st.sampled_from(IDENTITY_CODES) if field.system == IDENTITY_CODE_SYSTEM else texts()
    systems = st.just(field.system) if field.system else st.sampled_from(["urn:oid:1.2.246.10.99999999.22.2026"])
    return st.fixed_dictionaries({"value": values}, optional={"system": systems})


def _dates() -> st.SearchStrategy[str]:
    return st.builds(
        lambda day, length: day.isoformat()[:length],
        st.dates(date(1, 1, 1), date(9999, 12, 31)),
        st.sampled_from([10, 7, 4]),
    )


def _instants() -> st.SearchStrategy[str]:
    return st.builds(
        lambda moment, fraction, offset: f"{moment:%H:%M:%S}".join(["T", fraction + offset]),
        st.times(),
        st.sampled_from(["", ".5", ".120", ".123456789"]),
        st.sampled_from(["Z", "+02:00", "-03:30", "+14:00"]),
    ).flatmap(lambda time: st.dates(date(1, 1, 1)).map(lambda day: day.isoformat() + time))


_QUANTITIES = st.fixed_dictionaries({"value": _numbers(), "code": st.sampled_from(_UNITS)})
_OTHER_VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "date": _dates(),
    "instant": _dates() | _instants(),
    "switch": st.booleans(),
    "count": _numbers(),
    "number": _numbers(),
    "quantity": _QUANTITIES,
    "measure": _QUANTITIES,
    "percent": _QUANTITIES,
    "oid": st.sampled_from(["1.2.246.10.99999999.11.2026.1", "2.25.1", "2.25.340282366920938463463374607431"]),
}

_REPLACEMENTS: Mapping[str, Any] = {
    "null": None,
    "empty text": "",
    "text": "x",
    "number": 7,
    "fraction": 1.5,
    "switch": True,
    "empty array": [],
    "array of null": [None],
    "empty object": {},
    "object": {"x": 1},
}
_TEXT_CHANGES: Mapping[str, str] = {
    "line break after": "{0}\n",
    "line break before": "\n{0}",
    "space before": " {0}",
    "arc after": "{0}.1",
    "dot after": "{0}.",
    "other digits after": "{0}.\u0663",
    "doubled": "{0}{0}",
    "zero byte after": "{0}\0",
}
_DATES = (
    "2026", "2026-11", "2026-11-23", "-2026-11-23", "0000", "2026-02-30", "2025-02-29", "2026-11-00", "2026-11-32",
    "2026-13-01", "2026-00-01", "2026-2-3", "20261123", "23.11.2026", "+2026-11-23", "12026-11-23", "2026-11-23Z",
    "2026-11-23T12:00:00+02:00", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00", "2026-11-23T12:00Z",
    "2026-11-23T24:00:00Z", "2026-11-23T23:59:60Z", "2026-11-23T12:00:00.Z", "2026-11-23T12:00:00.123456789-00:00",
    "2026-11-23T12:00:00+14:00", "2026-11-23T12:00:00+14:30", "2026-11T12:00:00Z", "2026-02-31T12:00:00Z",
    "\u0662\u0660\u0662\u0666", "2026\n",
)  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every place in a JSON value, the value itself first."""
    yield path
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        yield from places(item, (*path, step))


def mutations(content: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, Any]]:
    """Every way in which a content is broken, or changed harmlessly, at one place, each with its name."""
    at = content
    for step in path:
        at = at[step]
    for name, value in _changes(at):
        yield name, _put(content, path, value)
    if path:
        yield "missing", _without(content, path)


def _changes(at: Any) -> Iterator[tuple[str, Any]]:
    yield from _REPLACEMENTS.items()
    yield "array for it", [at]
    if isinstance(at, dict):
        yield "extra property", at | {"ylimaarainen": "x"}
        yield "empty property name", at | {"": "x"}
        yield "object twice in an array", [at, at]
    elif isinstance(at, list):
        yield "item for the array", at[0] if at else None
        yield "one more of another kind", [*at, 0]
        yield "one more of the same", [*at, *at[:1]]
    elif isinstance(at, bool):
        yield "switch as text", str(at).lower()
        yield "switch as number", int(at)
    elif isinstance(at, int | Decimal):
        yield "number as text", str(at)
        yield "great number", Decimal(10**30)
    elif isinstance(at, str):
        yield from ((name, form.format(at)) for name, form in _TEXT_CHANGES.items())
        yield from ((f"the date {day!r}", day) for day in _DATES)


def _put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """A copy of the value with something else at the path; what lies beside the path is shared."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _put(value[path[0]], path[1:], new)
    return copy


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    copy = value.copy()
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = _without(value[path[0]], path[1:])
    return copy


@st.composite
def broken_contents(
    draw: st.DrawFn, structure: Structure, phrases: Mapping[str, str] | None = None
) -> tuple[str, dict[str, Any]]:
    """A valid content changed in one to three places, with the names of the changes. It may have stayed valid."""
    content: Any = draw(contents(structure, phrases))
    names = []
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(content))))
        name, content = draw(st.sampled_from(list(mutations(content, path))))
        names.append(f"{name} at {'/'.join(map(str, path))}")
    return "; ".join(names), content
