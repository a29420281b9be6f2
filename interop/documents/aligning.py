"""Alignment: which agreed goals of a client plan a provider's plan or summary addresses, and which work has no goal.

A goal is addressed by reference where the other document names the plan's goal by code; otherwise by declared text
evidence: the words that goal and passage share. A person judges; this only shows where to look.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from mappings.outline import Line, outline
from schemas.record import Record
from schemas.structures import shipped

__all__ = ["Alignment", "Evidence", "GoalState", "align"]

Kind = Literal["reference", "text", "none"]

_GOAL_KEYS = ("asetettavat_tavoitteet", "yhteiset_tavoitteet")
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 6
"""Finnish words are compared by so many first letters: endings change, the beginning seldom does."""
_LEAST = 2
"""So many different words have to be shared before a passage counts as evidence."""
_LINES_ON_PAGE = 46
_SIGNS_ON_LINE = 90


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage of the other document that speaks of a goal: where it stands, and how many words they share."""

    path: str
    label: str
    shared: int


@dataclass(frozen=True, slots=True)
class GoalState:
    """One agreed goal. `name` is the goal as the plan says it."""

    path: str
    name: str
    kind: Kind
    evidence: list[Evidence]


@dataclass(frozen=True, slots=True)
class Alignment:
    """All agreed goals, the passages of work that no goal has, and how many printed pages the other document takes."""

    goals: list[GoalState]
    without_goal: list[Evidence]
    pages: int

    @property
    def complete(self) -> bool:
        """True when every agreed goal is addressed."""
        return all(goal.kind != "none" for goal in self.goals)


def align(plan: Record, other: Record) -> Alignment:
    """How another document stands to a plan's agreed goals. Either of an unknown structure has no goals or passages."""
    passages = [line for line in _lines(other) if line.value is not None and line.field.kind in ("text", "name")]
    codes = {_coded(line) for line in _lines(other) if line.field.kind == "code"}
    words = {line.path: _words(line.value or "") for line in passages}
    goals = [_state(path, text, code, passages, words, codes) for path, text, code in _goals(plan)]
    used = {evidence.path for goal in goals for evidence in goal.evidence}
    work = [line for line in passages if line.path not in used and len(words[line.path]) > _LEAST and _is_work(line)]
    length = sum(1 + len(line.value or "") // _SIGNS_ON_LINE for line in _lines(other))
    return Alignment(goals, [Evidence(line.path, line.label, 0) for line in work], -(-length // _LINES_ON_PAGE))


def _state(
    path: str, text: str, code: str, passages: list[Line], words: dict[str, set[str]], codes: set[str]
) -> GoalState:
    mine = _words(text)
    shared = [(len(mine & words[line.path]), line) for line in passages]
    evidence = [Evidence(line.path, line.label, count) for count, line in shared if count >= _LEAST]
    evidence.sort(key=lambda one: -one.shared)
    kind: Kind = "reference" if code and code in codes else "text" if evidence else "none"
    return GoalState(path, text, kind, evidence)


def _goals(plan: Record) -> list[tuple[str, str, str]]:
    """The agreed goals of a plan: place, words, and the code when it has one."""
    found: dict[str, list[Line]] = {}
    for line in _lines(plan):
        match = re.match(rf"(.*/(?:{'|'.join(_GOAL_KEYS)})/\d+)(/|$)", line.path)
        if match and line.value is not None and "/tilannetekijat/" not in line.path:
            found.setdefault(match[1], []).append(line)
    goals = []
    for path, lines in found.items():
        code = next((_coded(line) for line in lines if line.field.key == "tavoite"), "")
        texts = [line.value or "" for line in lines if line.field.key != "tavoitteen_asteikko"]
        goals.append((path, ". ".join(texts), code))
    return goals


def _lines(record: Record) -> list[Line]:
    structure = shipped().get(record.structure)
    return outline(structure, record.body, record.language) if structure else []


def _coded(line: Line) -> str:
    """A code as one text, for comparing; lines hold the display, which stands for the code of one list."""
    return f"{line.field.system}|{line.value}" if line.field.kind == "code" and "1292" in line.field.system else ""


def _is_work(line: Line) -> bool:
    """True for the passages that tell what is done, rather than who was there or what the law says."""
    return not any(
        key in line.path for key in ("asiakas/", "laatija", "lakiselostus", "jakelu", "paikka", "osallistujat")
    )


_NO_WORK = ("asiakas/", "laatija", "lakiselostus", "jakelu", "paikka", "osallistujat")


def _words(text: str) -> set[str]:
    return {word[:_STEM].lower() for word in _WORD.findall(text)} - _COMMON


_COMMON: set[Any] = {word[:_STEM] for word in (
    "sekä", "että", "jotta", "kanssa", "omaan", "oman", "ovat", "myös", "mutta", "kuin", "vielä", "tämä", "asiakas",
    "asiakkaan", "aikana", "mukaan", "kautta", "niin", "noin", "hänen", "hänelle", "voisi", "ennen", "jälkeen",
    "tarvitsee",
)}  # fmt: skip
"""Words that every plan holds and that say nothing of a goal."""
