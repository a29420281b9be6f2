"""The page about the gate is what its tables say."""

from __future__ import annotations

from pathlib import Path

from interop.cli.gate_pages import gate_page
from schemas.structures import shipped
from validators.gate import GROUNDS, duties
from validators.gate.documents import kind_of

PAGE = Path(__file__).parents[2] / "docs" / "gate.md"


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == gate_page(), "Run: python -m interop.cli.gate_pages > docs/gate.md"


def test_every_ground_and_duty_stands_in_it() -> None:
    page = PAGE.read_text("utf-8")
    assert all(f"`{name}`" in page for name in (*GROUNDS, *duties()))


def test_every_structure_has_a_kind() -> None:
    assert [one.oid for one in shipped() if not kind_of(one)] == []
