"""The operations and the jobs: judged, written, begun and extracted over a real socket; nothing of it is stored."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from mappings.formats import FORMATS
from tests.api.conftest import EXAMPLES, Service, as_fhir, plan, refused
from tests.api.test_reading import errors_in, first, resources

FHIR = {"Content-Type": "application/fhir+json"}
NDJSON = {"Content-Type": "application/fhir+ndjson", "Prefer": "respond-async"}
EFFICA = (EXAMPLES / "plan-effica.xml").read_bytes()


def post(service: Service, path: str, body: bytes, **headers: str) -> httpx.Response:
    return service.call("POST", path, body, headers=FHIR | headers)


def severities(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 200, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    return {issue["severity"] for issue in answer.json()["issue"]}


def test_a_resource_is_judged(shared: Service) -> None:
    assert "error" not in severities(post(shared, "/$validate", as_fhir(plan())))
    sick = {"resourceType": "Patient", "gender": "none of these"}
    assert "error" in severities(post(shared, "/Patient/$validate", json.dumps(sick).encode()))
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": sick}]}
    assert "error" in severities(post(shared, "/Patient/$validate", json.dumps(wrapped).encode()))
    assert refused(post(shared, "/Goal/$validate", json.dumps(sick).encode())) == (400, "body_is_of_another_type")


def test_a_resource_is_judged_by_a_profile(shared: Service) -> None:
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "x"},
            "subject": {"reference": "Patient/x"}}  # fmt: skip
    profile = "https://sote-interop.example/fhir/StructureDefinition/sote-care-plan"
    assert "error" not in severities(post(shared, "/$validate", json.dumps(goal).encode()))
    assert "error" in severities(post(shared, f"/$validate?profile={profile}", json.dumps(goal).encode()))


@pytest.mark.parametrize("media_type", ["application/vnd.sote-interop.effica+xml", "application/xml"])
def test_a_document_of_any_format_is_judged(shared: Service, media_type: str) -> None:
    fine = shared.call("POST", "/$validate", EFFICA, headers={"Content-Type": media_type})
    assert "error" not in severities(fine)
    sick = shared.call("POST", "/$validate", EFFICA.replace(b"15020", b"99999"), headers={"Content-Type": media_type})
    assert "error" in severities(sick)


@pytest.mark.parametrize("form", [form.name for form in FORMATS])
def test_a_document_is_written_in_each_format(shared: Service, form: str) -> None:
    media_type = "application/vnd.sote-interop.effica+xml"
    answer = shared.call("POST", f"/$convert?to={form}", EFFICA, headers={"Content-Type": media_type})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-errors"] == "0"
    assert answer.content
    report = shared.call("POST", f"/$convert?to={form}&report=true", EFFICA, headers={"Content-Type": media_type})
    assert report.json()["parameter"][0]["name"] == "return"
    assert errors_in(report.json()) == []


def test_a_format_can_be_asked_for_by_media_type(shared: Service) -> None:
    asked = "application/vnd.sote-interop.effica+xml"
    answer = post(shared, "/$convert", as_fhir(plan()), Accept=asked)
    assert answer.headers["content-type"].startswith(asked)
    back = shared.call("POST", "/$convert?to=fhir", answer.content, headers={"Content-Type": asked})
    assert back.json()["type"] == "document"
    assert refused(post(shared, "/$convert?to=nothing", as_fhir(plan()))) == (400, "format_is_unknown")


def test_a_response_begins_with_the_clients_newest_document(shared: Service) -> None:
    questionnaire = resources(shared.get("/Questionnaire?code=15020").json())[-1]
    empty = shared.get(f"/Questionnaire/{questionnaire['id']}/$populate")
    assert (empty.json()["status"], "item" in empty.json()) == ("in-progress", False)
    subject = f"Patient/{first(shared, 'Patient')['id']}"
    filled = shared.get(f"/Questionnaire/{questionnaire['id']}/$populate?subject={subject}").json()
    assert filled["item"]
    given = {"resourceType": "Parameters",
             "parameter": [{"name": "subject", "valueReference": {"reference": subject}}]}  # fmt: skip
    same = post(shared, f"/Questionnaire/{questionnaire['id']}/$populate", json.dumps(given).encode())
    assert same.json() == filled


def test_a_whole_response_gives_a_transaction(shared: Service) -> None:
    response = first(shared, "QuestionnaireResponse")
    bundle = post(shared, "/QuestionnaireResponse/$extract", json.dumps(response).encode()).json()
    assert bundle["type"] == "transaction"
    assert {"Composition", "CarePlan"} <= {one["resource"]["resourceType"] for one in bundle["entry"]}
    stranger = json.dumps(response | {"questionnaire": "https://elsewhere.example/x"}).encode()
    assert refused(post(shared, "/QuestionnaireResponse/$extract", stranger))[0] == 422


def finished(service: Service, started: httpx.Response) -> httpx.Response:
    assert started.status_code == 202, started.text
    for _ in range(200):
        answer = service.get(started.headers["content-location"])
        if answer.status_code != 202:
            return answer
        assert "retry-after" in answer.headers
        time.sleep(0.05)
    raise AssertionError("The job does not end.")


def lines(service: Service, part: dict[str, Any]) -> list[dict[str, Any]]:
    answer = service.get(part["url"])
    assert answer.headers["content-type"].startswith("application/fhir+ndjson")
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert len(found) == part["count"]
    return found


def test_many_documents_are_converted_line_by_line(shared: Service) -> None:
    body = b"\n".join([json.dumps(plan()).encode(), b"{}", json.dumps(plan(2)).encode(), b"not a document"])
    manifest = finished(shared, shared.call("POST", "/$convert?to=fhir", body, headers=NDJSON)).json()
    assert [one["resourceType"] for one in lines(shared, manifest["output"][0])] == ["Bundle", "Bundle"]
    assert [one["resourceType"] for one in lines(shared, manifest["error"][0])] == ["OperationOutcome"] * 2


def test_what_a_client_may_see_is_written_down_and_no_more(shared: Service) -> None:
    answer = shared.get("/$export?_type=CarePlan,Patient", headers={"Prefer": "respond-async"})
    manifest = finished(shared, answer).json()
    found = {part["type"]: lines(shared, part) for part in manifest["output"]}
    assert [one["id"] for one in found["CarePlan"]] == [first(shared, "CarePlan")["id"]]
    assert set(found) == {"CarePlan", "Patient"}


def test_a_job_is_its_clients_own_and_can_be_called_off(shared: Service) -> None:
    started = shared.get("/$export?_type=Goal", headers={"Prefer": "respond-async"})
    url = started.headers["content-location"]
    finished(shared, started)
    assert refused(shared.get(url, client="foreign")) == (404, "job_is_not_known")
    assert refused(shared.call("DELETE", url, client="foreign")) == (404, "job_is_not_known")
    assert shared.call("DELETE", url).status_code == 202
    assert refused(shared.get(url)) == (404, "job_is_not_known")


def test_a_narrow_token_exports_nothing(shared: Service) -> None:
    asked = shared.get("/$export", headers={"Prefer": "respond-async"}, scope="system/Goal.rs")
    assert refused(asked) == (403, "scope_does_not_allow_it")


def test_a_client_has_so_many_jobs_at_once_and_no_more(service: Service) -> None:
    started = [service.get("/$export?_type=Goal", headers={"Prefer": "respond-async"}) for _ in range(9)]
    assert [one.status_code for one in started[:8]] == [202] * 8
    assert refused(started[8]) == (429, "job_limit_is_reached")
