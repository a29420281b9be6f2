"""Every rule that `docs/rules.md` names is told of what breaks it, and not of what passes it."""

from __future__ import annotations

import re
from functools import cache

import pytest

from interop.cli.rule_pages import all_rules
from tests.documents.test_ten_faults import ROOT
from tests.rules.own_cases import Told
from tests.rules.rule_cases import cases

RULES = re.findall(r"^### (\w+)$", (ROOT / "docs" / "rules.md").read_text("utf-8"), re.MULTILINE)


@cache
def _cases() -> dict[str, tuple[Told, Told]]:
    return cases()


def test_every_rule_has_both_cases_and_stands_on_the_page() -> None:
    assert _cases().keys() == all_rules().keys() == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_broken(rule: str) -> None:
    assert rule in _cases()[rule][0]()


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_passed(rule: str) -> None:
    assert rule not in _cases()[rule][1]()
