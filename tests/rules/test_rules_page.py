"""The documentation of the rules is what the catalogues say."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop.cli import rule_pages
from interop.cli.rule_pages import all_rules, rules_page

_PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_page_is_up_to_date() -> None:
    assert _PAGE.read_text("utf-8") == rules_page(), "Run: python -m interop.cli.rule_pages > docs/rules.md"


def test_every_rule_has_its_section() -> None:
    sections = [line.removeprefix("### ") for line in rules_page().splitlines() if line.startswith("### ")]
    assert sorted(sections) == sorted(all_rules())


def test_id_in_two_catalogues_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_pages, "FILES", (("schemas", "rules"), ("schemas", "rules")))
    with pytest.raises(ValueError, match="two catalogues"):
        all_rules()
