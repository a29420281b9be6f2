"""What waits in OMNI360: found by what has changed, by notices, and never lost between them; and consents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from interop.config import Settings, SystemSettings
from interop.errors import Conflict
from interop.exchange import Participant
from interop.exchange.joining import KINDS, hooks
from interop.sandboxes.notices import Notices
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.systems.base import Acknowledgement
from interop.systems.omni360 import Omni360
from interop.systems.omni360_webhook import Hook, signature, webhook_app
from tests.systems.test_omni360 import bundle, connected, outgoing

SECRET = "yhteinen-salaisuus"


def file(sandbox: Omni360Sandbox, document: str) -> str:
    return sandbox.file(json.dumps(bundle(document)).encode())


def test_when_nothing_waits_only_what_has_changed_is_asked_for() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        first = file(sandbox, "1.2.3.1")
        (arrival,) = omni.arrivals()
        assert [one.id for one in omni.arrivals()] == [first]
        omni.acknowledge(arrival, Acknowledgement("AA"))
        assert omni.arrivals() == ()
        assert omni.arrivals() == ()
        second = file(sandbox, "1.2.3.2")
        assert [one.id for one in omni.arrivals()] == [second]
        assert [one.id for one in omni.arrivals()] == [second]
    changed = ["_lastUpdated" in names for kind, names in sandbox.searches if kind == "Task"]
    assert changed == [False, False, False, True, True, False]


def test_pages_of_changes_are_all_read() -> None:
    sandbox = Omni360Sandbox(page_size=2)
    with connected(sandbox) as omni:
        file(sandbox, "1.2.3.0")
        (arrival,) = omni.arrivals()
        omni.acknowledge(arrival, Acknowledgement("AA"))
        omni.arrivals()
        filed = {file(sandbox, f"1.2.3.{number}") for number in range(1, 6)}
        assert {one.id for one in omni.arrivals()} == filed


@contextmanager
def notified(sandbox: Omni360Sandbox, secret: str = SECRET) -> Iterator[tuple[Omni360, Notices, list[str]]]:
    """The adapter, what the sandbox was answered, and the references that it was told."""
    told: list[str] = []
    with connected(sandbox) as omni:

        def notify(reference: str) -> None:
            told.append(reference)
            omni.notified(reference)

        with Running(webhook_app({"omni": Hook(SECRET, notify)})) as listening:
            notices = Notices(listening.url + "/omni", secret)
            sandbox.notices = notices
            yield omni, notices, told


def test_a_notice_is_followed_by_a_read() -> None:
    sandbox = Omni360Sandbox()
    with notified(sandbox) as (omni, notices, told):
        omni.arrivals()
        at = file(sandbox, "1.2.3.1")
        assert [one.id for one in omni.arrivals()] == [at]
    assert (told, notices.answers) == ([at], [202])
    assert ("GET", f"/fhir/{at}") in sandbox.requests


def test_a_notice_before_the_task_can_be_read_is_kept() -> None:
    sandbox = Omni360Sandbox()
    with notified(sandbox) as (omni, _, _):
        sandbox.faults.on("webhook_early")
        at = file(sandbox, "1.2.3.1")
        assert omni.arrivals() == ()
        assert [one.id for one in omni.arrivals()] == [at]


def test_a_notice_that_comes_twice_is_acted_on_once() -> None:
    sandbox = Omni360Sandbox()
    with notified(sandbox) as (omni, notices, told):
        sandbox.faults.on("webhook_duplicate")
        at = file(sandbox, "1.2.3.1")
        assert [one.id for one in omni.arrivals()] == [at]
    assert (told, notices.answers) == ([at], [202, 202])


def test_a_notice_signed_by_somebody_else_is_refused_and_polling_finds_the_task() -> None:
    sandbox = Omni360Sandbox()
    with notified(sandbox, "toinen") as (omni, notices, told):
        at = file(sandbox, "1.2.3.1")
        assert (told, notices.answers) == ([], [401])
        assert [one.id for one in omni.arrivals()] == [at]


def test_a_notice_of_a_task_that_is_not_ours_or_not_there_brings_nothing() -> None:
    sandbox = Omni360Sandbox()
    theirs = bundle("1.2.3.1")
    theirs["entry"][2]["resource"]["owner"]["identifier"]["value"] = "urn:oid:1.2.3"
    with notified(sandbox) as (omni, _, told):
        sandbox.file(json.dumps(theirs).encode())
        for reference in ("Task/99999", "Task/../x", "Patient/1"):
            omni.notified(reference)
        assert omni.arrivals() == ()
    assert len(told) == 1


@pytest.mark.parametrize(("change", "status"), [
    ({}, 202), ({"path": "/toinen"}, 404), ({"at": "999"}, 401), ({"at": "x"}, 401), ({"signature": "sha256=00"}, 401),
    ({"signature": "ä"}, 401), ({"body": b"{}"}, 400), ({"body": b"["}, 400), ({"body": b"x" * 5000}, 413),
    ({"body": b'{"id":"1","resource":"Patient/1"}'}, 400), ({"body": b'{"id":"1","resource":"Task/1?x=1"}'}, 400),
    ({"body": b'{"id":1,"resource":"Task/1"}'}, 400),
])  # fmt: skip
def test_only_a_fresh_and_signed_notice_of_a_task_is_taken(change: dict[str, Any], status: int) -> None:
    told: list[str] = []
    app = webhook_app({"omni": Hook(SECRET, told.append)}, clock=lambda: 1_000_000.0)
    body, at = change.get("body", b'{"id":"1","resource":"Task/1"}'), change.get("at", "999800")
    signed = change.get("signature", signature(SECRET, at, body))
    with Running(app) as running:
        headers = {"X-Timestamp": at.encode(), "X-Signature": signed.encode()}
        answer = httpx.post(running.url + change.get("path", "/omni"), content=body, headers=headers, trust_env=False)
    assert (answer.status_code, told) == (status, ["Task/1"] if status == 202 else [])
    assert answer.content == b"" or status == 404


def test_only_a_system_with_a_secret_may_notify() -> None:
    shown = {"user": "u", "secret": "s", "token_url": "http://127.0.0.1:1/t", "owner": "1.2.3"}
    systems = tuple(
        SystemSettings(name, "omni360", "http://127.0.0.1:1/", webhook_secret=secret, **shown)  # type: ignore[arg-type]
        for name, secret in (("one", SECRET), ("other", ""))
    )
    joined = {one.name: Participant(KINDS["omni360"](one), "") for one in systems}
    found = hooks(Settings(active_key="k", keys={"k": bytes(32)}, systems=systems), joined)
    assert {name: hook.secret for name, hook in found.items()} == {"one": SECRET}
    assert SECRET not in repr(found) + repr(systems)


def consent(kind: str = "deny", status: str = "active", client: str = "010181-900C") -> dict[str, Any]:
    return {
        "resourceType": "Consent", "status": status, "provision": {"type": kind},
        "patient": {"identifier": {"system": "urn:oid:1.2.246.21", "value": client}},
    }  # fmt: skip


def test_a_clients_denial_in_omni360_stops_the_plan_before_anything_is_made() -> None:
    sandbox = Omni360Sandbox()
    sandbox.add(consent())
    with connected(sandbox) as omni, pytest.raises(Conflict, match="denial"):
        omni.send(outgoing())
    assert sandbox.held("CarePlan") == sandbox.held("Binary") == []


@pytest.mark.parametrize("other", [consent("permit"), consent(status="inactive"), consent(client="010280-952L")])
def test_other_consents_stop_nothing(other: dict[str, Any]) -> None:
    sandbox = Omni360Sandbox()
    sandbox.add(other)
    with connected(sandbox) as omni:
        assert omni.send(outgoing()).state == "accepted"


def test_a_server_without_consents_and_a_setting_leave_them_alone() -> None:
    sandbox = Omni360Sandbox()
    sandbox.add(consent())
    with connected(sandbox, asks_consent=False) as omni:
        assert omni.send(outgoing()).state == "accepted"
    assert not any("Consent" in path for _, path in sandbox.requests)
