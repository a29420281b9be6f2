"""Reading and searching: versions, pages, forms, and what every answer holds, over a real socket."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from interop.documents import outcome_of
from interop.service.served import TYPES
from interop.store import Sought
from schemas import xml_text
from schemas.fhir_definitions import shipped_definitions
from schemas.fhir_xml import read_xml
from tests.api.conftest import Service, refused

CODES = "urn:oid:1.2.246.21"
HELD = [
    name
    for name, one in TYPES.items()
    if "search-type" in one.interactions and name not in ("Questionnaire", "AuditEvent")
]


def resources(bundle: dict[str, Any], mode: str = "match") -> list[dict[str, Any]]:
    return [one["resource"] for one in bundle.get("entry", []) if one["search"]["mode"] == mode]


def first(service: Service, kind: str) -> dict[str, Any]:
    return resources(service.get(f"/{kind}").json())[0]


def errors_in(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """The errors that our own validator finds in a resource."""
    outcome = outcome_of(json.dumps(resource).encode())
    return [issue for issue in outcome["issue"] if issue["severity"] in ("error", "fatal")]


def test_the_capability_statement_is_valid_and_true(shared: Service) -> None:
    statement = shared.get("/metadata", token="").json()
    assert errors_in(statement) == []
    rest = statement["rest"][0]
    assert {one["type"] for one in rest["resource"]} == set(TYPES)
    for one in rest["resource"]:
        for parameter in one.get("searchParam", ()):
            value = {"date": "2026"}.get(parameter["type"], "x")
            answer = shared.get(f"/{one['type']}?{parameter['name']}={value}")
            assert answer.status_code == 200, (one["type"], parameter["name"], answer.text)
        for code in {interaction["code"] for interaction in one["interaction"]} & {"read", "vread"}:
            path = f"/{one['type']}/nothing" + ("/_history/1" if code == "vread" else "")
            assert refused(shared.get(path)) == (404, "resource_is_not_known")


@pytest.mark.parametrize("kind", HELD)
def test_what_is_found_is_read_and_valid(shared: Service, kind: str) -> None:
    answer = shared.get(f"/{kind}?_count=3")
    assert answer.status_code == 200
    if kind != "CarePlan":  # a page of plans alone is itself one of our formats, and judged as a document
        assert errors_in(answer.json()) == []
    for resource in resources(answer.json()):
        read = shared.get(f"/{kind}/{resource['id']}")
        assert read.json() == resource
        assert errors_in(resource) == []
        assert read.headers["etag"] == f'W/"{resource["meta"]["versionId"]}"'


@pytest.mark.parametrize("kind", ["Patient", "CarePlan", "Goal", "CareTeam", "Composition", "DocumentReference"])
def test_the_example_plan_gives_the_resource(shared: Service, kind: str) -> None:
    assert resources(shared.get(f"/{kind}").json())


def test_no_resource_points_to_one_that_cannot_be_read(shared: Service) -> None:
    for kind in HELD:
        for resource in resources(shared.get(f"/{kind}").json()):
            for target in set(references_in(resource)):
                if target.partition("/")[0] in TYPES:
                    assert shared.get(f"/{target}").status_code == 200, (kind, target)


def references_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) and "/" in value["reference"] else []
        return own + [one for inner in value.values() for one in references_in(inner)]
    return [one for inner in value for one in references_in(inner)] if isinstance(value, list) else []


def test_what_a_client_is_shown_is_written_down(shared: Service) -> None:
    mine = Sought(who="app:own", what="viewed")
    before = len(shared.store.audit.entries(mine))
    shared.get("/Goal")
    (entry,) = shared.store.audit.entries(mine)[before:]
    document = shared.store.document(entry.document_id)
    assert (entry.document, entry.version) == (document.document, document.version)
    assert entry.clients == document.clients != ()
    shared.get("/metadata")
    assert len(shared.store.audit.entries(mine)) == before + 1


def test_an_unchanged_resource_is_not_sent_again(shared: Service) -> None:
    path = f"/CarePlan/{first(shared, 'CarePlan')['id']}"
    tag = shared.get(path).headers["etag"]
    answer = shared.get(path, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == tag


def test_a_client_is_found_by_the_identity_code_in_a_body(shared: Service) -> None:
    code = shared.get(f"/Patient/{first(shared, 'Patient')['id']}").json()["identifier"][0]["value"]
    answer = shared.call("POST", "/Patient/_search", data={"identifier": f"{CODES}|{code}"})
    assert [one["id"] for one in resources(answer.json())] == [first(shared, "Patient")["id"]]
    links = json.dumps(answer.json()["link"])
    assert code not in links
    plans = shared.call("POST", "/CarePlan/_search", data={"subject:identifier": f"{CODES}|{code}"})
    assert len(resources(plans.json())) == 1
    assert shared.get(plans.json()["link"][0]["url"]).json()["entry"] == plans.json()["entry"]


def test_pages_follow_one_another_without_loss(shared: Service) -> None:
    whole = [one["id"] for one in resources(shared.get("/Goal?_count=500").json())]
    assert len(whole) > 1
    found, url = [], "/Goal?_count=1"
    while url:
        page = shared.get(url).json()
        found += [one["id"] for one in resources(page)]
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    assert found == whole


def test_a_page_is_for_the_client_that_asked(shared: Service) -> None:
    page = shared.get("/Goal?_count=1").json()
    url = next(link["url"] for link in page["link"] if link["relation"] == "next")
    assert refused(shared.get(url, client="foreign")) == (400, "cursor_is_not_ours")
    assert refused(shared.get(url.replace("/Goal?", "/CarePlan?"))) == (400, "cursor_is_not_ours")
    assert refused(shared.get(url[:-6] + "AAAAAA")) == (400, "cursor_is_not_ours")
    assert refused(shared.get(url + "&status=active")) == (400, "cursor_is_not_ours")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("status=active", 1), ("status=completed", 0), ("status=completed,active", 1),
        ("category=15020", 1), ("category=urn:oid:1.2.246.537.6.1506|15020", 1), ("category=elsewhere|15020", 0),
        ("_lastUpdated=ge2020", 1), ("_lastUpdated=lt2020", 0), ("_profile=none", 0), ("_id=none", 0),
        ("date=ge2020-01-01&date=lt2020-02-01", 0),
    ],
)  # fmt: skip
def test_a_search_finds_what_it_says(shared: Service, query: str, count: int) -> None:
    assert len(resources(shared.get(f"/CarePlan?{query}").json())) == count


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("nothing=1", "parameter_is_not_offered"), ("status:not=active", "parameter_is_not_offered"),
        ("_sort=date", "parameter_is_not_offered"), ("_include=Patient:nothing", "parameter_is_not_offered"),
        ("date=yesterday", "parameter_has_no_sound_value"), ("_count=many", "parameter_has_no_sound_value"),
        ("_count=-1", "parameter_has_no_sound_value"), ("status=", "parameter_has_no_sound_value"),
        ("subject=Goal/x", "parameter_has_no_sound_value"), ("_cursor=AAAA", "cursor_is_not_ours"),
        ("date=2026-13-45", "parameter_has_no_sound_value"), ("_lastUpdated=ge9999-12-31T23:59:60Z",
                                                              "parameter_has_no_sound_value"),
    ],
)  # fmt: skip
def test_a_parameter_that_is_not_understood_is_refused_and_not_passed_over(
    shared: Service, query: str, rule: str
) -> None:
    assert refused(shared.get(f"/CarePlan?{query}")) == (400, rule)


def test_what_a_resource_points_at_comes_with_it(shared: Service) -> None:
    bundle = shared.get("/CarePlan?_include=CarePlan:goal&_include=CarePlan:subject").json()
    assert {one["resourceType"] for one in resources(bundle, "include")} == {"Goal", "Patient"}
    pointing = shared.get("/Patient?_revinclude=CarePlan:subject").json()
    assert {one["resourceType"] for one in resources(pointing, "include")} == {"CarePlan"}
    narrow = shared.get("/CarePlan?_include=CarePlan:goal", scope="system/CarePlan.rs").json()
    assert resources(narrow, "include") == [], "a type that the scopes do not open is not included"


def test_an_answer_can_be_shorter(shared: Service) -> None:
    shortened = resources(shared.get("/CarePlan?_elements=category").json())[0]
    assert {"category", "status", "intent", "subject"} <= set(shortened)
    assert "description" not in shortened
    assert shortened["meta"]["tag"][-1]["code"] == "SUBSETTED"
    counted = shared.get("/CarePlan?_summary=count").json()
    assert (counted["total"], "entry" in counted) == (1, False)


@pytest.mark.parametrize("ask", [{"headers": {"Accept": "application/fhir+xml"}}, {"path": "?_format=xml"}])
def test_xml_says_the_same_as_json(shared: Service, ask: dict[str, Any]) -> None:
    path = f"/CarePlan/{first(shared, 'CarePlan')['id']}"
    answer = shared.get(path + ask.get("path", ""), headers=ask.get("headers"))
    assert answer.headers["content-type"].startswith("application/fhir+xml")
    root, _ = xml_text.parse(answer.content)
    assert root is not None
    value, issues = read_xml(root, shipped_definitions())
    assert (value, issues) == (shared.get(path).json(), [])


def test_a_document_is_read_in_each_of_its_forms(shared: Service) -> None:
    reference = first(shared, "DocumentReference")
    for content in reference["content"]:
        answer = shared.get(f"/{content['attachment']['url']}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == content["attachment"]["contentType"]
        assert answer.content
        wrapped = shared.get(f"/{content['attachment']['url']}", headers={"Accept": "application/fhir+json"})
        assert wrapped.json()["resourceType"] in ("Binary", "Bundle")


def test_the_document_of_a_composition_is_a_whole_one(shared: Service) -> None:
    composition = first(shared, "Composition")
    bundle = shared.get(f"/Composition/{composition['id']}/$document").json()
    assert (bundle["type"], bundle["entry"][0]["resource"]["resourceType"]) == ("document", "Composition")
    assert errors_in(bundle) == []


def test_everything_of_a_client_is_what_the_scopes_open(shared: Service) -> None:
    path = f"/Patient/{first(shared, 'Patient')['id']}/$everything"
    whole = shared.get(path).json()
    kinds = {one["resourceType"] for one in resources(whole)}
    assert {"Patient", "CarePlan", "Goal", "CareTeam", "QuestionnaireResponse"} <= kinds
    narrow = resources(shared.get(path, scope="system/Patient.r system/Goal.r").json())
    assert {one["resourceType"] for one in narrow} == {"Patient", "Goal"}
    typed = resources(shared.get(f"{path}?_type=Goal").json())
    assert {one["resourceType"] for one in typed} == {"Goal"}
    others = shared.get(path, client="foreign").json()
    assert not {one["id"] for one in resources(others)} & {one["id"] for one in resources(whole)} - {path.split("/")[2]}


def test_the_structures_are_read_as_questionnaires(shared: Service) -> None:
    found = resources(shared.get("/Questionnaire?code=15020").json())
    assert found
    one = shared.get(f"/Questionnaire/{found[0]['id']}").json()
    assert errors_in(one) == []
    page = shared.get("/Questionnaire?_count=2").json()
    assert len(resources(page)) == 2
    assert page["total"] > 200
    assert any(link["relation"] == "next" for link in page["link"])
    by_url = shared.get(f"/Questionnaire?url={quote(one['url'])}").json()
    assert [each["id"] for each in resources(by_url)] == [one["id"]]
