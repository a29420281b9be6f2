"""A FHIR resource that is no document is judged by itself, in JSON and XML; the outcome says where, in FHIR's terms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from interop.documents import Options, examine, outcome_of
from interop.documents.resources import definitions_of
from mappings.formats import format_named
from schemas.fhir_xml import write_xml
from schemas.json_text import dump
from validators.fhir import validate

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Maija</div>'},
    "gender": "unclear",
    "contact": [{"name": {"family": "Malli"}}, {"name": {"family": ""}}],
}


def broken(data: bytes) -> list[tuple[str, str, object]]:
    return [(one.rule.id, one.path, one.slots.get("expression")) for one in examine(data).issues]


def test_a_resource_is_judged_with_line_column_and_expression() -> None:
    examined = examine(json.dumps(PATIENT, indent=1).encode())
    assert (examined.format, examined.resource, examined.usable, examined.valid) == ("fhir", "Patient", True, False)
    found = {one.rule.id: (one.path, one.line, one.column, one.slots["expression"]) for one in examined.issues}
    assert found == {
        "fhir_code_is_in_its_required_value_set": ("/gender", 7, 2, "Patient.gender"),
        "fhir_value_is_not_empty": ("/contact/1/name/family", 16, 5, "Patient.contact[1].name.family"),
    }


def test_xml_is_judged_as_json_is_and_told_by_xpath() -> None:
    xml = write_xml({**PATIENT, "contact": PATIENT["contact"][:1]}, definitions_of(Options()))
    assert broken(xml) == [("fhir_code_is_in_its_required_value_set", "/Patient/gender", "Patient.gender")]
    issue = examine(xml).issues[0]
    assert issue.line == 2
    assert xml.splitlines()[1][issue.column - 1 :].startswith(b"<gender ") if issue.column else False


def test_a_document_in_xml_holds_the_same_record_as_in_json() -> None:
    record = examine((EXAMPLES / "plan.json").read_bytes()).record
    assert record is not None
    written = json.loads(format_named("fhir").write(record).data)
    xml = write_xml(written, definitions_of(Options()))
    examined = examine(xml)
    assert (examined.format, examined.valid, examined.record) == ("fhir", True, record)
    assert all(one.line and one.path.startswith("/Bundle") for one in examined.issues)


@pytest.mark.parametrize("data", [b"<Patient xmlns='http://hl7.org/fhir'", b'{"resourceType": "Patient"', b"{}", b""])
def test_what_cannot_be_read_is_not_usable(data: bytes) -> None:
    examined = examine(data)
    assert not examined.usable
    assert examined.issues


def test_an_outcome_is_valid_fhir() -> None:
    for document in (json.dumps(PATIENT).encode(), (EXAMPLES / "plan-effica.xml").read_bytes(), b"{"):
        found = outcome_of(document)
        assert not [one for one in validate(found, definitions_of(Options())) if one.rule.severity == "error"]


def test_an_outcome_names_the_place_and_no_value() -> None:
    found = outcome_of(PATIENT)
    gender = next(one for one in found["issue"] if one["expression"] == ["Patient.gender"])
    assert (gender["severity"], gender["code"], gender["location"]) == ("error", "code-invalid", ["/gender"])
    assert b"unclear" not in dump(found)


def test_a_profile_is_asked_for_by_its_url() -> None:
    found = outcome_of({"resourceType": "Patient"}, ["http://example.org/nowhere"])
    assert "fhir_profile_is_at_hand" in {one["details"]["coding"][0]["code"] for one in found["issue"]}


def test_a_document_that_cannot_be_read_says_which_layers_did_not_run() -> None:
    last = outcome_of(b"{")["issue"][-1]
    assert (last["severity"], last["code"]) == ("information", "incomplete")
    assert "profile" in last["details"]["text"]


def test_findings_of_the_record_in_a_bundle_have_an_expression() -> None:
    record = examine((EXAMPLES / "plan.json").read_bytes()).record
    assert record is not None
    issues = examine(format_named("fhir").write(record).data).issues
    artificial = [one.slots["expression"] for one in issues if one.rule.id == "identity_code_is_artificial"]
    assert "Bundle.entry[1].resource.identifier[0]" in artificial


def test_a_document_reference_that_holds_no_plan_is_a_resource() -> None:
    examined = examine(b'{"resourceType": "DocumentReference", "status": "current"}')
    assert (examined.format, examined.resource) == ("fhir", "DocumentReference")
    assert {one.slots.get("element") for one in examined.issues if one.rule.severity == "error"} == {"content"}
