"""The public test cases of FHIR validators with their official outcomes, which are not ours to ship.

Source: FHIR/fhir-test-cases (Apache-2.0), the R4 JSON cases that need no further packages.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemas.fhir_definitions import Definitions
from schemas.issues import Issue, has_errors
from schemas.json_text import parse
from validators.fhir import Options, validate

__all__ = [
    "DISAGREEMENTS",
    "Case",
    "disagreement",
    "expected_disagreements",
    "public_cases",
    "reference",
    "require",
    "verdict",
]

DISAGREEMENTS = Path(__file__).parent / "disagreements.json"
_BESIDE_THE_REPOSITORY = Path(__file__).parents[3] / "shared" / "reference"


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `invalid`: the official outcome holds an error. `places`: where, as FHIRPath."""

    name: str
    feature: str
    data: bytes
    supporting: tuple[dict[str, Any], ...]
    invalid: bool
    places: tuple[str, ...]


def reference(folder: str) -> Path | None:
    """A folder of reference data, or None when it is not there."""
    found = Path(os.environ.get("INTEROP_REFERENCE") or _BESIDE_THE_REPOSITORY) / folder
    return found if found.is_dir() else None


def require(folder: str) -> Path:
    """A folder of reference data. Without it the test is skipped, and in CI it fails."""
    found = reference(folder)
    if found is not None:
        return found
    reason = f"The reference data {folder} is not there: set INTEROP_REFERENCE to the folder that holds it."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def public_cases(folder: Path) -> Iterator[Case]:
    """Every case, in the order of the index."""
    for entry in json.loads((folder / "index.json").read_text("utf-8")):
        errors = [one for one in entry["expected"] if one["severity"] in ("error", "fatal")]
        supporting = (folder / name for name in entry["supporting"] if name.endswith(".json"))
        yield Case(
            entry["name"],
            entry["module"] or "other",
            (folder / entry["file"]).read_bytes(),
            tuple(parse(path.read_bytes())[0] for path in supporting),
            bool(errors),
            tuple(place for one in errors for place in one.get("expression") or ()),
        )


def verdict(case: Case, definitions: Definitions) -> list[Issue]:
    """What our validator says of a case. As in the official run, extensions that are not known are refused."""
    value, issues = parse(case.data)
    if value is None:
        return issues
    known = definitions.with_resources(case.supporting) if case.supporting else definitions
    return [*issues, *validate(value, known, options=Options(closed=True))]


def expected_disagreements() -> dict[str, dict[str, str]]:
    """The cases in which our verdict is another than the official one, each with the kind and the reason."""
    found: dict[str, dict[str, str]] = json.loads(DISAGREEMENTS.read_text("utf-8"))
    return found


def disagreement(case: Case, issues: list[Issue]) -> str | None:
    """`stricter` or `missed`, or None when the verdicts agree."""
    if has_errors(issues) == case.invalid:
        return None
    return "missed" if case.invalid else "stricter"
