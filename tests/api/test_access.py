"""Who is let in, and how far: each refusal over a real socket, and each is an OperationOutcome."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.api.conftest import OTHER, Service, as_fhir, plan, refused


def test_without_a_token_nothing_is_shown(shared: Service) -> None:
    answer = shared.get("/CarePlan", token="")
    assert refused(answer) == (401, "token_is_missing")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/metadata", "/.well-known/smart-configuration", "/auth/jwks"])
def test_what_a_client_needs_before_it_has_a_token_is_open(shared: Service, path: str) -> None:
    assert shared.get(path, token="").status_code == 200


def test_a_token_that_has_expired_is_refused(shared: Service) -> None:
    token = shared.own_token(exp=int(time.time()) - 1)
    answer = shared.get("/CarePlan", token=token)
    assert refused(answer) == (401, "token_has_expired")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": "https://elsewhere.example/fhir"}, id="for another audience"),
        pytest.param({"iss": "https://elsewhere.example/fhir"}, id="of another issuer"),
        pytest.param({"sub": "nobody"}, id="of a client that is not known"),
    ],
)
def test_a_token_that_is_not_meant_for_us_is_refused(shared: Service, changes: dict[str, Any]) -> None:
    assert refused(shared.get("/CarePlan", token=shared.own_token(**changes))) == (401, "token_is_not_valid")


def test_a_token_signed_by_somebody_else_is_refused(shared: Service) -> None:
    token = shared.token()
    forged = jwt.encode(
        {"alg": "ES384", "kid": "client"}, shared.claims_of(token), shared.key, algorithms=["ES384"]
    )  # fmt: skip
    assert refused(shared.get("/CarePlan", token=forged)) == (401, "token_is_not_valid")


def test_a_token_without_a_signature_is_refused(shared: Service) -> None:
    head = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    unsigned = f"{head}.{shared.token().split('.')[1]}."
    assert refused(shared.get("/CarePlan", token=unsigned)) == (401, "token_is_not_valid")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"exp": 1}, "invalid_client", id="expired"),
        pytest.param({"exp": 4_000_000_000}, "invalid_client", id="good for too long"),
        pytest.param({"exp": None}, "invalid_client", id="good for ever"),
        pytest.param({"aud": "https://elsewhere.example/token"}, "invalid_client", id="wrong audience"),
        pytest.param({"sub": "foreign"}, "invalid_client", id="for another client"),
        pytest.param({"iss": "nobody", "sub": "nobody"}, "invalid_client", id="of nobody"),
        pytest.param({"jti": ""}, "invalid_client", id="without an id"),
        pytest.param({"jti": "x" * 300}, "invalid_client", id="with an endless id"),
        pytest.param({"nbf": 4_000_000_000}, "invalid_client", id="not yet begun"),
    ],
)
def test_an_assertion_that_does_not_hold_gets_no_token(shared: Service, changes: dict[str, Any], error: str) -> None:
    answer = shared.ask_token(shared.assertion(**changes))
    assert (answer.status_code, answer.json()) == (401, {"error": error})
    assert answer.headers["cache-control"] == "no-store"


def test_an_assertion_counts_once(shared: Service) -> None:
    assertion = shared.assertion()
    assert shared.ask_token(assertion).status_code == 200
    assert shared.ask_token(assertion).json() == {"error": "invalid_client"}


def test_an_assertion_by_another_key_gets_no_token(shared: Service) -> None:
    stranger = replace(shared, key=ECKey.generate_key("P-384", {"kid": "client"}))
    assert shared.ask_token(stranger.assertion()).status_code == 401


def test_a_client_gets_no_scope_that_it_may_not_have(shared: Service) -> None:
    assert shared.ask_token(shared.assertion("reader"), "system/Bundle.c").json() == {"error": "invalid_scope"}
    granted = shared.ask_token(shared.assertion("reader"), "system/*.cruds launch openid").json()
    assert granted["scope"] == "system/CarePlan.rs system/Patient.r"


def test_a_scope_opens_its_type_and_its_action_alone(shared: Service) -> None:
    scope = "system/CarePlan.s"
    found = shared.get("/CarePlan", scope=scope).json()["entry"][0]["resource"]
    assert refused(shared.get(f"/CarePlan/{found['id']}", scope=scope)) == (403, "scope_does_not_allow_it")
    answer = shared.get("/Goal", scope=scope)
    assert refused(answer) == (403, "scope_does_not_allow_it")
    assert 'scope="system/Goal.s"' in answer.headers["www-authenticate"]
    assert refused(shared.call("POST", "/", as_fhir(plan(2)), scope=scope))[0] == 403


def test_another_controllers_documents_are_not_there(shared: Service) -> None:
    mine = {one["resource"]["id"] for one in shared.get("/CarePlan").json()["entry"]}
    others = {one["resource"]["id"] for one in shared.get("/CarePlan", client="foreign").json()["entry"]}
    assert len(mine) == len(others) == 1
    assert not mine & others
    path = f"/CarePlan/{others.pop()}"
    hidden = shared.get(path)
    assert refused(hidden) == (404, "resource_is_not_known")
    assert hidden.json() == shared.get("/CarePlan/never-was-here").json()
    for more in ("/_history", "/_history/1"):
        assert refused(shared.get(path + more)) == (404, "resource_is_not_known")


def test_a_client_sends_only_its_own_controllers_documents(shared: Service) -> None:
    stranger = plan(controller={"identifier": {"value": OTHER}})
    answer = shared.call("POST", "/", as_fhir(stranger), headers={"Content-Type": "application/fhir+json"})
    assert refused(answer) == (403, "document_is_of_another_controller")
    assert len(shared.get("/CarePlan", client="foreign").json()["entry"]) == 1, "nothing was stored"


def test_a_client_that_asks_too_often_is_told_to_wait(shared: Service) -> None:
    answers = [shared.get("/Goal", client="reader", scope="system/CarePlan.rs") for _ in range(6)]
    assert refused(answers[-1]) == (429, "too_many_requests")
    assert int(answers[-1].headers["retry-after"]) > 0
    assert shared.get("/Goal").status_code == 200, "another client is not held up"


def test_tokens_are_checked_by_the_published_keys(shared: Service) -> None:
    published = shared.get("/auth/jwks", token="").json()
    assert all("d" not in key and key["use"] == "sig" for key in published["keys"])
    key_id = jwt.decode(shared.token(), shared.published_keys(), algorithms=["ES384"]).header["kid"]
    assert key_id in {key["kid"] for key in published["keys"]}
