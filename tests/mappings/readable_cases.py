"""The cases of each table, for people: every value of a full record, where it goes, by which codec, what it becomes.

`python -m tests.mappings.readable_cases` writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mappings.engine import Mapping
from mappings.mutation import cases
from mappings.shipped import mapping_of, tables_of
from schemas.json_text import dump
from schemas.structures import Structure, shipped

__all__ = ["FOLDER", "PAIRS", "case_of"]

FOLDER = Path(__file__).parents[1] / "cases" / "mappings"
PAIRS = [(form, oid) for form in ("effica", "fhir", "omni360") for oid in tables_of(form)]


def case_of(form: str, oid: str) -> str:
    """The text of one table's case."""
    mapping = mapping_of(form, oid)
    assert mapping is not None
    return (
        "\n".join([f"# {form} {oid}: record -> format (codec) = written value", *_lines(mapping, shipped()[oid])])
        + "\n"
    )


def _lines(mapping: Mapping, structure: Structure) -> list[str]:
    record = cases(structure)[0]
    outcome = mapping.write(record, traced=True)
    links = [link for link in outcome.report.links if link.codec != "group" and _is_first(link.source)]
    return [
        f"{link.source} -> {link.target} ({link.codec}) = {dump(_at(outcome.tree, link.target)).decode()}"
        for link in links
    ]


def _is_first(path: str) -> bool:
    """True for a path through first items alone: the others are alike."""
    return all(step == "0" for step in path.split("/") if step.isdecimal())


def _at(tree: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step.replace("~1", "/").replace("~0", "~")]
    return tree


def main() -> None:
    for form, oid in PAIRS:
        path = FOLDER / form / f"{shipped()[oid].code}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(case_of(form, oid), "utf-8")


if __name__ == "__main__":
    main()
