"""A document whose parts say different things is not taken for either."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import orjson
import pytest

from mappings.formats import format_named
from tests.formats.test_round_trips import record_of


def tampered(name: str) -> Any:
    return orjson.loads(format_named(name).write(record_of("plan.json")).data)


def rules_of(name: str, value: Any) -> list[str]:
    return [issue.rule.id for issue in format_named(name).read(orjson.dumps(value)).issues]


@pytest.mark.parametrize("name", ["fhir", "omni360"])
def test_a_goal_that_differs_from_the_complete_content_is_an_issue(name: str) -> None:
    bundle = tampered(name)
    resources = [entry["resource"] for entry in bundle["entry"]]
    goals = [
        r for r in resources + [c for r in resources for c in r.get("contained", ())] if r["resourceType"] == "Goal"
    ]
    goals[0]["description"]["text"] = "Jotain muuta"
    assert rules_of(name, bundle) == ["semantic_part_agrees_with_response"]


def test_a_fhir_document_without_response_is_read_in_part() -> None:
    bundle = tampered("fhir")
    bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "QuestionnaireResponse"]
    read = format_named("fhir").read(orjson.dumps(bundle))
    assert [issue.rule.id for issue in read.issues] == ["complete_content_is_present"]
    assert read.record is not None
    whole = record_of("plan.json")
    assert read.record.envelope == whole.envelope
    assert read.record.body["asetettavat_tavoitteet"] == whole.body["asetettavat_tavoitteet"]
    services = "menetelmat_ja_palvelut_joilla_tavoitteet_pyritaan_saavuttamaan"
    assert read.record.body[services] == whole.body[services]


def test_a_changed_note_is_noticed() -> None:
    note = tampered("apotti")
    attachment = note["content"][0]["attachment"]
    text = b64decode(attachment["data"]).decode().replace("sha256: ", "sha256: 0")
    attachment["data"] = b64encode(text.encode()).decode()
    assert rules_of("apotti", note) == ["record_digest_matches"]


def test_a_note_without_block_is_no_record() -> None:
    note = tampered("apotti")
    note["content"][0]["attachment"]["data"] = b64encode("Vain tekstiä".encode()).decode()
    assert rules_of("apotti", note) == ["document_has_a_record"]


def test_a_note_about_another_client_is_an_error_at_its_subject() -> None:
    note = tampered("apotti")
    note["subject"]["identifier"]["value"] = "261298-998X"
    read = format_named("apotti").read(orjson.dumps(note))
    assert [(issue.rule.id, issue.path) for issue in read.issues] == [
        ("semantic_part_agrees_with_response", "/subject/identifier")
    ]
    # A reference of the system's own names nobody that we know.
    note["subject"] = {"reference": "Patient/1"}
    assert rules_of("apotti", note) == []
