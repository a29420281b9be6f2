"""Tells what a document is for the gate: its kind, its service tasks and its features, by the table `documents.toml`.

Source: THL Sosmeta (types and subjects of structures); code system 1.2.246.537.6.1221 (service tasks).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from schemas.site import resource
from schemas.structures import PREFIX, Structure

__all__ = ["MULTIDISCIPLINARY", "features_of", "kind_of", "kinds", "task_named", "tasks", "tasks_of"]

MULTIDISCIPLINARY = "multidisciplinary_plan"


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    return tomllib.loads(resource("validators", "gate/documents.toml").read_text("utf-8"))


def kinds() -> tuple[str, ...]:
    """Every kind of document."""
    return tuple(_table()["kinds"])


def tasks() -> tuple[str, ...]:
    """Our names of the seven service tasks."""
    return tuple(_table()["tasks"])


def kind_of(structure: Structure) -> str:
    """The kind of the structure's documents; empty when the table does not know it."""
    codes = _codes(structure)
    by_code = [name for name, row in _table()["kinds"].items() if not codes.isdisjoint(row.get("codes", ()))]
    by_type = [name for name, row in _table()["kinds"].items() if structure.type in row.get("types", ())]
    return next(iter(by_code + by_type), "") if _is_public(structure) or by_code else ""


def tasks_of(structure: Structure) -> frozenset[str]:
    """Our names of the service tasks that the structure itself belongs to; none for one that all tasks share."""
    return frozenset(name for name, row in _table()["tasks"].items() if structure.subject in row["subjects"])


def task_named(code: str) -> str:
    """Our name of a service task, by its code of 1221 or the name itself; empty for a code that is not public."""
    if code in _table()["tasks"]:
        return code
    return next((name for name, row in _table()["tasks"].items() if code in row["codes"]), "")


def features_of(structure: Structure, service: str) -> frozenset[str]:
    """What the access matrix singles out in a document. In: `service` is the name of its service, or empty."""
    codes, shown = _codes(structure), service.casefold()
    return frozenset(
        name
        for name, row in _table()["features"].items()
        if not codes.isdisjoint(row["codes"])
        or structure.subject in row["subjects"]
        or any(word in shown for word in row["words"])
    )


def _is_public(structure: Structure) -> bool:
    return structure.oid.startswith((f"{PREFIX}1505.", f"{PREFIX}1506."))


def _codes(structure: Structure) -> set[str]:
    """The names by which the table may call the structure: 15020, 1506.15020; its whole OID without the version."""
    base = ".".join(structure.oid.split(".")[:-3])
    if not _is_public(structure):
        return {base}
    short = base.removeprefix(PREFIX)
    return {base, short} | ({structure.code} if short.startswith("1506.") else set())
