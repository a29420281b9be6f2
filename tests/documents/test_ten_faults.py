"""A document with ten faults gets ten findings: each once, at its place.

One file a format, one table a fault: `replace` and `with` are the fault, in the example plan as the format writes it;
`rule`, `path`, `at` (what stands on the line named) and `expression` (of FHIR alone) are the finding.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from interop.documents import examine, write
from schemas.issues import Issue

ROOT = Path(__file__).parents[2]
CASES = {
    path.stem: tomllib.loads(path.read_text("utf-8"))["fault"] for path in ROOT.glob("tests/cases/ten_faults/*.toml")
}
SINGLE = [pytest.param(form, fault, id=f"{form}-{n}") for form in CASES for n, fault in enumerate(CASES[form], 1)]


@cache
def whole(form: str) -> str:
    """The example plan without faults."""
    record = examine((ROOT / "examples" / "plan.json").read_bytes(), "thl").record
    assert record is not None
    return write(record, form).data.decode()


def spoilt(text: str, faults: list[dict[str, Any]]) -> str:
    for fault in faults:
        assert fault["replace"] in text
        text = text.replace(fault["replace"], fault["with"], 1)
    return text


def errors(text: str, form: str) -> list[Issue]:
    return [issue for issue in examine(text.encode(), form).issues if issue.rule.severity == "error"]


def places(issues: list[Issue]) -> list[tuple[str, str]]:
    return sorted((issue.rule.id, issue.path) for issue in issues)


def test_every_form_has_its_ten() -> None:
    assert {form: len(faults) for form, faults in CASES.items()} == dict.fromkeys(
        ("apotti", "effica", "fhir", "kanta", "omni360", "thl"), 10
    )


@pytest.mark.parametrize("form", CASES)
def test_ten_faults_are_ten_findings(form: str) -> None:
    assert errors(whole(form), form) == []
    found = errors(spoilt(whole(form), CASES[form]), form)
    assert places(found) == sorted((fault["rule"], fault["path"]) for fault in CASES[form])


@pytest.mark.parametrize(("form", "fault"), SINGLE)
def test_one_fault_is_one_finding_at_its_place(form: str, fault: dict[str, Any]) -> None:
    text = spoilt(whole(form), [fault])
    (issue,) = errors(text, form)
    assert (issue.rule.id, issue.path) == (fault["rule"], fault["path"])
    assert issue.line is not None
    assert fault["at"] in text.splitlines()[issue.line - 1]
    assert issue.slots.get("expression") == fault.get("expression")
    assert issue.column or form in ("effica", "kanta")
