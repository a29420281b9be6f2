"""The sheet: what a person sees of a document, filled or empty, as a tree that a page or a paper is made from.

An empty sheet is the form of a conversation: it has the fields of the structure, with room to write. Words of our own
stand in `sheet.toml`. Source: THL Sosmeta, annotations `name`, `hiddenField`, `hiddenTitle`; act 703/2023 §37.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from mappings.outline import shown
from schemas.json_text import pointer
from schemas.record import Record, envelope_structure
from schemas.site import resource
from schemas.structures import Field, Structure

__all__ = ["SHEET_LANGUAGES", "Part", "PartKind", "Sheet", "blank_sheet", "filled_sheet", "words_of"]

PartKind = Literal["group", "value", "text", "line", "date", "instant", "quantity", "choose_one", "choose_any", "pick"]
SHEET_LANGUAGES = ("fi", "sv")
"""The languages in which THL names fields, and so those of a sheet."""

_LANGUAGES = frozenset(envelope_structure().by_path["language"].codes or ())
_BOXES = 12
"""A list of up to so many choices is shown as boxes each time; a longer one in a repeated group, once, in words."""
_Above = tuple[tuple[int, int], ...]
"""For each group around: how often it stands on the sheet, and which of them this one is, from 0."""
_OF_VALUE: Mapping[str, PartKind] = {
    "text": "text", "date": "date", "instant": "instant",
    "quantity": "quantity", "measure": "quantity", "percent": "quantity",
}  # fmt: skip
_CONVERSATIONS = ("Suunnitelma", "Arvio")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a sheet: a group of parts, the values of a field, or room to write one (every other kind).

    `path` is the JSON Pointer into the structure's root, that of the field when several values stand together.
    `size` is the number of lines to write on; `choices` are those of a closed list.
    """

    kind: PartKind
    label: str
    path: str
    values: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    size: int = 0
    parts: tuple[Part, ...] = ()

    def __iter__(self) -> Iterator[Part]:
        """The part itself and every part under it, in the order in which they are shown."""
        yield self
        for part in self.parts:
            yield from part


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole sheet. `facts` are label and value of what is known about the document; a form has none.

    `language` is that of the names, `written_in` that of the values: a plan may be written in Northern Sámi.
    """

    language: str
    written_in: str
    title: str
    intro: tuple[str, ...]
    note: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]

    def __iter__(self) -> Iterator[Part]:
        """Every part at every depth, in the order in which they are shown."""
        for part in self.parts:
            yield from part


@dataclass(frozen=True, slots=True)
class _Look:
    """How one sheet is made: in which language, with which values, and whether with room for what is missing."""

    language: str
    room: bool
    filled: bool


def blank_sheet(structure: Structure, language: str = "fi") -> Sheet:
    """The empty form of a structure. In: `language` is fi or sv; any other is taken for fi."""
    words = words_of(language)
    look = _Look(_language(language), room=True, filled=False)
    parts = tuple(_parts(structure.fields, {}, look, "", ()))
    intro = list(words["conversation" if structure.type in _CONVERSATIONS else "blank"])
    if _has_untranslated_choices(parts, look.language):
        intro.append(words["other_language"])
    return Sheet(
        look.language, look.language, _name(structure.label, look.language), tuple(intro), words["form"], (), parts
    )


def filled_sheet(record: Record, structure: Structure, language: str = "", *, room: bool = False) -> Sheet:
    """The sheet of a document, by default in the document's own language.

    In: `room` adds room to write for every field that has no value.
    """
    language = _language(language or record.language)
    words = words_of(language)
    parts = tuple(_parts(structure.fields, record.body, _Look(language, room, filled=True), "", ()))
    intro = (*words["filled"], words["room"]) if room else tuple(words["filled"])
    facts = tuple(_facts(record, language))
    written_in = record.language if record.language in _LANGUAGES else language
    return Sheet(language, written_in, _name(structure.label, language), intro, words["printed"], facts, parts)


@cache
def words_of(language: str) -> Mapping[str, Any]:
    """The sheet's own words in a language, those of fi for one that the sheets do not have."""
    every = tomllib.loads(resource("mappings", "sheet.toml").read_text("utf-8"))
    words: Mapping[str, Any] = every[_language(language)]
    return words


def _language(language: str) -> str:
    return language if language in SHEET_LANGUAGES else "fi"


def _name(label: Mapping[str, str], language: str) -> str:
    return label.get(language) or label.get("fi", "")


def _title(field: Field, language: str) -> str:
    """The name under which a field is shown. THL hides groups alone: the group is not shown, its fields are."""
    return "" if field.untitled or field.hidden else _name(field.label, language)


def _parts(fields: Sequence[Field], body: Any, look: _Look, path: str, above: _Above) -> Iterator[Part]:
    """The parts of a group's fields."""
    for field in fields:
        if field.hidden and not field.is_group:
            continue
        at = path + pointer((field.key,))
        value = body.get(field.key, []) if isinstance(body, Mapping) else []
        if value != []:
            yield from _filled(field, value, look, at, above)
        elif look.room and field.kind != "phrase":
            # A fixed phrase is not written by hand, and the library has its digest alone.
            yield from _blank(field, look, at, above)


def _filled(field: Field, value: Any, look: _Look, path: str, above: _Above) -> Iterator[Part]:
    many = field.repeats and isinstance(value, list)
    several: list[tuple[int | None, Any]] = list(enumerate(value)) if many else [(None, value)]
    label = _title(field, look.language)
    if field.hidden and not field.repeats:
        yield from _parts(field.children, value, look, path, above)
        return
    if not field.is_group:
        yield Part("value", label, path, tuple(shown(field, item, look.language) for _, item in several))
        return
    if look.room and field.repeats and not field.required:
        several.append((len(several), {}))
    for index, item in several:
        at = path if index is None else f"{path}/{index}"
        numbered = f"{label} {index + 1}" if index is not None and len(several) > 1 and label else label
        inner = tuple(_parts(field.children, item, look, at, (*above, (len(several), index or 0))))
        yield Part("group", numbered, at, parts=inner)


def _blank(field: Field, look: _Look, path: str, above: _Above) -> Iterator[Part]:
    label = _title(field, look.language)
    if field.hidden and not field.repeats:
        yield from _parts(field.children, {}, look, path, above)
        return
    if not field.is_group:
        yield _room(field, label, look, path, above)
        return
    times = 1 if look.filled else _times(field, above)
    for index in range(times):
        at = f"{path}/{index}" if field.repeats else path
        inner = tuple(_parts(field.children, {}, look, at, (*above, (times, index))))
        if inner or not field.children:
            yield Part("group", f"{label} {index + 1}" if times > 1 and label else label, at, parts=inner)


def _times(field: Field, above: _Above) -> int:
    """How often an empty group stands on the form: at least once is asked for once, the others have room for more."""
    if not field.repeats or field.required:
        return 1
    around = sum(times > 1 for times, _ in above)
    leaves = sum(not inner.is_group for inner in field)
    return {0: 3 if leaves <= 3 else 2, 1: 2 if leaves <= 4 else 1}.get(around, 1)


def _room(field: Field, label: str, look: _Look, path: str, above: _Above) -> Part:
    """Room to write one field."""
    if field.kind == "switch":
        words = words_of(look.language)
        return Part("choose_one", label, path, choices=(words["yes"], words["no"]))
    choices = _choices(field, look.language)
    if choices and (len(choices) <= _BOXES or all(times == 1 for times, _ in above)):
        return Part("choose_any" if field.repeats else "choose_one", label, path, choices=choices)
    if choices and all(index == 0 for _, index in above):
        return Part("pick", label, path, choices=choices, size=1)
    kind = _OF_VALUE.get(field.kind, "line")
    if kind == "text" and field.key in _one_line():
        kind = "line"
    size = {0: 4, 1: 3}.get(len(above), 2) if kind == "text" else 2 if field.repeats else 1
    return Part(kind, label, path, size=size)


@cache
def _one_line() -> frozenset[str]:
    """The fields of kind text that hold a few words, by property name."""
    every = tomllib.loads(resource("mappings", "sheet.toml").read_text("utf-8"))
    return frozenset(every["one_line"])


def _choices(field: Field, language: str) -> tuple[str, ...]:
    """The names of a closed list's choices; none when THL does not name them all, for a code alone says nothing."""
    names = [name.strip() for name in (field.codes or {}).values()]
    if not all(names):
        return ()
    translated = words_of(language).get("choices", {})
    return tuple(translated.get(name, name) for name in names)


def _has_untranslated_choices(parts: Iterable[Part], language: str) -> bool:
    """True when a Swedish sheet has a choice that THL names in Finnish alone and we have not translated."""
    words = words_of(language)
    known = {words["yes"], words["no"], *words.get("choices", {}).values()}
    return language != "fi" and any(choice not in known for top in parts for part in top for choice in part.choices)


def _facts(record: Record, language: str) -> Iterator[tuple[str, str]]:
    """What every client document must show about itself, as far as it is known and the content does not show it."""
    labels = envelope_structure().by_path
    made_up = record.envelope.get("placeholders")
    known = {k: v for k, v in record.envelope.items() if not (isinstance(made_up, list) and k in made_up)}
    if known.get("status") == "final":
        del known["status"]
    if record.body.get("asiakas"):
        known.pop("clients", None)
    for key in ("status", "clients", "organiser", "producer", "service_task", "service", "author", "created"):
        value = _fact(key, known.get(key), language)
        if value:
            yield _name(labels[key].label, language), value
    if known.get("non_disclosure") is True:
        yield _name(labels["non_disclosure"].label, language), str(words_of(language)["yes"])


def _fact(key: str, value: Any, language: str) -> str:
    match key, value:
        case "status", str(status):
            return str(words_of(language)["status"].get(status, status))
        case "clients", list(clients):
            return "; ".join(filter(None, (_person(client, "identifier") for client in clients)))
        case (("organiser" | "producer"), {"name": str(name)}):
            return name
        case (("service_task" | "service"), {"display": str(display)}):
            return display
        case "author", Mapping() as author:
            return _person(author, "title", "unit")
        case "created", str(created):
            return shown(envelope_structure().by_path["created"], created, language)
    return ""


def _person(person: Any, *more: str) -> str:
    """A person in one line: name, then what else is asked for."""
    if not isinstance(person, Mapping):
        return ""
    name = " ".join(str(person[key]) for key in ("given", "family") if isinstance(person.get(key), str))
    rest = [person.get(key) for key in more]
    texts = [item.get("value") or item.get("display") if isinstance(item, Mapping) else item for item in rest]
    return ", ".join(text for text in (name, *texts) if isinstance(text, str) and text)
