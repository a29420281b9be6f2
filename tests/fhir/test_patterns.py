"""Patterns of definitions: what they find, what is not judged, and that none takes longer than its text is long."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.fhir_definitions import shipped_definitions
from validators.fhir.invariants import evaluated
from validators.fhir.patterns import finds, follows, replaced
from validators.fhir.references import check_references
from validators.fhir.scope import Options, Run, Scope

LONG = "a" * 100_000 + "!"


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^(a+)+$", LONG, False),
        ("(a|aa)+$", LONG, False),
        ("b.c", "ab\nc", True),
        ("^[A-Za-z0-9_]+$", "plan_1", True),
        (r"ä\d$", "sä1", True),
        ("(?=a)a", "a", None),
        (r"(a)\1", "aa", None),
        ("((a{1000}){1000}){1000}", "a", None),
        ("[", "a", None),
        ("a", "\ud800", None),
    ],
)
def test_what_a_pattern_finds(pattern: str, text: str, found: bool | None) -> None:
    assert finds(pattern, text) is found


def test_the_whole_text_follows_a_pattern_or_not() -> None:
    assert follows("[0-9]+", "12") is True
    assert follows("[0-9]+", "12a") is False


@pytest.mark.parametrize(
    ("instead", "found"), [("$2.$1", "b.a b.a"), ("", " "), ("x\\1", "x\\1 x\\1"), ("$9", None), ("\ud800", None)]
)
def test_what_follows_a_pattern_is_replaced(instead: str, found: str | None) -> None:
    assert replaced("(a)(b)", instead, "ab ab") == found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("language.matches('^(a+)+$')", [False]),
        ("language.matches('')", []),
        ("id.matches('a')", []),
        ("language.matches('(?=a)')", None),
        ("name.family.matches('a')", None),
        ("name.family.first().replaceMatches('(V)ir', '$1er')", ["Vertanen"]),
        ("name.family.first().replaceMatches('V', $this)", None),
    ],
)
def test_fhirpath_runs_them_too(expression: str, found: list[Any] | None) -> None:
    patient = {"resourceType": "Patient", "language": LONG, "name": [{"family": "Virtanen"}, {"family": "Aalto"}]}
    run = Run(shipped_definitions(), Options(), Scope(patient, patient), settle=check_references)
    assert evaluated(expression, patient, run) == found
