"""What the resources of a plan mean: who said what, who does what, on which permit, and what is only planned."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from schemas.record import Record
from tests.fhir_tables.documents import PLANS, bundle_of, structure
from tests.formats.test_round_trips import record_of

URL = "https://sote-interop.example/fhir/StructureDefinition/"


def resources(record: Record, kind: str) -> list[Any]:
    bundle = bundle_of("fhir", record)
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def part(record: Record, code: str) -> Any:
    """The one Observation of a part of the content."""
    held = [o for o in resources(record, "Observation") if o["code"]["coding"][0]["code"] == code]
    assert len(held) == 1
    return held[0]


@pytest.fixture(scope="module")
def joint() -> Record:
    return record_of("multidisciplinary.json")


def changed(record: Record, change: Any) -> Record:
    content = deepcopy(record.content)
    change(content[record.root])
    return Record(record.envelope, content)


def test_the_clients_view_and_the_professionals_stand_apart() -> None:
    record = record_of("15023.json")
    bundle = {e["fullUrl"]: e["resource"] for e in bundle_of("fhir", record)["entry"]}
    for code, kind in (
        ("client-view-of-needs", "Patient"),
        ("client-view-of-functioning", "Patient"),
        ("client-goal-evaluation", "Patient"),
        ("professional-view-of-needs", "PractitionerRole"),
        ("professional-view-of-functioning", "PractitionerRole"),
        ("professional-goal-evaluation", "PractitionerRole"),
    ):
        (performer,) = part(record, code)["performer"]
        assert bundle[performer["reference"]]["resourceType"] == kind


def test_the_names_of_parts_are_in_the_language_of_the_document() -> None:
    assert part(record_of("plan-sv.json"), "client-view-of-needs")["code"]["text"].startswith("Klientens")
    assert part(record_of("plan.json"), "client-view-of-needs")["code"]["text"].startswith("Asiakkaan")


@pytest.mark.parametrize("name", ["plan", "15003", "15009", "15021", "15023", "multidisciplinary"])
def test_what_is_planned_stands_in_resources_of_its_own(name: str) -> None:
    record = record_of(f"{name}.json")
    (plan,) = resources(record, "CarePlan")
    assert plan["activity"]
    assert all(set(activity) == {"reference"} for activity in plan["activity"])
    assert {request["intent"] for request in resources(record, "ServiceRequest")} <= {"plan"}


def test_the_review_is_told_by_the_plan_and_by_an_appointment_that_is_not_booked() -> None:
    record = record_of("15003.json")
    (plan,) = resources(record, "CarePlan")
    told = [e["valueDateTime"] for e in plan["extension"] if e["url"] == f"{URL}next-review"]
    (review,) = [
        a for a in resources(record, "Appointment") if a["appointmentType"]["coding"][0]["code"] == "plan-review"
    ]
    assert told == [review["requestedPeriod"][0]["start"]]
    assert review["status"] == "proposed"
    assert not {"start", "end"} & set(review)


@pytest.mark.parametrize(("given", "decision"), [(True, "permit"), (False, "deny")])
def test_consent_to_act_as_employer_is_a_permit_or_a_denial(given: bool, decision: str) -> None:
    def change(body: Any) -> None:
        body["palvelut_joita_asiakkaalle_suunnitellaan"]["henkilokohtainen_apu"] = {
            "suostumus_tyonantajana_toimimiseen": given
        }

    (consent,) = resources(changed(record_of("15023.json"), change), "Consent")
    assert consent["provision"] == {"type": decision}
    assert consent["policyRule"]


def test_a_revoked_permit_is_not_active(joint: Record) -> None:
    def revoke(body: Any) -> None:
        body["luvat_joihin_suunnitelma_perustuu"][0]["peruuttamispaiva"] = "2026-11-01"

    before, after = resources(joint, "Consent"), resources(changed(joint, revoke), "Consent")
    assert before[0]["status"] == "active"
    assert after[0]["status"] == "inactive"
    assert all(consent["policyRule"] and consent["category"] for consent in after)


def test_source_plans_are_named_and_not_copied(joint: Record) -> None:
    (plan,) = resources(joint, "CarePlan")
    sources = joint.body["suunnitelmat_joihin_tama_suunnitelma_perustuu"]
    assert len(plan["basedOn"]) == len(sources)
    for reference, source in zip(plan["basedOn"], sources, strict=True):
        assert "reference" not in reference
        if "asiakirjan_tunnus" in source:
            assert reference["identifier"]["value"] == f"urn:oid:{source['asiakirjan_tunnus']}"


def test_every_action_is_a_task_with_one_owner_and_its_own_state(joint: Record) -> None:
    tasks = resources(joint, "Task")
    actions = joint.body["toimet"]
    states = {"1": "requested", "2": "in-progress", "3": "completed", "4": "cancelled", None: "requested"}
    assert [task["status"] for task in tasks] == [states[a.get("toimen_tila", {}).get("code")] for a in actions]
    assert [("owner" in task) for task in tasks] == [bool(action.get("vastuutaho")) for action in actions]


def test_shared_goals_carry_their_priority(joint: Record) -> None:
    goals = resources(joint, "Goal")
    wanted = [goal["ensisijaisuus"]["code"] for goal in joint.body["yhteiset_tavoitteet"]]
    assert [goal["priority"]["coding"][0]["code"] for goal in goals] == wanted


def test_what_r4_requires_and_a_plan_does_not_say_is_marked_absent() -> None:
    def change(body: Any) -> None:
        body["suunnitelma"]["asetettavat_tavoitteet"] = [{}, {"nimi": "Oma koti"}]

    nameless, named = resources(changed(record_of("15003.json"), change), "Goal")
    assert nameless["description"]["extension"][0]["valueCode"] == "unknown"
    assert named["description"] == {"text": "Oma koti"}


def test_every_plan_has_its_own_category_in_omni360() -> None:
    envelope = record_of("plan.json").envelope
    categories = set()
    for code in PLANS:
        made = structure(code)
        bundle = bundle_of("omni360", Record({**envelope, "structure": made.oid}, {made.root: {}}))
        (coding,) = bundle["entry"][1]["resource"]["category"][0]["coding"]
        categories.add((coding["system"], coding["code"]))
    assert len(categories) == len(PLANS)
