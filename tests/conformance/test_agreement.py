"""Our verdict is the official one on the public test cases, but for a short list with a reason for each."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from schemas.fhir_definitions import Definitions
from schemas.issues import has_errors
from schemas.json_text import parse
from tests.conformance.public_cases import disagreement, expected_disagreements, public_cases, require, verdict
from tests.conformance.table import OURS, PAGE, by_feature, judge, seeded_faults, totals
from validators.fhir import validate

_WANTED = 0.97
_CASES, _EXAMPLES = 154, 87
"""So many there are; fewer would prove less."""


def test_verdicts_agree_but_for_the_listed_cases(definitions: Definitions, capsys: pytest.CaptureFixture[str]) -> None:
    cases = list(public_cases(require("fhir-validator-cases")))
    assert len({case.name for case in cases}) >= _CASES
    found = {case.name: kind for case in cases if (kind := disagreement(case, verdict(case, definitions)))}
    listed = {name: entry["kind"] for name, entry in expected_disagreements().items()}
    assert found == listed, "Mend the validator, or list the case with its reason in disagreements.json."
    assert 1 - len(found) / len(cases) >= _WANTED
    with capsys.disabled():
        sys.stdout.write(f"\npublic validator cases: {len(cases) - len(found)} of {len(cases)} agree\n")


def test_every_listed_disagreement_has_a_reason() -> None:
    for name, entry in expected_disagreements().items():
        assert entry["kind"] in ("missed", "stricter"), name
        assert len(entry["reason"]) > 40, name


def test_errors_stand_where_the_official_ones_stand(definitions: Definitions) -> None:
    """In most cases that both find invalid, one of our errors is at an official place, or at what holds it."""
    together = matched = 0
    for case in public_cases(require("fhir-validator-cases")):
        ours = [i for i in verdict(case, definitions) if i.rule.severity == "error"]
        if case.invalid and ours:
            together += 1
            official = {_plain(place) for place in case.places}
            mine = {_plain(str(issue.slots.get("expression", ""))) for issue in ours}
            matched += any(a == b or _above(a) == b or a == _above(b) for a in mine for b in official)
    assert matched / together >= 0.85, f"{matched} of {together}"


def test_examples_of_hl7_are_valid(definitions: Definitions) -> None:
    known = json.loads((Path(__file__).parent / "examples_with_faults.json").read_text("utf-8"))
    paths = sorted(require("hl7-examples").glob("*.json"))
    assert len(paths) >= _EXAMPLES
    invalid = {path.name for path in paths if has_errors(validate(parse(path.read_bytes())[0], definitions))}
    assert invalid == set(known)


def test_page_is_current_as_to_us(definitions: Definitions) -> None:
    """What the page says of us is what a run says now; the peers judge only when the page is made."""
    page = PAGE.read_text("utf-8").splitlines()
    cases = list(public_cases(require("fhir-validator-cases")))
    ours = judge(definitions)
    verdicts = {OURS: [ours(case) for case in cases]}
    made = [*totals(cases, verdicts), *by_feature(cases, verdicts), *seeded_faults({OURS: ours})]
    rows = [line.removesuffix(" |") for line in made if line.startswith("| ") and not line.startswith("| feature |")]
    assert len(rows) > 28
    missing = [row for row in rows if not any(line.startswith(row) for line in page)]
    assert missing == [], "Run: python -m tests.conformance.table hl7.fhir.r4.core.tgz > docs/conformance.md"


def test_page_names_every_disagreement() -> None:
    page = PAGE.read_text("utf-8")
    for name, entry in expected_disagreements().items():
        assert f"- `{name}` ({entry['kind']}): {entry['reason']}\n" in page


def _plain(place: str) -> str:
    """An expression without the comments and the spellings in which two validators differ."""
    place = re.sub(r"/\*.*?\*/", "", place)
    return re.sub(r"\.?(value|medication)(\.ofType\(\w+\)|\[x\])", r".\1", place)


def _above(place: str) -> str:
    return place.rpartition(".")[0]
