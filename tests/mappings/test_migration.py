"""A document carried to another version of its structure: what both know is taken over, the rest is reported."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from mappings.migration import carried_over
from schemas.record import Record
from schemas.samples import full_record
from schemas.structures import Field, Structure, shipped
from tests.strategies import contents

PLAN = shipped().find("15020")


def newer(*fields: Field) -> Structure:
    """A later version of the plan with other fields."""
    return replace(PLAN, oid="1.2.246.537.6.1506.15020.2027.1.1", fields=fields)


@given(contents(PLAN))
def test_the_same_fields_take_over_everything(content: dict[str, object]) -> None:
    record = Record({"structure": PLAN.oid}, content)
    carried, report = carried_over(record, PLAN, newer(*PLAN.fields))
    assert carried.content == content
    assert report.lost == ()
    assert carried.structure.endswith("2027.1.1")


def test_a_field_that_is_gone_is_reported() -> None:
    fields = tuple(field for field in PLAN.fields if field.key != "jakelu")
    carried, report = carried_over(full_record(PLAN), PLAN, newer(*fields))
    assert "jakelu" not in carried.body
    assert [entry.path for entry in report.lost] == [f"/content/{PLAN.root}/jakelu"]


def test_a_code_that_the_new_list_lacks_is_reported() -> None:
    goals = PLAN.by_path["asetettavat_tavoitteet"]
    scale = PLAN.by_path["asetettavat_tavoitteet/tavoitteen_asteikko"]
    narrow = replace(scale, codes={"1": "Muutos parempaan"})
    children = tuple(narrow if child.key == scale.key else child for child in goals.children)
    fields = tuple(replace(goals, children=children) if f.key == goals.key else f for f in PLAN.fields)
    carried, report = carried_over(full_record(PLAN), PLAN, newer(*fields))
    kept = sum(1 for goal in carried.body["asetettavat_tavoitteet"] if "tavoitteen_asteikko" in goal)
    assert kept + len(report.lost) == 2
    assert report.lost


def test_a_field_that_no_longer_repeats_keeps_its_first_and_reports_the_others() -> None:
    authors = replace(PLAN.by_path["laatija"], repeats=False)
    fields = tuple(authors if field.key == "laatija" else field for field in PLAN.fields)
    carried, report = carried_over(full_record(PLAN), PLAN, newer(*fields))
    assert isinstance(carried.body["laatija"], dict)
    assert [entry.path for entry in report.lost] == [f"/content/{PLAN.root}/laatija/1"]
