"""The language of places: how a mapping table names where a value stands, in a record or in a format.

    name                 a property                        version
    name.name            a property of a property          author.family
    name[]               every item of a list              clients[].family
    name[2]              one item of a list, from 0        category[0].text
    name[key=value]      the item whose key is the value   identifier[system=urn:ietf:rfc:3986].value

Names may hold `@` (an XML attribute) and `#text` (the text of an XML element that has attributes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Each", "Item", "Place", "Step", "Where", "parse_place", "write_place"]


@dataclass(frozen=True, slots=True)
class Each:
    """Every item of the list: `[]`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the list, counted from 0: `[2]`."""

    index: int


@dataclass(frozen=True, slots=True)
class Where:
    """The first item of the list whose property has a value: `[system=urn:ietf:rfc:3986]`."""

    key: str
    value: str


Step = str | Each | Item | Where
Place = tuple[Step, ...]

_PART = re.compile(r"([^.\[\]=]+)((?:\[[^\[\]]*\])*)(?:\.|$)")
_SELECTOR = re.compile(r"\[([^\[\]]*)\]")


def parse_place(text: str) -> Place:
    """The steps of a place. Raises: ValueError with a sentence that says what is wrong."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        part = _PART.match(text, at)
        if not part or part.end() == at:
            raise ValueError(f"'{text}' is no place: a name is expected at character {at + 1}.")
        steps.append(part[1])
        steps.extend(_selector(selector, text) for selector in _SELECTOR.findall(part[2]))
        at = part.end()
    if text.endswith("."):
        raise ValueError(f"'{text}' is no place: it ends with a dot.")
    return tuple(steps)


def _selector(text: str, place: str) -> Step:
    if not text:
        return Each()
    if text.isdecimal():
        return Item(int(text))
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError(f"'{place}' is no place: [{text}] is neither [], [number] nor [key=value].")
    return Where(key, value)


def write_place(place: Place) -> str:
    """The text of a place; `parse_place` gives it back."""
    text = ""
    for step in place:
        match step:
            case Each():
                text += "[]"
            case Item(index):
                text += f"[{index}]"
            case Where(key, value):
                text += f"[{key}={value}]"
            case name:
                text += f".{name}" if text else name
    return text
