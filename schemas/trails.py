"""The names that lead to a place of a content: what a person reads in place of a JSON Pointer."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.structures import Field, Structure

__all__ = ["trail"]

_LANGUAGES = ("fi", "sv")
_LONGEST = 9
"""Digits of a number that counts as one: no list is longer."""


def trail(structure: Structure, place: str) -> Mapping[str, str]:
    """The labels of the groups and the field at a place, outermost first, by language: `Asiakas 2 › Sukunimi`.

    In: a JSON Pointer from the top of the content; what the structure does not know ends the trail. Out: empty for the
    content as a whole. Of a part that repeats, the number is told from the second on.
    """
    named: list[tuple[Field, str]] = []
    path: tuple[str, ...] = ()
    for step in place.split("/")[2:]:
        if step.isdecimal() and len(step) < _LONGEST and named:
            named[-1] = (named[-1][0], f" {int(step) + 1}" if int(step) else "")
            continue
        path = (*path, step)
        known = structure.by_path.get("/".join(path))
        if known is None:
            break
        named.append((known, ""))
    shown = [(field.label, number) for field, number in named if not (field.hidden or field.untitled)]
    return {
        language: " › ".join((label.get(language) or label.get("fi", "")) + number for label, number in shown)
        for language in _LANGUAGES
        if shown
    }
