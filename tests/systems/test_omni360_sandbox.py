"""The refusals of the OMNI360 sandbox, asked for without the adapter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from interop.sandboxes.omni360 import OFFERED, Omni360Sandbox
from interop.sandboxes.running import Running

PLAN = {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": {"display": "x"}}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    sandbox = Omni360Sandbox()
    with Running(sandbox) as running, httpx.Client(base_url=running.url + "/fhir/", trust_env=False) as client:
        answer = client.post(
            running.url + sandbox.token_path, data={"grant_type": "client_credentials"}, auth=("interop", "salainen")
        )
        client.headers["Authorization"] = "Bearer " + answer.json()["access_token"]
        yield client


def test_the_capability_statement_lists_the_public_resources_and_no_others(client: httpx.Client) -> None:
    (rest,) = client.get("metadata", headers={"Authorization": ""}).json()["rest"]
    assert {resource["type"] for resource in rest["resource"]} == set(OFFERED)
    assert not {"Goal", "CareTeam", "DocumentReference", "QuestionnaireResponse", "EpisodeOfCare"} & set(OFFERED)


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "Goal/1", 404), ("POST", "CareTeam", 404), ("POST", "DocumentReference/_search", 404),
    ("POST", "Patient", 405), ("DELETE", "CarePlan/1", 405), ("PATCH", "CarePlan/1", 405), ("POST", "", 405),
    ("GET", "CarePlan?identifier=x", 405), ("GET", "CarePlan/404", 404), ("POST", "Binary/_search", 405),
    ("GET", "CarePlan/1/_history", 405),
])  # fmt: skip
def test_what_is_not_offered_is_refused(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_without_a_token_nothing_is_told(client: httpx.Client) -> None:
    answer = client.get("CarePlan/1", headers={"Authorization": "Bearer vanhentunut"})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_an_update_names_the_version_it_replaces(client: httpx.Client) -> None:
    made = client.post("CarePlan", json=PLAN)
    assert (made.status_code, made.headers["ETag"]) == (201, 'W/"1"')
    assert made.headers["Location"].endswith(f"/CarePlan/{made.json()['id']}/_history/1")
    at, changed = f"CarePlan/{made.json()['id']}", {**made.json(), "status": "completed"}
    assert client.put(at, json=changed).status_code == 428
    updated = client.put(at, json=changed, headers={"If-Match": 'W/"1"'})
    assert (updated.status_code, updated.headers["ETag"]) == (200, 'W/"2"')
    assert client.put(at, json=changed, headers={"If-Match": 'W/"1"'}).status_code == 412
    assert client.put("CarePlan/404", json={**changed, "id": "404"}, headers={"If-Match": 'W/"1"'}).status_code == 404
    assert client.put(at, json={**changed, "id": "7"}, headers={"If-Match": 'W/"2"'}).status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"resourceType":"Goal"}', b'{"a":1,"a":2}'])
def test_what_is_no_resource_of_the_type_is_refused(client: httpx.Client, body: bytes) -> None:
    assert client.post("CarePlan", content=body).status_code == 400


def test_an_unknown_search_parameter_is_refused(client: httpx.Client) -> None:
    assert client.post("CarePlan/_search", data={"subject.name": "x"}).status_code == 400
    assert client.post("CarePlan/_search", data={"_lastUpdated": "gexx"}).status_code == 400


def test_a_search_by_time_finds_what_is_newer(client: httpx.Client) -> None:
    client.post("CarePlan", json=PLAN)
    found: Any = client.post("CarePlan/_search", data={"_lastUpdated": "ge2020-01-01T00:00:00Z"}).json()
    assert found["total"] >= 1
    assert client.post("CarePlan/_search", data={"_lastUpdated": "ge2999-01-01T00:00:00Z"}).json()["total"] == 0


def test_a_body_over_the_limit_is_refused(client: httpx.Client) -> None:
    big = json.dumps({**PLAN, "note": "x" * (2 * 1024 * 1024)}).encode()
    assert client.post("CarePlan", content=big).status_code == 413
