"""The refusals of the Apotti sandbox, asked for without the adapter."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route

from interop.sandboxes.apotti import OFFERED, SCOPE, ApottiSandbox
from interop.sandboxes.running import Running
from interop.systems.oauth import SigningKey, jwks_app

KEY = SigningKey.generate("avain-1", 2048)


class Asked:
    """A sandbox, and a client that holds a good token for it."""

    def __init__(self, root: str, jwks: str) -> None:
        self.sandbox = sandbox
        self.token_url = root + ApottiSandbox.token_path
        self.http = httpx.Client(base_url=root + ApottiSandbox.path + "/", trust_env=False)
        self.jwks = jwks

    def claims(self, **changes: Any) -> dict[str, object]:
        now = int(time.time())
        base = {"iss": "me", "sub": "me", "aud": self.token_url, "jti": str(uuid.uuid4()), "exp": now + 200}
        return {**base, **changes}

    def token(self, assertion: str) -> httpx.Response:
        return self.http.post(self.token_url, data={
            "grant_type": "client_credentials", "client_assertion": assertion,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        })  # fmt: skip


sandbox = ApottiSandbox()


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    everything = " ".join(f"system/{kind}.read system/{kind}.write" for kind in OFFERED)
    with Running(jwks_app([KEY])) as keys, Running(sandbox) as running:
        found = Asked(running.url, keys.url + "/jwks.json")
        sandbox.register("me", found.jwks, everything)
        told = found.token(KEY.sign(found.claims())).json()
        found.http.headers["Authorization"] = "Bearer " + told["access_token"]
        yield found
        found.http.close()


def codes(answer: httpx.Response) -> list[str]:
    return [issue["details"]["coding"][0]["code"] for issue in answer.json()["issue"]]


def note(patient: str, encounter: str) -> dict[str, Any]:
    data = base64.b64encode(b"teksti").decode()
    return {
        "resourceType": "DocumentReference", "status": "current", "docStatus": "final",
        "type": {"coding": [{"code": "18776-5"}]}, "subject": {"reference": f"Patient/{patient}"},
        "context": {"encounter": [{"reference": f"Encounter/{encounter}"}]},
        "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
    }  # fmt: skip


def test_the_offers_are_those_of_the_real_server(asked: Asked) -> None:
    (rest,) = asked.http.get("metadata", headers={"Authorization": ""}).json()["rest"]
    offered = {r["type"]: {i["code"] for i in r["interaction"]} for r in rest["resource"]}
    assert len(offered) == 55
    assert offered["CarePlan"] == offered["Goal"] == offered["CareTeam"] == {"read", "search-type"}
    assert offered["DocumentReference"] == {"create", "read", "search-type", "update"}
    assert not {"Subscription", "Composition", "Bundle"} & set(offered)
    assert all("_lastUpdated" not in {p["name"] for p in r["searchParam"]} for r in rest["resource"])


@pytest.mark.parametrize(("method", "path", "status"), [
    ("POST", "CarePlan", 405), ("PUT", "CarePlan/1", 405), ("POST", "Goal", 405), ("POST", "Encounter", 405),
    ("GET", "Subscription/1", 404), ("POST", "Composition", 404), ("POST", "", 404), ("DELETE", "Patient/1", 405),
    ("PATCH", "Task/1", 405), ("GET", "Patient/1/_history", 405), ("GET", "Binary?_id=1", 405),
    ("GET", "Patient/1", 404),
])  # fmt: skip
def test_what_is_not_offered_is_refused(asked: Asked, method: str, path: str, status: int) -> None:
    assert asked.http.request(method, path).status_code == status


def test_a_care_plan_search_needs_a_category(asked: Asked) -> None:
    refused = asked.http.post("CarePlan/_search", data={"patient": "x"})
    assert (refused.status_code, codes(refused)) == (400, ["4111"])
    assert codes(asked.http.post("CarePlan/_search")) == ["4110"]
    found = asked.http.post("CarePlan/_search", data={"patient": "x", "category": "38717003"}).json()
    assert found["total"] == 0
    assert found["entry"][0]["search"]["mode"] == "outcome"


def test_an_unknown_parameter_is_left_out_and_said(asked: Asked) -> None:
    sandbox.add_patient("010280-952L", "Malli", "Eino")
    found = asked.http.post("Patient/_search", data={"family": "Malli", "_lastUpdated": "ge2020"}).json()
    match, beside = found["entry"]
    assert match["resource"]["name"][0]["family"] == "Malli"
    assert beside["search"]["mode"] == "outcome"
    assert beside["resource"]["issue"][0]["details"]["coding"][0]["code"] == "4122"


def test_a_repeated_create_files_a_second_note_even_when_asked_not_to(asked: Asked) -> None:
    patient = sandbox.add_patient("010181-900C", "Esimerkki", "Aino")
    content = note(patient, sandbox.add_encounter(patient))
    before = len(sandbox.held("DocumentReference"))
    for headers in ({}, {"If-None-Exist": "subject=Patient/1"}, {"Prefer": "return=representation"}):
        answer = asked.http.post("DocumentReference", json=content, headers=headers)
        assert answer.status_code == 201
        assert "ETag" not in answer.headers
        assert bool(answer.content) == ("Prefer" in headers)
        assert answer.headers["Location"].startswith("DocumentReference/e")
    assert len(sandbox.held("DocumentReference")) == before + 3


def test_a_note_needs_an_encounter_of_the_same_patient(asked: Asked) -> None:
    patient, other = (sandbox.add_patient(code, "Esimerkki", "Aino") for code in ("010469-999W", "261298-998X"))
    theirs = sandbox.add_encounter(other)
    for encounter in (theirs, "eGone", patient):
        answer = asked.http.post("DocumentReference", json=note(patient, encounter))
        assert (answer.status_code, codes(answer)) == (400, ["59144"])
        assert answer.json()["issue"][0]["details"]["text"] == "Valid encounter required"
    answer = asked.http.post("DocumentReference", json=note("eGone", theirs))
    assert answer.json()["issue"][0]["details"]["text"] == "Invalid subject received"


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'{"resourceType":"Patient"}', b'{"resourceType":"DocumentReference"}',
])  # fmt: skip
def test_what_is_no_note_is_refused(asked: Asked, body: bytes) -> None:
    assert asked.http.post("DocumentReference", content=body).status_code == 400


def test_a_binary_is_given_as_it_is_or_as_a_resource(asked: Asked) -> None:
    patient = sandbox.add_patient("020516C903K", "Esimerkki", "Veli")
    content = note(patient, sandbox.add_encounter(patient))
    made = asked.http.post("DocumentReference", json=content, headers={"Prefer": "return=representation"}).json()
    url = made["content"][0]["attachment"]["url"]
    assert asked.http.get(url, headers={"Accept": "text/plain"}).text == "teksti"
    assert asked.http.get(url, headers={"Accept": "application/fhir+json"}).json()["resourceType"] == "Binary"


def test_without_a_token_or_the_right_scope_nothing_is_told(asked: Asked) -> None:
    assert asked.http.get("Patient/1", headers={"Authorization": "Bearer x"}).status_code == 401
    sandbox.register("small", asked.jwks, SCOPE)
    token = asked.token(KEY.sign(asked.claims(iss="small", sub="small"))).json()["access_token"]
    refused = asked.http.get("Consent/1", headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.content) == (403, b"")


def test_a_good_assertion_works_once(asked: Asked) -> None:
    assertion = KEY.sign(asked.claims())
    first, again = asked.token(assertion), asked.token(assertion)
    assert (first.status_code, first.json()["token_type"], first.json()["expires_in"]) == (200, "bearer", 3600)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_client"})


@pytest.mark.parametrize("changes", [
    {"aud": "http://muu/token"}, {"exp": 1}, {"exp": 99_999_999_999}, {"exp": None}, {"jti": ""}, {"jti": "x" * 152},
    {"jti": None}, {"sub": "toinen"}, {"iss": "toinen"},
])  # fmt: skip
def test_an_assertion_with_a_wrong_claim_is_refused(asked: Asked, changes: dict[str, Any]) -> None:
    assert asked.token(KEY.sign(asked.claims(**changes))).status_code == 400


@pytest.mark.parametrize("assertion", ["", "a.b.c", "..", "a.e30.c", "a.bnVsbA.c"])
def test_what_is_no_assertion_is_refused(asked: Asked, assertion: str) -> None:
    assert asked.token(assertion).status_code == 400


def test_a_key_set_behind_a_redirect_or_nowhere_is_not_fetched(asked: Asked) -> None:
    moved = Starlette(routes=[Route("/jwks.json", lambda _: RedirectResponse(asked.jwks))])
    with Running(moved) as redirecting:
        for url in (redirecting.url + "/jwks.json", redirecting.url + "/muu", "http://127.0.0.1:1/x", "x"):
            sandbox.register("moved", url)
            assert asked.token(KEY.sign(asked.claims(iss="moved", sub="moved"))).status_code == 400


def test_another_grant_is_refused(asked: Asked) -> None:
    assert asked.http.post(asked.token_url, data={"grant_type": "password"}).status_code == 400
