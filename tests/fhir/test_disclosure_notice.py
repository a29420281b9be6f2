"""A disclosure notice: valid R4 by our own validator and by fhir.resources, and the same each time it is made."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mappings.disclosure_notice import disclosure_notice
from schemas.fhir_definitions import Definitions
from validators.fhir import validate
from validators.fhir_structure import check_fhir_structure

OWN, OTHER = "1.2.246.10.99999999.19.0", "1.2.246.10.88888888.19.0"
DIGEST = "ab" * 32


def told(**other: object) -> dict[str, object]:
    return {
        "id": "7f0c1b9e-0000-4000-8000-000000000000", "at": "2026-03-04T05:06:07.000Z", "delivery": 3,
        "document": "1.2.246.10.99999999.11.2026.7", "version": 2, "structure": "1.2.246.537.6.1506.15020.2024.11.28",
        "system": "apotti", "sender": OWN, "receiver": OTHER, "ground": "permit_inside_social_care",
        "act": "703/2023", "section": "55 §", "decision": "5f0c1b9e-0000-5000-8000-000000000000",
        "decided_at": "2026-03-04T05:06:00+00:00", "permits": ("1.2.246.10.99999999.11.2026.50", "consent-1"),
        "client": DIGEST, **other,
    }  # fmt: skip


@pytest.mark.parametrize(
    "other", [{}, {"client": ""}, {"sender": ""}, {"receiver": ""}, {"permits": ()}, {"structure": ""}]
)
def test_every_notice_is_valid(other: dict[str, object], definitions: Definitions) -> None:
    made = disclosure_notice(told(**other))
    issues = validate(made, definitions)
    assert [(one.rule.id, one.path) for one in issues if one.rule.severity != "information"] == []
    assert check_fhir_structure(made) == []


def parts(made: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    event, provenance = (one["resource"] for one in made["entry"])
    return event, provenance


def test_it_says_who_disclosed_what_to_whom_when_and_on_which_law() -> None:
    made = disclosure_notice(told())
    event, provenance = parts(made)
    organisations = {one["id"]: one["identifier"][0]["value"] for one in event["contained"]}
    assert organisations == {"sender": f"urn:oid:{OWN}", "receiver": f"urn:oid:{OTHER}"}
    assert [(one["who"]["reference"], one["requestor"]) for one in event["agent"]] == [
        ("#sender", True), ("#receiver", False),
    ]  # fmt: skip
    assert event["recorded"] == provenance["recorded"] == "2026-03-04T05:06:07.000Z"
    assert event["purposeOfEvent"][0]["text"] == provenance["reason"][0]["text"] == "703/2023, 55 §"
    assert event["agent"][0]["policy"] == provenance["policy"] == [
        "https://sote-interop.example/fhir/NamingSystem/decision/5f0c1b9e-0000-5000-8000-000000000000",
        "urn:oid:1.2.246.10.99999999.11.2026.50",
        "https://sote-interop.example/fhir/NamingSystem/permit/consent-1",
    ]  # fmt: skip
    person, document = event["entity"]
    assert person["what"]["identifier"]["value"] == DIGEST
    assert document["what"]["identifier"]["value"] == "urn:oid:1.2.246.10.99999999.11.2026.7"
    assert {one["type"]: one["valueString"] for one in document["detail"]}["version"] == "2"
    assert provenance["entity"][0]["what"] == document["what"]


def test_it_is_a_transaction_of_two_whose_ids_are_oids() -> None:
    made = disclosure_notice(told())
    assert made["type"] == "transaction"
    assert [one["request"] for one in made["entry"]] == [
        {"method": "POST", "url": "AuditEvent"}, {"method": "POST", "url": "Provenance"},
    ]  # fmt: skip
    for one in made["entry"]:
        assert one["fullUrl"] == f"urn:oid:{one['resource']['id']}"
        assert re.fullmatch(r"2\.25\.[1-9][0-9]{30,38}", one["resource"]["id"])
    event, provenance = parts(made)
    assert provenance["target"] == [{"reference": made["entry"][0]["fullUrl"]}]
    assert event["id"] != provenance["id"]


def test_the_same_disclosure_gives_the_same_notice_and_another_one_other_ids() -> None:
    assert disclosure_notice(told()) == disclosure_notice(told())
    other = disclosure_notice(told(id="8f0c1b9e-0000-4000-8000-000000000000"))
    ids = {one["fullUrl"] for one in (*disclosure_notice(told())["entry"], *other["entry"])}
    assert len(ids) == 4


def test_a_person_is_named_when_that_is_asked_for() -> None:
    event, _ = parts(disclosure_notice(told(), ("urn:oid:1.2.246.21", "010181-900C")))
    assert event["entity"][0]["what"]["identifier"] == {"system": "urn:oid:1.2.246.21", "value": "010181-900C"}
    assert DIGEST not in str(event)


def test_a_controller_that_is_not_known_is_told_as_absent() -> None:
    event, _ = parts(disclosure_notice(told(receiver="")))
    (identifier,) = event["contained"][1]["identifier"]
    assert identifier["_value"]["extension"][0]["valueCode"] == "unknown"


def test_a_site_lays_its_own_shape_over_ours(tmp_path: Path) -> None:
    ours = Path(__file__).parents[2] / "mappings" / "disclosure_notice.toml"
    (tmp_path / "mappings").mkdir()
    profile = "https://shark.kanta.fi/fhir/StructureDefinition/SocialWelfareAuditEvent"
    text = ours.read_text("utf-8").replace("AuditEvent = []", f'AuditEvent = ["{profile}"]')
    text = text.replace('root = "2.25"', 'root = "1.2.246.10.99999999.95.2026"')
    text = text.replace("digits = 39", "digits = 18")
    (tmp_path / "mappings" / "disclosure_notice.toml").write_text(text, "utf-8")
    script = (
        "import json, sys; from pathlib import Path; from schemas.site import lay_over; lay_over(Path(sys.argv[1]));"
        "from mappings.disclosure_notice import disclosure_notice; told = json.load(sys.stdin);"
        "print(json.dumps(disclosure_notice(told)))"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, input=json.dumps(told()), capture_output=True, text=True, check=True)
    event, _ = parts(json.loads(done.stdout))
    assert event["meta"]["profile"] == [profile]
    assert re.fullmatch(r"1\.2\.246\.10\.99999999\.95\.2026\.[0-9]{1,18}", event["id"])
    assert len(event["id"]) <= 64
