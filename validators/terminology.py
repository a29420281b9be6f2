"""Judges the codes of a content by the code systems that are known, and says which codes could not be judged.

A code outside a closed list of the structure itself is the schema layer's finding and is passed over here.
Source: THL Sosmeta; THL code server (koodistopalvelu).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.codesystems import CodeSystems
from schemas.issues import Issue, rules_in
from schemas.json_text import pointer
from schemas.structures import Field, Structure

__all__ = ["check_codes"]

_Path = tuple[str | int, ...]
_RULES = rules_in("validators", "terminology")
_UNCHECKED = "code_is_checked_against_its_code_system"


def check_codes(structure: Structure, content: Any, code_systems: CodeSystems, language: str = "fi") -> list[Issue]:
    """The findings about the codes of a content, in the order of the structure.

    In: any JSON value; `language` is that of the document: displays are compared with names in it alone.

    Out: paths are JSON Pointers from the top of the content. Issues: code_is_in_its_code_system,
    code_is_checked_against_its_code_system, display_is_that_of_the_code_system
    """
    body = content.get(structure.root) if isinstance(content, Mapping) else None
    found: list[Issue] = []
    unchecked: set[str] = set()
    for field, coded, path in _coded(structure.fields, body, (structure.root,)):
        for issue in _check(field, coded, path, (code_systems, language)):
            # That a code system is known in part is said once for each, at the first code that it leaves open.
            if issue.rule.id == _UNCHECKED and field.system in unchecked:
                continue
            if issue.rule.id == _UNCHECKED:
                unchecked.add(field.system)
            found.append(issue)
    return found


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


def _check(field: Field, coded: Mapping[str, Any], path: _Path, by: tuple[CodeSystems, str]) -> Iterator[Issue]:
    code_systems, language = by
    code, display = coded.get("code"), coded.get("display")
    if not isinstance(code, str) or not isinstance(display, str) or not field.system:
        return
    system = code_systems.get(field.system)
    title = (system.title if system else None) or {"fi": field.system}
    listed = field.codes or {}
    if field.system[0].isdigit() and code not in listed and (system is None or code not in system.codes):
        whole = system is not None and system.complete
        rule = "code_is_in_its_code_system" if whole else _UNCHECKED
        yield _RULES[rule].at(pointer((*path, "code")), field=field.label, system=title)
        return
    names = {"fi": listed.get(code, "")} | dict(system.codes.get(code, {}) if system else {})
    # The structures' own lists have Finnish names alone: what is not named in the document's language is not judged.
    known = {name for name in names.values() if name} if names.get(language) else set()
    if known and _plain(display) not in {_plain(name) for name in known}:
        yield _RULES["display_is_that_of_the_code_system"].at(
            pointer((*path, "display")), field=field.label, system=title
        )


def _plain(text: str) -> str:
    """The text with white space evened out: THL's own lists are not of one mind about it."""
    return " ".join(text.split())
