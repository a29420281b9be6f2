"""Judges the codes of a content by the code systems that are known, and says which codes could not be judged.

A code outside a closed list of the structure itself is the schema layer's finding and is passed over here.
Source: THL Sosmeta; THL code server (koodistopalvelu).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from schemas.codesystems import CodeSystems
from schemas.issues import Issue, Rule, load_rules
from schemas.json_text import pointer
from schemas.structures import Field, Structure

__all__ = ["check_codes", "terminology_rules"]

_Path = tuple[str | int, ...]


@cache
def terminology_rules() -> Mapping[str, Rule]:
    """The rules of this layer, by id."""
    return load_rules(files("validators").joinpath("terminology.toml").read_text("utf-8"))


def check_codes(structure: Structure, content: Any, code_systems: CodeSystems) -> list[Issue]:
    """The findings about the codes of a content, in the order of the structure. In: any JSON value.

    Out: paths are JSON Pointers from the top of the content. Issues: code_is_in_its_code_system,
    code_is_checked_against_its_code_system, display_is_that_of_the_code_system
    """
    body = content.get(structure.root) if isinstance(content, Mapping) else None
    return [
        issue
        for field, coded, path in _coded(structure.fields, body, (structure.root,))
        for issue in _check(field, coded, path, code_systems)
    ]


def _coded(fields: tuple[Field, ...], body: Any, path: _Path) -> Iterator[tuple[Field, Mapping[str, Any], _Path]]:
    """Every coded value with its field and place; what has another shape is the schema layer's finding."""
    if not isinstance(body, Mapping):
        return
    for field in fields:
        if field.key not in body or not (field.is_group or field.kind == "code"):
            continue
        value, here = body[field.key], (*path, field.key)
        several = enumerate(value) if field.repeats and isinstance(value, list) else [(None, value)]
        for index, one in several:
            at = here if index is None else (*here, index)
            if field.is_group:
                yield from _coded(field.children, one, at)
            elif isinstance(one, Mapping):
                yield field, one, at


def _check(field: Field, coded: Mapping[str, Any], path: _Path, code_systems: CodeSystems) -> Iterator[Issue]:
    code, display = coded.get("code"), coded.get("display")
    if not isinstance(code, str) or not isinstance(display, str) or not field.system:
        return
    rules = terminology_rules()
    system = code_systems.get(field.system)
    title = (system.title if system else None) or {"fi": field.system}
    listed = field.codes or {}
    names = {"fi": listed[code]} if listed.get(code) else {}
    if field.system[0].isdigit() and code not in listed and (system is None or code not in system.codes):
        whole = system is not None and system.complete
        rule = "code_is_in_its_code_system" if whole else "code_is_checked_against_its_code_system"
        yield rules[rule].at(pointer((*path, "code")), field=field.label, system=title)
        return
    known = {*names.values(), *(system.codes.get(code, {}).values() if system else ())}
    if known and _plain(display) not in {_plain(name) for name in known}:
        yield rules["display_is_that_of_the_code_system"].at(
            pointer((*path, "display")), field=field.label, system=title
        )


def _plain(text: str) -> str:
    """The text with white space evened out: THL's own lists are not of one mind about it."""
    return " ".join(text.split())
