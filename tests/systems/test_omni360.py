"""The OMNI360 adapter against its sandbox, over real sockets."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from interop.errors import Busy, Conflict, Fault, Forbidden, NotFound, Unavailable, Unknown, Unsupported
from interop.sandboxes.faults import Fault as Laid
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.systems.base import Acknowledgement, Arrival, Outgoing, Receipt
from interop.systems.http import Bounds
from interop.systems.omni360 import Omni360, Omni360Settings

US = "urn:oid:1.2.246.10.7654321.10.1"
FIRST, SECOND = "1.2.246.10.1234567.93.2026.1", "1.2.246.10.1234567.93.2026.2"


def named(document: str) -> dict[str, str]:
    return {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{document}"}


def bundle(document: str = FIRST, version: int = 1, text: str = "Käynti", replaces: str = "") -> dict[str, Any]:
    data = base64.b64encode(json.dumps({"teksti": text}).encode()).decode()
    plan: dict[str, Any] = {
        "resourceType": "CarePlan",
        "contained": [{"resourceType": "Goal", "id": "g1", "lifecycleStatus": "active", "description": {"text": text}}],
        "extension": [
            {
                "url": "https://sote-interop.example/fhir/StructureDefinition/document-version",
                "valueInteger": version,
            },
            {"url": "urn:sisalto", "valueReference": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}},
        ],
        "identifier": [named(document)],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [{"system": "urn:luokat", "code": "social"}]}],
        "subject": {"identifier": {"system": "urn:oid:1.2.246.21", "value": "010181-900C"}},
        "goal": [{"reference": "#g1"}],
    }
    if replaces:
        plan["replaces"] = [{"identifier": named(replaces)}]
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "authoredOn": "2026-02-03T10:00:00+02:00",
        "focus": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"},
        "owner": {"identifier": {"system": "urn:ietf:rfc:3986", "value": US}},
    }
    parts = [{"resourceType": "Binary", "contentType": "application/json", "data": data}, plan, task]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{i}", "resource": part}
            for i, part in enumerate(parts, start=1)
        ],
    }


def outgoing(content: dict[str, Any] | None = None, document: str = FIRST, version: int = 1) -> Outgoing:
    return Outgoing("m-1", document, version, json.dumps(content or bundle(document, version)).encode())


@contextmanager
def connected(sandbox: Omni360Sandbox, **settings: Any) -> Iterator[Omni360]:
    with Running(sandbox) as running:
        base, token = running.url + sandbox.path, running.url + sandbox.token_path
        shown = {"client_id": "interop", "secret": "salainen", "owner": US, **settings}
        adapter = Omni360(Omni360Settings(base, token, **shown))
        try:
            yield adapter
        finally:
            adapter.close()


def counts(sandbox: Omni360Sandbox) -> tuple[int, ...]:
    return tuple(len(sandbox.held(kind)) for kind in ("Binary", "CarePlan", "Task"))


def test_a_delivery_is_accepted_with_its_task_and_delivered_when_the_task_is_completed() -> None:
    sandbox = Omni360Sandbox(automatic=False)
    with connected(sandbox) as omni:
        assert omni.settle(outgoing()) is None
        assert omni.send(outgoing()) == Receipt("accepted", "CarePlan/2")
        assert omni.settle(outgoing()) == Receipt("accepted", "CarePlan/2")
        sandbox.settle_tasks()
        assert omni.settle(outgoing()) == Receipt("delivered", "CarePlan/2")
    (plan,), (task,) = sandbox.held("CarePlan"), sandbox.held("Task")
    assert plan["contained"] == bundle()["entry"][1]["resource"]["contained"]
    assert plan["extension"][1]["valueReference"] == {"reference": "Binary/1"}
    assert task["focus"] == {"reference": "CarePlan/2"}


def test_a_task_that_the_receiver_refuses_is_a_rejection_with_its_code_only() -> None:
    sandbox = Omni360Sandbox(automatic=False)
    with connected(sandbox) as omni:
        omni.send(outgoing())
        sandbox.settle_tasks("rejected", "tuntematon-asiakas")
        receipt = omni.settle(outgoing())
    assert receipt == Receipt("rejected", "CarePlan/2", "OMNI360 closed the task as rejected, code tuntematon-asiakas.")


def test_a_reason_code_that_looks_like_an_identity_code_is_left_out() -> None:
    sandbox = Omni360Sandbox(automatic=False)
    with connected(sandbox) as omni:
        omni.send(outgoing())
        sandbox.settle_tasks("failed", "010181-900C")
        receipt = omni.settle(outgoing())
    assert receipt is not None
    assert receipt.reason == "OMNI360 closed the task as failed."


def test_the_same_version_again_is_not_made_again() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        assert omni.send(outgoing()).state == "accepted"
        assert omni.send(outgoing()) == Receipt("delivered", "CarePlan/2")
    assert counts(sandbox) == (1, 1, 1)


def test_the_same_version_with_other_content_needs_a_person() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        omni.send(outgoing())
        other_binary, other_plan, other_both = bundle(), bundle(), bundle(text="Muuta")
        other_binary["entry"][0]["resource"]["data"] = "AAAA"
        other_plan["entry"][1]["resource"]["status"] = "revoked"
        for other in (other_binary, other_plan, other_both):
            with pytest.raises(Conflict):
                omni.send(outgoing(other))
    assert counts(sandbox) == (1, 1, 1)


def test_a_newer_version_is_written_over_the_older_plan() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        omni.send(outgoing())
        newer = outgoing(bundle(SECOND, 2, "Uusi", FIRST), SECOND, 2)
        assert omni.send(newer) == Receipt("accepted", "CarePlan/2")
        assert omni.send(newer) == Receipt("delivered", "CarePlan/2")
    (plan,) = sandbox.held("CarePlan")
    assert plan["identifier"] == [named(SECOND)]
    assert plan["meta"]["versionId"] == "2"
    assert counts(sandbox) == (2, 1, 2)


def test_an_older_version_is_not_written_over_a_newer_one() -> None:
    sandbox = Omni360Sandbox()
    sandbox.file(json.dumps(bundle(FIRST, 3)).encode())
    with connected(sandbox) as omni, pytest.raises(Conflict):
        omni.send(outgoing(bundle(SECOND, 2, "Vanha", FIRST), SECOND, 2))
    assert counts(sandbox) == (1, 1, 1)


def test_a_plan_that_somebody_changed_in_between_is_looked_at_again() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        omni.send(outgoing())
        sandbox.faults.lay(Laid("answer", 412), method="PUT")
        newer = outgoing(bundle(SECOND, 2, "Uusi", FIRST), SECOND, 2)
        assert omni.send(newer).state == "accepted"
        sandbox.faults.lay(Laid("answer", 412), times=2, method="PUT")
        third = "1.2.246.10.1234567.93.2026.3"
        with pytest.raises(Conflict):
            omni.send(outgoing(bundle(third, 3, "Kolmas", SECOND), third, 3))


@pytest.mark.parametrize("kind", ["cut", "hang"])
@pytest.mark.parametrize(("path", "made"), [("/Binary", (2, 1, 1)), ("/CarePlan", (1, 1, 1)), ("/Task", (1, 1, 1))])
def test_a_delivery_that_broke_off_is_finished_and_not_repeated(kind: str, path: str, made: tuple[int, ...]) -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox, bounds=Bounds(read=0.5)) as omni:
        sandbox.faults.lay(Laid(kind), method="POST", path=path)  # type: ignore[arg-type]
        with pytest.raises(Unknown):
            omni.send(outgoing())
        settled = omni.settle(outgoing())
        assert settled == (Receipt("delivered", "CarePlan/2") if path == "/Task" else None)
        assert omni.send(outgoing()).state in ("accepted", "delivered")
    assert counts(sandbox) == made


def test_a_lost_answer_to_an_update_may_be_repeated() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        omni.send(outgoing())
        newer = outgoing(bundle(SECOND, 2, "Uusi", FIRST), SECOND, 2)
        sandbox.faults.lay(Laid("cut"), method="PUT")
        with pytest.raises(Unavailable):
            omni.send(newer)
        assert omni.send(newer) == Receipt("accepted", "CarePlan/2")
    assert counts(sandbox) == (2, 1, 2)


def test_what_waits_is_fetched_in_the_form_it_is_sent_in_and_closed() -> None:
    sandbox = Omni360Sandbox()
    at = sandbox.file(json.dumps(bundle()).encode())
    with connected(sandbox) as omni:
        assert omni.arrivals() == (Arrival(at, at),)
        fetched = json.loads(omni.fetch(Arrival(at, at)))
        assert omni.fetch(Arrival(at, at)) == omni.fetch(Arrival(at, at))
        omni.acknowledge(Arrival(at, at), Acknowledgement("AA"))
        omni.acknowledge(Arrival(at, at), Acknowledgement("AA"))
        with pytest.raises(Conflict):
            omni.acknowledge(Arrival(at, at), Acknowledgement("AR"))
        assert omni.arrivals() == ()
    text = json.dumps(fetched)
    for i, entry in enumerate(fetched["entry"], 1):
        text = text.replace(entry["fullUrl"], f"urn:uuid:00000000-0000-4000-8000-00000000000{i}")
    assert json.loads(text) == bundle()
    assert sandbox.held("Task")[0]["status"] == "completed"


def test_what_we_refuse_is_closed_with_the_code_and_the_text() -> None:
    sandbox = Omni360Sandbox()
    arrival = Arrival(sandbox.file(json.dumps(bundle()).encode()), "")
    with connected(sandbox) as omni:
        omni.acknowledge(arrival, Acknowledgement("AE", "rakenne", "Rakenne on väärä."))
    (task,) = sandbox.held("Task")
    assert task["status"] == "failed"
    assert task["statusReason"]["coding"][0]["code"] == "rakenne"
    assert task["statusReason"]["text"] == "Rakenne on väärä."


def test_many_arrivals_come_page_by_page_and_only_ours() -> None:
    sandbox = Omni360Sandbox(page_size=2)
    ours = [sandbox.file(json.dumps(bundle(f"1.2.3.{i}")).encode()) for i in range(5)]
    theirs = bundle()
    theirs["entry"][2]["resource"]["owner"]["identifier"]["value"] = "urn:oid:1.2.3"
    sandbox.file(json.dumps(theirs).encode())
    with connected(sandbox) as omni:
        assert {arrival.id for arrival in omni.arrivals()} == set(ours)


def test_a_page_link_to_another_server_is_not_followed() -> None:
    sandbox = Omni360Sandbox()
    away = [{"relation": "next", "url": "http://127.0.0.1:1/x"}]
    page = {"resourceType": "Bundle", "type": "searchset", "link": away}
    with connected(sandbox) as omni:
        sandbox.faults.lay(Laid("answer", 200, {}, json.dumps(page).encode()), path="/Task/_search")
        with pytest.raises(Unsupported):
            omni.arrivals()


def test_a_task_that_is_gone_is_not_found() -> None:
    with connected(Omni360Sandbox()) as omni:
        with pytest.raises(NotFound):
            omni.fetch(Arrival("Task/99", ""))
        with pytest.raises(NotFound):
            omni.acknowledge(Arrival("Task/99", ""), Acknowledgement("AA"))


def test_wrong_credentials_are_forbidden() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox, secret="väärä") as omni, pytest.raises(Forbidden):
        omni.send(outgoing())
    assert counts(sandbox) == (0, 0, 0)


def test_a_token_that_expires_on_the_way_is_replaced_once() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        assert omni.arrivals() == ()
        sandbox.expire_tokens()
        assert omni.send(outgoing()).state == "accepted"
        sandbox.faults.lay(Laid("answer", 401), times=2)
        with pytest.raises(Forbidden):
            omni.arrivals()


def test_a_token_is_kept_between_calls() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        omni.arrivals()
        sandbox.faults.lay(Laid("answer", 500), path="/oauth2/token")
        omni.send(outgoing())


def test_an_unknown_category_is_a_rejection_that_names_the_code() -> None:
    with connected(Omni360Sandbox(categories={"muu"})) as omni:
        receipt = omni.send(outgoing())
    assert receipt.state == "rejected"
    assert receipt.reason == "OMNI360 did not take the document: status 422, codes unknown-category."


def test_several_faults_in_a_plan_are_all_named() -> None:
    content = bundle()
    del content["entry"][1]["resource"]["status"]
    with connected(Omni360Sandbox(categories={"muu"})) as omni:
        receipt = omni.send(outgoing(content))
    assert receipt.reason == "OMNI360 did not take the document: status 422, codes required, unknown-category."


def test_a_part_over_the_limit_is_a_rejection() -> None:
    content = bundle()
    content["entry"][0]["resource"]["data"] = "A" * (2 * 1024 * 1024)
    with connected(Omni360Sandbox()) as omni:
        receipt = omni.send(outgoing(content))
    assert receipt.state == "rejected"
    assert receipt.reason == "A Binary is longer than OMNI360 takes, 2097152 bytes."


@pytest.mark.parametrize(("status", "wait"), [(429, "3"), (503, "3")])
def test_a_server_that_asks_to_wait_is_busy(status: int, wait: str) -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        sandbox.faults.lay(Laid("answer", status, {"Retry-After": wait}), method="POST", path="/Binary")
        with pytest.raises(Busy) as caught:
            omni.send(outgoing())
    assert caught.value.retry_after == 3


def test_a_server_error_on_a_create_leaves_the_outcome_unknown() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        sandbox.faults.lay(Laid("replace", 502), method="POST", path="/CarePlan")
        with pytest.raises(Unknown):
            omni.send(outgoing())
        assert omni.send(outgoing()).state == "accepted"
    assert counts(sandbox) == (1, 1, 1)


def test_a_server_that_drops_contained_parts_is_noticed_on_the_next_send() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        omni.send(outgoing())
        del sandbox.held("CarePlan")[0]["contained"]
        with pytest.raises(Conflict):
            omni.send(outgoing())


@pytest.mark.parametrize("content", [
    {"resourceType": "Bundle"}, [], {**bundle(), "entry": bundle()["entry"][:2]}, bundle(SECOND), bundle(version=2),
    {**bundle(), "entry": [*bundle()["entry"], {"fullUrl": "urn:uuid:9", "resource": {"resourceType": "Patient"}}]},
])  # fmt: skip
def test_a_payload_that_is_no_delivery_is_our_own_mistake(content: Any) -> None:
    sandbox = Omni360Sandbox()
    payload = json.dumps(content).encode()
    with connected(sandbox) as omni, pytest.raises(Fault):
        omni.send(Outgoing("m", FIRST, 1, payload))
    assert sandbox.requests == []


def test_capabilities_come_from_the_server() -> None:
    with connected(Omni360Sandbox()) as omni:
        told = omni.capabilities()
    assert (told.reads_plans, told.writes_structured, told.writes_documents) == (True, True, True)
    assert (told.notifies, told.versions) == (False, True)


def test_no_identity_code_stands_in_any_address() -> None:
    sandbox = Omni360Sandbox()
    at = sandbox.file(json.dumps(bundle(SECOND)).encode())
    with connected(sandbox) as omni:
        omni.send(outgoing())
        omni.settle(outgoing())
        omni.fetch(Arrival(at, at))
    assert sandbox.requests
    assert not any("900C" in path for _, path in sandbox.requests)
