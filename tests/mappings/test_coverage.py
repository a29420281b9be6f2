"""The coverage matrix in the README is the one that the tables give."""

from __future__ import annotations

from pathlib import Path

from interop.cli.mapping_commands import coverage_lines
from mappings.coverage import matrix
from mappings.shipped import tables_of
from schemas.structures import shipped

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- coverage: interop mappings coverage -->\n", "<!-- coverage ends -->"


def test_the_readme_holds_the_matrix() -> None:
    text = README.read_text("utf-8")
    held = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
    rows = list(matrix(shipped()[oid] for oid in tables_of("fhir")))
    assert held == "\n".join(coverage_lines(rows)) + "\n"


def test_nothing_is_lost_in_any_format() -> None:
    for row in matrix(shipped()[oid] for oid in tables_of("fhir")):
        for one in row:
            assert one.lost == 0, (one.structure, one.format)
