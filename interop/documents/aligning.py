"""Alignment: which agreed goals of a client plan a provider's plan or summary addresses, and which work has no goal.

A goal is addressed by reference where the other document names the plan's goal by code; otherwise by declared text
evidence: words that goal and passage share, or a theme of `mappings/themes.toml`. A person judges; this only shows
where to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mappings.outline import Line, outline
from mappings.themes import themes_of
from schemas.record import Record
from schemas.structures import shipped

__all__ = ["Alignment", "Evidence", "GoalState", "align"]

Kind = Literal["reference", "text", "theme", "none"]

_GOALS = re.compile(r"(.*/(?:asetettavat_tavoitteet|yhteiset_tavoitteet)/\d+)(?:/|$)")
_GOAL_CODES = "1.2.246.537.6.1292"
_BESIDE_GOAL = ("/tilannetekijat/", "/tavoitteen_asteikko")
_NO_WORK = ("asiakas/", "laatija", "lakiselostus", "jakelu", "paikka", "osallistujat", "vastaanottaja", "toimitetaan")
"""The parts of a document that tell who was there or what the law says, rather than what is done."""
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 6
"""Finnish words are compared by so many first letters: endings change, the beginning seldom does."""
_LEAST = 2
"""So many different words have to be shared before they count as evidence."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage of the other document that speaks of a goal: where it stands, the words and the themes they share."""

    path: str
    label: str
    shared: int = 0
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoalState:
    """One agreed goal. `name` is the goal as the plan says it; `kind` the strongest evidence that it is addressed."""

    path: str
    name: str
    kind: Kind
    evidence: list[Evidence]


@dataclass(frozen=True, slots=True)
class Alignment:
    """All agreed goals, and the passages of work that no goal has."""

    goals: list[GoalState]
    without_goal: list[Evidence]

    @property
    def complete(self) -> bool:
        """True when every agreed goal is addressed."""
        return all(goal.kind != "none" for goal in self.goals)


@dataclass(frozen=True, slots=True)
class _Passage:
    line: Line
    words: frozenset[str]
    themes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Goal:
    path: str
    text: str
    code: str


def align(plan: Record, other: Record) -> Alignment:
    """How another document stands to a plan's agreed goals. Either of an unknown structure has no goals or passages."""
    lines = _lines(other)
    passages = [_passage(line, other.language) for line in lines if _is_work(line)]
    codes = frozenset(_goal_code(line) for line in lines) - {""}
    goals = [_state(goal, plan.language, passages, codes) for goal in _goals(plan)]
    used = {evidence.path for goal in goals for evidence in goal.evidence}
    rest = [one.line for one in passages if one.line.path not in used and len(one.words) > _LEAST]
    return Alignment(goals, [Evidence(line.path, line.label) for line in rest])


def _state(goal: _Goal, language: str, passages: list[_Passage], codes: frozenset[str]) -> GoalState:
    words, themes = _words(goal.text), themes_of(goal.text, language)
    evidence = [
        Evidence(one.line.path, one.line.label, len(words & one.words), tuple(sorted(themes & one.themes)))
        for one in passages
        if len(words & one.words) >= _LEAST or themes & one.themes
    ]
    evidence.sort(key=lambda one: (-one.shared, -len(one.themes)))
    return GoalState(goal.path, goal.text, _kind(goal, evidence, codes), evidence)


def _kind(goal: _Goal, evidence: list[Evidence], codes: frozenset[str]) -> Kind:
    if goal.code in codes:
        return "reference"
    if not evidence:
        return "none"
    return "text" if evidence[0].shared >= _LEAST else "theme"


def _goals(plan: Record) -> Iterator[_Goal]:
    found: dict[str, list[Line]] = {}
    for line in _lines(plan):
        match = _GOALS.match(line.path)
        if match and line.value and not any(part in line.path for part in _BESIDE_GOAL):
            found.setdefault(match[1], []).append(line)
    for path, lines in found.items():
        code = next(filter(None, map(_goal_code, lines)), "")
        yield _Goal(path, ": ".join(line.value or "" for line in lines), code)


def _lines(record: Record) -> list[Line]:
    structure = shipped().get(record.structure)
    return outline(structure, record.body, record.language) if structure else []


def _goal_code(line: Line) -> str:
    """A code of the national list of goals, for comparing; lines hold the display, which stands for the code."""
    return f"{line.value}" if line.field.kind == "code" and _GOAL_CODES in line.field.system else ""


def _is_work(line: Line) -> bool:
    return bool(line.value) and line.field.kind in ("text", "name") and not any(one in line.path for one in _NO_WORK)


def _passage(line: Line, language: str) -> _Passage:
    text = line.value or ""
    return _Passage(line, _words(text), themes_of(text, language))


def _words(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM].lower() for word in _WORD.findall(text)) - _COMMON


_COMMON = frozenset(word[:_STEM] for word in (
    "sekä", "että", "jotta", "kanssa", "omaan", "oman", "ovat", "myös", "mutta", "kuin", "vielä", "tämä", "asiakas",
    "asiakkaan", "aikana", "mukaan", "kautta", "niin", "noin", "hänen", "hänelle", "voisi", "ennen", "jälkeen",
    "tarvitsee", "och", "eller", "samt", "inte", "från", "till", "klienten", "klientens", "under", "efter", "behöver",
))  # fmt: skip
"""Words that every plan holds and that say nothing of a goal."""
