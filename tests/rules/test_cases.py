"""Every conditional rule in its folder `tests/cases/rules/<rule id>`: what passes it, and what breaks it and where.

`pass.json` and `fail.json` are contents in full; `fail.path.txt` holds the places of the findings, one a line.
"""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from schemas.issues import Issue
from schemas.record import envelope_structure
from schemas.structures import Structure, shipped
from tests.strategies import with_own_phrases
from validators.conditions import check_conditions
from validators.content import check_content, check_envelope
from validators.rules import condition_rules

CASES = Path(__file__).parents[1] / "cases" / "rules"


def _structure_of(content: dict[str, Any]) -> Structure:
    (root,) = content
    if root == envelope_structure().root:
        return envelope_structure()
    return with_own_phrases(shipped().of_root(root)[-1])


def content_issues(rule: str, name: str, folder: Path = CASES) -> list[Issue]:
    """What the conditional rules say of one of the two contents of a case."""
    content = json.loads((folder / rule / f"{name}.json").read_text("utf-8"))
    return check_conditions(_structure_of(content), content)


def _run(case: Path, name: str) -> None:
    """Judges one of the two contents of a case; another rule may find no error in it."""
    issues = content_issues(case.name, name, case.parent)
    expected = (case / "fail.path.txt").read_text("utf-8").split() if name == "fail" else []
    assert [issue.path for issue in issues if issue.rule.id == case.name] == expected
    assert {issue.rule.id for issue in issues if issue.rule.severity == "error"} <= {
        case.name if name == "fail" else ""
    }


def test_every_rule_has_its_case_and_every_case_its_rule() -> None:
    assert {case.name for case in CASES.iterdir()} == set(condition_rules())
    assert all((case / "fail.path.txt").read_text("utf-8").split() for case in CASES.iterdir())


@pytest.mark.parametrize("rule", condition_rules())
@pytest.mark.parametrize("name", ["pass", "fail"])
def test_case(rule: str, name: str) -> None:
    _run(CASES / rule, name)


@pytest.mark.parametrize("rule", condition_rules())
@pytest.mark.parametrize("name", ["pass", "fail"])
def test_case_follows_its_structure(rule: str, name: str) -> None:
    content = json.loads((CASES / rule / f"{name}.json").read_text("utf-8"))
    structure = _structure_of(content)
    if structure.oid == envelope_structure().oid:
        issues = check_envelope(content[structure.root])
    else:
        issues = check_content(structure, content)
    assert [(issue.rule.id, issue.path) for issue in issues if issue.rule.severity == "error"] == []


@pytest.mark.parametrize("spoilt", ["wrong path", "no finding expected", "pass that fails", "fail that passes"])
def test_runner_sees_a_wrong_expectation(tmp_path: Path, spoilt: str) -> None:
    rule = "service_task_only_for_social_services"
    case = copytree(CASES / rule, tmp_path / rule)
    name = "pass" if spoilt == "pass that fails" else "fail"
    if spoilt == "wrong path":
        (case / "fail.path.txt").write_text("/tyoikaisten_palvelujen_asiakassuunnitelma/asiakas/0\n")
    elif spoilt == "no finding expected":
        (case / "fail.path.txt").write_text("")
    elif spoilt == "pass that fails":
        (case / "pass.json").write_bytes((case / "fail.json").read_bytes())
    else:
        (case / "fail.json").write_bytes((case / "pass.json").read_bytes())
    with pytest.raises(AssertionError):
        _run(case, name)
