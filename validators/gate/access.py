"""Tells whether a duty may see a document at all, by the access matrix of decree 457/2024 § 12-18 (`access.toml`).

The answer is True, False, or None when a fact is missing that decides it. Source: https://www.finlex.fi/ (457/2024).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from validators.gate.documents import task_named
from validators.gate.facts import Receiver, Subject

__all__ = ["Answer", "allowed", "both", "duties", "either", "excluded", "touches", "within"]

Answer = bool | None
"""None: not known."""


@cache
def duties() -> Mapping[str, Mapping[str, Any]]:
    """The duties by their names, each with its section, sector, ownership and rows."""
    return tomllib.loads(files("validators").joinpath("gate/access.toml").read_text("utf-8"))


def excluded(subject: Subject, duty: str) -> frozenset[str]:
    """The features of the document that no row of the duty lets through."""
    return frozenset(duties()[duty]["excludes"]) & (subject.features or frozenset())


def allowed(subject: Subject, receiver: Receiver) -> Answer:
    """Whether the receiver's duty may see the document. In: a duty that the table has."""
    if excluded(subject, receiver.duty):
        return False
    return either(_by_row(row, subject, receiver) for row in duties()[receiver.duty]["allows"])


def _by_row(row: Mapping[str, Any], subject: Subject, receiver: Receiver) -> Answer:
    return both(
        (
            _kind(row, subject),
            _tasks(row["tasks"], subject, receiver),
            _one_of(subject.service, receiver.services) if row.get("services") == "own" else True,
            _one_of(subject.producer, receiver.oids) if row.get("producer") == "self" else True,
        )
    )


def _kind(row: Mapping[str, Any], subject: Subject) -> Answer:
    if not subject.kind:
        return None
    return row["kinds"] == ["*"] or subject.kind in row["kinds"]


def _tasks(names: list[str], subject: Subject, receiver: Receiver) -> Answer:
    if names == ["*"]:
        return True
    listed = {name for name in names if name != "own"}
    own = receiver.service_tasks if "own" in names else frozenset()
    return within(subject, listed | own)


def within(subject: Subject, targets: Iterable[str]) -> Answer:
    """Whether all the document's service tasks are among the targets, which are our names or codes of 1221."""
    targets = frozenset(targets)
    names = frozenset(filter(None, map(task_named, targets)))
    if subject.tasks and subject.tasks <= names:
        return True
    unnamed = {target for target in targets if not task_named(target)}
    if subject.task_codes and subject.task_codes <= unnamed:
        return True
    if not subject.tasks:
        return False if subject.task_codes and not names else None
    return None if unnamed and not subject.task_codes else False


def touches(subject: Subject, targets: Iterable[str]) -> Answer:
    """Whether one of the document's service tasks is among the targets, which are our names or codes of 1221."""
    return either(_is_task(subject, target) for target in targets if target)


def _is_task(subject: Subject, target: str) -> Answer:
    name = task_named(target)
    if name in subject.tasks or target in subject.task_codes:
        return True
    # A code that differs is another task; a name and a code can be compared only when the code's name is known.
    if subject.tasks if name else subject.task_codes:
        return False
    return False if subject.task_codes and name and name != target else None


def _one_of(value: str, values: frozenset[str]) -> Answer:
    return value in values if value and values else None


def both(answers: Iterable[Answer]) -> Answer:
    """The answers joined by `and`: False wins, then what is not known."""
    several = list(answers)
    return False if False in several else None if None in several else True


def either(answers: Iterable[Answer]) -> Answer:
    """The answers joined by `or`: True wins, then what is not known."""
    several = list(answers)
    return True if True in several else None if None in several else False
