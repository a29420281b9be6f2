"""The invariants of R4 that our documents can break are told in every language."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from schemas.fhir_definitions import Definitions
from tests.fhir.seeding import example, examples
from validators.fhir import validate

WORDS = tomllib.loads((Path(__file__).parents[2] / "validators" / "invariants.toml").read_text("utf-8"))
_IN_ENGLISH = {
    "CapabilityStatement": "what a server says of itself is read by integrators alone",
    "Element": "ele-1 is told as a rule of its own",
}


@pytest.mark.parametrize("name", [name for name in examples() if name not in _IN_ENGLISH])
def test_every_invariant_of_a_type_in_use_has_its_words(name: str, definitions: Definitions) -> None:
    structure = definitions.type(name)
    assert structure is not None
    constraints = [one for entry in structure["snapshot"]["element"] for one in entry.get("constraint", ())]
    asked = {(one.get("source", name).rpartition("/")[2], one["key"]) for one in constraints}
    assert [one for one in asked if one[0] not in _IN_ENGLISH and one[1] not in WORDS[one[0]]] == []


def test_no_words_are_left_over(definitions: Definitions) -> None:
    for name, entries in WORDS.items():
        structure = definitions.type(name)
        assert structure is not None
        keys = {one["key"] for entry in structure["snapshot"]["element"] for one in entry.get("constraint", ())}
        assert entries.keys() <= keys, name
        assert all(entry.keys() == {"fi", "sv"} for entry in entries.values())


def test_a_broken_invariant_is_told_in_the_reader_s_language(definitions: Definitions) -> None:
    patient = {**example("Patient"), "contact": [{"gender": "male"}]}
    (issue,) = [one for one in validate(patient, definitions) if one.rule.severity == "error"]
    assert issue.message("fi") == (
        "Sääntö pat-1 ei toteudu: Yhteyshenkilöstä on jokin tieto tai viittaus organisaatioon."
    )
    assert issue.message("sv").startswith("Regeln pat-1 är inte uppfylld: Om en kontaktperson")
    assert issue.message("en").startswith("Rule pat-1 is broken: SHALL at least contain")
