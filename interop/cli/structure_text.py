"""Structures and their differences as text for a person: one field a line in a pipe, wrapped in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from schemas.structure_diff import FieldChange
from schemas.structures import Field, Structure

__all__ = ["difference", "headline", "label", "name_of", "outline"]

_FLAGS = ("conditional", "national", "hidden", "untitled")
_SHORT = 24
_WIDEST_LABEL = 60
_NARROWEST_LABEL = 24
_BESIDE = 52
"""The columns that cardinality, kind, code system and flags take beside a label."""


def name_of(structure: Structure) -> str:
    """The short name by which the commands find the structure: `15020@2024.11.28`, and `1505.8@...` outside 1506."""
    system = structure.code_system.rpartition(".")[2]
    return f"{structure.code if system == '1506' else f'{system}.{structure.code}'}@{structure.version}"


def label(labels: Mapping[str, str], language: str) -> str:
    """The name in a language, or in Finnish where THL gives none in that language."""
    return labels.get(language) or labels.get("fi", "")


def headline(structure: Structure, language: str) -> str:
    """The structure in one line: its short name, its type and its name."""
    name = typer.style(name_of(structure).ljust(17), fg="cyan")
    return f"{name}  {structure.type:<23}  {label(structure.label, language)}"


def outline(structure: Structure, language: str, *, keys: bool, codes: bool, width: int | None) -> Iterator[str]:
    """The lines of a structure's outline.

    In: `keys` shows property names for labels, `codes` every code of the closed lists.
    Units: `width` in columns; None for a pipe, where each field stays on one line.
    """
    yield typer.style(f"{name_of(structure)}  {label(structure.label, language)}", bold=True)
    facts = (structure.oid, structure.type, structure.root, f"defined {structure.defined}")
    yield from _wrapped(" · ".join(filter(None, facts)), width)
    yield ""
    names = {field.path: "  " * (len(field.path) - 1) + _shown_name(field, language, keys=keys) for field in structure}
    column = min(max(map(len, names.values()), default=0), _label_width(width))
    for field in structure:
        yield from _field_lines(field, names[field.path], column, width)
        if codes and field.codes:
            indent = "  " * len(field.path)
            for code, shown in field.codes.items():
                yield f"      {indent}{typer.style(code, fg='cyan')}  {shown}".rstrip()


def _shown_name(field: Field, language: str, *, keys: bool) -> str:
    return field.key if keys else label(field.label, language)


def _label_width(width: int | None) -> int:
    return _WIDEST_LABEL if width is None else max(_NARROWEST_LABEL, min(_WIDEST_LABEL, width - _BESIDE))


def _wrapped(text: str, width: int | None) -> list[str]:
    return [text] if width is None else textwrap.wrap(text, max(width, _NARROWEST_LABEL))


def _field_lines(field: Field, name: str, column: int, width: int | None) -> Iterator[str]:
    """One field. In a terminal a long name goes on below itself; in a pipe it pushes the rest to the right."""
    indent = " " * (len(name) - len(name.lstrip()))
    lines = [name]
    if width is not None and len(name) > column:
        lines = textwrap.wrap(
            name.strip(), max(column - len(indent), 12), initial_indent=indent, subsequent_indent=indent + "  "
        )
    first, *more = lines
    flags = " ".join(flag for flag in _FLAGS if getattr(field, flag))
    kind = "" if field.is_group else field.kind
    beside = [f"{kind:<10}", _domain(field), _styled(flags, dim=True)]
    while beside and not beside[-1].strip():
        beside.pop()
    shown = _styled(first, bold=field.is_group) + " " * (column - len(first)) * bool(beside)
    cardinality = _styled(field.cardinality, fg="red" if field.required else None)
    yield "  ".join([cardinality, shown, *filter(None, beside)]).rstrip()
    for line in more:
        yield "      " + _styled(line, bold=field.is_group)


def _styled(text: str, **style: Any) -> str:
    """The text as styled for a terminal, and as it is when no style is asked for."""
    return typer.style(text, **style) if text and any(style.values()) else text


def _domain(field: Field) -> str:
    """The values that a field may take, in short."""
    system = field.system if field.kind == "identifier" or field.system[:1].isdigit() else ""
    codes = ""
    if field.codes is not None:
        codes = ", ".join(f"{code} {shown}".strip() for code, shown in field.codes.items())
        if len(codes) > _SHORT:
            codes = f"{len(field.codes)} codes"
    return ": ".join(filter(None, (system, codes)))


def difference(changes: list[FieldChange], language: str) -> Iterator[str]:
    """The lines of a comparison of two versions: + added, - removed, ~ changed; ! marks what old contents may break."""
    signs = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
    for change in changes:
        sign, colour = signs[change.change]
        mark = "!" if change.breaks else " "
        line = f"{sign}{mark} {change.path or 'structure'}"
        if change.part:
            line += f"  {_change_of(change)}"
        elif change.field is not None:
            line += f"  {change.field.cardinality} {change.field.kind}  {label(change.field.label, language)}"
        yield typer.style(line, fg=colour)


def _change_of(change: FieldChange) -> str:
    if change.part == "order":
        return "the order in which the fields are shown"
    if change.part == "phrases":
        return "the fixed text"
    if isinstance(change.old, Mapping) and isinstance(change.new, Mapping):
        return f"{change.part}: {'; '.join(_entries(change.old, change.new))}"
    return f"{change.part}: {_plain(change.old)} → {_plain(change.new)}"


def _entries(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for key in dict.fromkeys((*old, *new)):
        if key not in new:
            yield f"-{key} {old[key]}".rstrip()
        elif key not in old:
            yield f"+{key} {new[key]}".rstrip()
        elif old[key] != new[key]:
            yield f"{key} {_plain(old[key])} → {_plain(new[key])}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return f"{len(value)} codes"
    return str(value) if value else "none"
