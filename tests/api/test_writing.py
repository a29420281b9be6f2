"""Documents that clients send: taken once, whole, by the same steps as any other, or refused; over a real socket."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from interop.documents import examine, write
from interop.store import Delivery
from tests.api.conftest import EXAMPLES, Service, as_fhir, plan, refused

FHIR = {"Content-Type": "application/fhir+json"}
EFFICA = {"Content-Type": "application/vnd.sote-interop.effica+xml"}


def send(service: Service, body: bytes, path: str = "/", **headers: str) -> httpx.Response:
    return service.call(
        "POST", path, body, headers=FHIR | {key.replace("_", "-"): value for key, value in headers.items()}
    )


def deliveries(service: Service) -> list[Delivery]:
    return service.store.deliveries()


def transaction_of(document: bytes) -> dict[str, Any]:
    bundle = json.loads(document)
    entries = [one | {"request": {"method": "POST", "url": one["resource"]["resourceType"]}} for one in bundle["entry"]]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def test_a_document_is_taken_and_goes_to_the_systems(service: Service) -> None:
    answer = send(service, as_fhir(plan()))
    assert answer.status_code == 201, answer.text
    assert answer.headers["etag"] == 'W/"1"'
    assert service.get(answer.headers["location"]).json()["type"] == "document"
    assert [one.receiver for one in deliveries(service)] == ["quiet"]


def test_the_same_document_again_changes_nothing(service: Service) -> None:
    first, again = (send(service, as_fhir(plan())) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["location"] == again.headers["location"]
    assert len(deliveries(service)) == 1


def test_the_same_version_with_other_content_is_a_conflict(service: Service) -> None:
    send(service, as_fhir(plan()))
    other = plan()
    other["envelope"]["language"] = "sv"
    assert refused(send(service, as_fhir(other)))[0] in (409, 422)


def test_a_transaction_is_taken_whole_and_tells_where_each_part_is(service: Service) -> None:
    sent = transaction_of(as_fhir(plan()))
    answer = send(service, json.dumps(sent).encode())
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert (bundle["type"], len(bundle["entry"])) == ("transaction-response", len(sent["entry"]))
    for one, entry in zip(sent["entry"], bundle["entry"], strict=True):
        assert entry["response"]["status"] == "201 Created"
        location = entry["response"].get("location", "")
        assert f"/{one['resource']['resourceType']}/" in location or not location
    located = [one["response"]["location"] for one in bundle["entry"] if "location" in one["response"]]
    assert service.get(located[0]).status_code == 200


@pytest.mark.parametrize("missing", ["Composition", "QuestionnaireResponse"])
def test_a_transaction_that_is_not_one_document_changes_nothing(service: Service, missing: str) -> None:
    sent = transaction_of(as_fhir(plan()))
    sent["entry"] = [one for one in sent["entry"] if one["resource"]["resourceType"] != missing]
    assert refused(send(service, json.dumps(sent).encode())) == (422, "transaction_is_not_one_document")
    assert service.get("/CarePlan").json().get("entry") is None


@pytest.mark.parametrize("change", [{"method": "PUT"}, {"method": "DELETE"}, None])
def test_a_transaction_with_another_interaction_is_refused(service: Service, change: dict[str, str] | None) -> None:
    sent = transaction_of(as_fhir(plan()))
    sent["entry"][1]["request"] = (sent["entry"][1]["request"] | change) if change else None
    assert refused(send(service, json.dumps(sent).encode())) == (422, "transaction_is_not_one_document")


@pytest.mark.parametrize("kind", ["batch", "searchset", "history", "message", None])
def test_a_bundle_of_another_type_is_refused(service: Service, kind: str | None) -> None:
    sent = json.loads(as_fhir(plan())) | {"type": kind}
    answer = send(service, json.dumps(sent).encode())
    assert refused(answer) == (422, "bundle_type_is_not_taken")
    assert deliveries(service) == []


def test_a_document_that_breaks_rules_is_refused_with_its_findings(service: Service) -> None:
    sick = plan()
    sick["content"] = {next(iter(sick["content"])): {}}
    answer = send(service, as_fhir(sick))
    assert refused(answer) == (422, "document_is_not_valid")
    assert len(answer.json()["issue"]) > 1
    assert deliveries(service) == []


def test_a_document_comes_in_any_format_as_a_binary_or_in_a_reference(service: Service) -> None:
    effica = (EXAMPLES / "plan-effica.xml").read_bytes()
    first = service.call("POST", "/Binary", effica, headers=EFFICA)
    assert first.status_code == 201, first.text
    assert service.get(first.headers["location"]).content == effica
    attachment = {"contentType": EFFICA["Content-Type"], "data": b64encode(effica).decode()}
    reference = {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": attachment}]}
    again = send(service, json.dumps(reference).encode(), "/DocumentReference")
    assert again.status_code == 200, again.text
    assert "/DocumentReference/" in again.headers["location"]


def test_a_conditional_create_finds_what_is_here(service: Service) -> None:
    identifier = plan()["envelope"]["document"]
    condition = {"If_None_Exist": f"identifier=urn:ietf:rfc:3986|urn:oid:{identifier}"}
    first, again = (send(service, as_fhir(plan()), "/Bundle", **condition) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert refused(send(service, as_fhir(plan()), "/Bundle", If_None_Exist="status=final"))[0] == 400


def test_a_next_version_needs_to_name_the_one_that_it_takes_the_place_of(service: Service) -> None:
    location = send(service, as_fhir(plan()), "/Bundle").headers["location"].partition("/_history")[0]
    second = as_fhir(plan(2, replaces=plan()["envelope"]["document"]))

    def put(tag: str | None) -> httpx.Response:
        return service.call("PUT", location, second, headers=FHIR | ({"If-Match": tag} if tag else {}))

    assert refused(put(None))[1] == "version_has_to_be_named"
    assert refused(put('W/"7"')) == (412, "version_is_not_the_newest")
    taken = put('W/"1"')
    assert taken.status_code == 200, taken.text
    assert taken.headers["etag"] == 'W/"2"'
    assert refused(put('W/"1"')) == (412, "version_is_not_the_newest")
    versions = service.get(f"{location.replace('/Bundle/', '/Bundle/')}/_history/1")
    assert versions.status_code == 200
    plans = [one["resource"] for one in service.get("/CarePlan").json()["entry"]]
    assert [one["meta"]["versionId"] for one in plans] == ["2"]
    history = service.get(f"/CarePlan/{plans[0]['id']}/_history").json()
    assert [one["resource"]["meta"]["versionId"] for one in history["entry"]] == ["2", "1"]


def test_prefer_says_how_much_comes_back(service: Service) -> None:
    asked: dict[str, Callable[[httpx.Response], bool]] = {
        "minimal": lambda answer: answer.content == b"",
        "representation": lambda answer: answer.json()["resourceType"] == "Bundle",
        "OperationOutcome": lambda answer: answer.json()["resourceType"] == "OperationOutcome",
    }
    for word, holds in asked.items():
        assert holds(send(service, as_fhir(plan()), "/Bundle", Prefer=f"return={word}")), word


@pytest.mark.parametrize("path", ["/", "/Bundle", "/DocumentReference", "/Binary"])
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"resourceType": "Patient"}', b"\xff\xfe", b"[" * 5000])
def test_what_is_no_document_is_refused(service: Service, path: str, body: bytes) -> None:
    status, _ = refused(send(service, body, path))
    assert status in (400, 422)


def test_a_document_in_xml_is_the_same_document(service: Service) -> None:
    record = examine(json.dumps(plan()).encode(), "thl").record
    assert record is not None
    converted = send(service, write(record, "fhir").data, "/$convert", Accept="application/fhir+xml")
    assert converted.headers["content-type"].startswith("application/fhir+xml")
    taken = service.call("POST", "/", converted.content, headers={"Content-Type": "application/fhir+xml"})
    assert taken.status_code == 201, taken.text
    assert send(service, as_fhir(plan())).status_code == 200


def test_no_answer_repeats_what_was_sent(service: Service) -> None:
    secret = f"word{uuid4().hex}"
    for path in ("/", "/Bundle", "/$validate", "/$convert?to=effica", "/QuestionnaireResponse/$extract"):
        for body in ({"resourceType": secret}, {"resourceType": "Bundle", "type": secret}, {secret: secret}):
            assert secret not in send(service, json.dumps(body).encode(), path).text
