"""The next plan holds what THL's notes say that a previous plan fills in, and whom the plan is about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mappings.shipped import mapping_of, tables_of
from mappings.succession import next_plan, takes_nothing_over
from schemas.samples import full_record
from schemas.structures import shipped
from tests.originals import require_originals

PLANS = ["15003", "15007", "15009", "15010", "15015", "15020", "15022", "15023"]
PREVIOUS = ("edellisestä suunnitelmasta", "aikaisemmasta suunnitelmasta", "edellisen asiakassuunnitelman")
CREATED = "2026-11-25T10:00:00+00:00"


def notes(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """The implementation notes in one of THL's files, each with its field."""
    if not isinstance(value, dict):
        return
    for note in value.get("sosmeta", {}).get("implementationNote", ()):
        yield "/".join(path[1:]), note["value"]
    yield from notes(value.get("items"), path)
    for key, inner in value.get("properties", {}).items():
        yield from notes(inner, (*path, key))


def test_every_client_plan_has_a_table() -> None:
    assert sorted(shipped()[oid].code for oid in tables_of("next")) == PLANS


@pytest.mark.parametrize("code", PLANS)
def test_a_table_takes_over_the_fields_whose_notes_name_the_previous_plan(code: str) -> None:
    structure = shipped().find(code)
    original = json.loads((require_originals() / f"{structure.oid}.json").read_text("utf-8"))
    noted = {path for path, note in notes(original) if any(words in note for words in PREVIOUS)}
    mapping = mapping_of("next", structure.oid)
    assert mapping is not None
    filled = {
        "/".join(step for step in row.format[1:] if isinstance(step, str))
        for row in mapping.table.rows
        if row.format and row.format[1] not in ("asiakas", "lapsi")
    }
    gathered = {"suunnitelman_arviointi/menetelmien_arviointi/menetelma"} if filled else set()
    assert takes_nothing_over(structure.oid) == (not noted)
    assert bool(filled) == bool(noted)
    assert all(any(place == path or place.startswith(f"{path}/") for place in filled | gathered) for path in noted)
    assert all(any(place == path or place.startswith(f"{path}/") for path in noted) for place in filled | gathered)


@pytest.mark.parametrize("code", PLANS)
def test_a_draft_is_about_the_same_people_and_is_a_document_of_its_own(code: str) -> None:
    before = full_record(shipped().find(code))
    draft = next_plan(before, CREATED)
    assert draft is not None
    about = [key for key in ("asiakas", "lapsi") if key in before.body]
    assert {key: draft.body[key] for key in about} == {key: before.body[key] for key in about}
    if takes_nothing_over(before.structure):
        assert sorted(draft.body) == about
    assert draft.document != before.document
    assert (draft.version, draft.envelope["status"]) == (1, "draft")
    assert {"document", "author"} <= set(draft.envelope["placeholders"])


def test_other_structures_have_no_next_plan() -> None:
    assessment = full_record(shipped().find("1012"))
    assert next_plan(assessment, CREATED) is None
    assert not takes_nothing_over(assessment.structure)
