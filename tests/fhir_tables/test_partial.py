"""A record that another system gives out in part is read in part, and every gap is said."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mappings.formats import ReadResult, format_named, sniffed
from schemas.record import Record
from tests.fhir_tables.documents import bundle_of
from tests.formats.test_round_trips import record_of

GOALS = "asetettavat_tavoitteet"


@pytest.fixture(scope="module")
def record() -> Record:
    return record_of("plan.json")


def read(format_name: str, bundle: Any) -> ReadResult:
    return format_named(format_name).read(orjson.dumps(bundle))


def found(result: ReadResult) -> set[tuple[str, str]]:
    return {(issue.rule.id, issue.path) for issue in result.issues}


def without(bundle: Any, kind: str) -> Any:
    return {**bundle, "entry": [e for e in bundle["entry"] if e["resource"]["resourceType"] != kind]}


def test_omni360_without_contained_gives_the_record_and_names_every_broken_reference(record: Record) -> None:
    bundle = bundle_of("omni360", record)
    for entry in bundle["entry"]:
        entry["resource"].pop("contained", None)
    result = read("omni360", bundle)
    assert result.record == record
    assert found(result) == {
        ("reference_leads_to_a_resource", f"/entry/1/resource/{place}")
        for place in ("goal/0", "goal/1", "goal/2", "careTeam/0", "supportingInfo/0", "supportingInfo/1")
    }


def test_omni360_without_binary_gives_what_the_care_plan_tells(record: Record) -> None:
    bundle = without(bundle_of("omni360", record), "Binary")
    result = read("omni360", bundle)
    assert result.record is not None
    assert result.record.body[GOALS] == record.body[GOALS]
    for known in ("document", "version", "structure", "language", "created"):
        assert result.record.envelope[known] == record.envelope[known]
    assert result.record.envelope["placeholders"] == ["status", "controller", "author"]
    rules = {rule for rule, _ in found(result)}
    assert {"complete_content_is_present", "envelope_is_complete", "field_can_stand_in_the_source"} <= rules
    assert not [issue for issue in result.issues if issue.rule.severity == "error"]


def test_omni360_without_binary_and_category_is_no_record(record: Record) -> None:
    bundle = without(bundle_of("omni360", record), "Binary")
    bundle["entry"][0]["resource"].pop("category")
    assert [issue.rule.id for issue in read("omni360", bundle).issues] == ["document_has_a_record"]


def epic(*resources: dict[str, Any]) -> Any:
    entries = [{"fullUrl": f"urn:x:{n}", "resource": resource} for n, resource in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


PLAN = {
    "resourceType": "CarePlan",
    "id": "p",
    "status": "active",
    "intent": "plan",
    "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "38717003"}]}],
    "subject": {"reference": "Patient/a", "identifier": {"system": "urn:oid:1.2.246.21", "value": "010280-952L"}},
    "description": "Asuu yksin.",
    "goal": [{"reference": "Goal/g1"}, {"reference": "Goal/gone"}],
    "careTeam": [{"reference": "CareTeam/t"}],
}
GOAL = {
    "resourceType": "Goal",
    "id": "g1",
    "lifecycleStatus": "active",
    "description": {"text": "Oma koti"},
    "subject": {"reference": "Patient/a"},
    "target": [{"dueDate": "2027-01-01"}],
}
TEAM = {"resourceType": "CareTeam", "id": "t", "participant": [{"member": {"display": "Omatyöntekijä"}}]}


def test_apottis_plan_is_read_in_part_and_every_gap_is_said() -> None:
    bundle = epic(PLAN, GOAL, TEAM, {"resourceType": "Observation", "id": "o"})
    assert sniffed(orjson.dumps(bundle)) is format_named("apotti")
    result = read("apotti", bundle)
    assert result.record is not None
    assert result.record.body == {"kuvaus_asiakkaan_tilanteesta": "Asuu yksin.", GOALS: [{"kuvaus": "Oma koti"}]}
    assert result.record.envelope["clients"] == [{"identifier": PLAN["subject"]["identifier"]}]  # type: ignore[index]
    assert {at for at in found(result) if at[0] != "field_can_stand_in_the_source"} == {
        ("structure_is_named", "/entry/0/resource/category"),
        ("complete_content_is_present", "/entry"),
        ("envelope_is_complete", "/entry"),
        ("reference_leads_to_a_resource", "/entry/0/resource/goal/1"),
        ("element_has_a_place_in_the_record", "/entry/1/resource/target"),
        ("element_has_a_place_in_the_record", "/entry/2/resource/participant"),
        ("resource_has_a_place_in_the_record", "/entry/3/resource"),
    }


def test_our_own_note_among_what_apotti_gives_out_is_read_exactly(record: Record) -> None:
    note = bundle_of("apotti", record)
    result = read("apotti", epic(PLAN, GOAL, note))
    assert result.record == record
    assert result.issues == []


def test_a_note_whose_text_stands_in_a_binary_is_read_exactly(record: Record) -> None:
    note = bundle_of("apotti", record)
    attachment = note["content"][0]["attachment"]
    binary = {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": attachment.pop("data")}
    attachment["url"] = "https://fhir.example/R4/Binary/b"
    assert read("apotti", epic(note, binary)).record == record


def test_the_newest_of_our_notes_is_taken(record: Record) -> None:
    newer = Record({**record.envelope, "version": 2}, record.content)
    notes = [bundle_of("apotti", newer), bundle_of("apotti", record)]
    assert read("apotti", epic(*notes)).record == newer


def test_what_holds_neither_note_nor_plan_is_no_record() -> None:
    foreign = {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "VGVrc3Rpw6Q="}}]}
    assert [issue.rule.id for issue in read("apotti", epic(foreign)).issues] == ["document_has_a_record"]
