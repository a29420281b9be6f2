"""What each adapter needs of its system, beside what it finds there: one shape for all of them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from interop.sandboxes.apotti import SCOPE, ApottiSandbox
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.faults import Fault
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.systems.base import Finding
from interop.systems.omni360 import Omni360, Omni360Settings
from tests.systems import test_apotti, test_effica, test_omni360

CAPTURED = Path(__file__).parents[3] / "shared/reference/apotti/capabilitystatement-eko01-2023-07-04.json"


def bad(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(one.what, one.found) for one in findings if not one.ok]


def without(statement: dict[str, Any], kind: str, interaction: str) -> bytes:
    for resource in statement["rest"][0]["resource"]:
        if resource["type"] == kind:
            resource["interaction"] = [i for i in resource["interaction"] if i["code"] != interaction]
    return json.dumps(statement).encode()


def test_each_sandbox_offers_what_its_adapter_needs() -> None:
    with test_effica.connected(EfficaSandbox()) as effica, test_omni360.connected(Omni360Sandbox()) as omni:
        assert bad([*effica.check(), *omni.check()]) == []
    with test_apotti.connected(ApottiSandbox()) as apotti:
        found = apotti.check()
    assert bad(found) == []
    assert {"FHIR version", "DocumentReference", "Encounter", "granted scope"} <= {one.what for one in found}


def test_what_a_server_has_stopped_offering_is_named() -> None:
    sandbox = Omni360Sandbox()
    with test_omni360.connected(sandbox) as omni:
        statement = omni._server.http.call("GET", "metadata").body
        less = without(json.loads(statement), "CarePlan", "update")
        sandbox.faults.lay(Fault("answer", 200, {}, less), path="/metadata")
        assert bad(omni.check()) == [("CarePlan", "lacks update")]
        other = {**json.loads(statement), "fhirVersion": "5.0.0", "rest": []}
        sandbox.faults.lay(Fault("answer", 200, {}, json.dumps(other).encode()), path="/metadata")
        assert bad(omni.check())[:2] == [("FHIR version", "5.0.0"), ("Binary", "not offered")]


@pytest.mark.parametrize(("ahead", "found"), [(-200, "200 s behind ours"), (45, ""), (200, "200 s ahead of ours")])
def test_a_clock_that_is_not_ours_is_named(ahead: float, found: str) -> None:
    sandbox = Omni360Sandbox()
    with Running(sandbox, ahead=ahead) as running:
        settings = Omni360Settings(
            running.url + sandbox.path, running.url + sandbox.token_path, "interop", "salainen", "urn:oid:1.2.3"
        )
        omni = Omni360(settings)
        told = [one.found for one in omni.check() if one.what == "clock" and not one.ok]
        omni.close()
    assert [one.split(" s ")[1] for one in told] == ([found.split(" s ")[1]] if found else [])


def test_a_scope_that_is_too_small_is_named() -> None:
    small = SCOPE.replace(" system/DocumentReference.write", "")
    with test_apotti.connected(ApottiSandbox(), scope=small) as apotti:
        assert bad(apotti.check()) == [("granted scope", "lacks DocumentReference.write")]


@pytest.mark.parametrize("connected", [test_effica.connected, test_omni360.connected, test_apotti.connected])
def test_a_system_that_is_down_is_a_finding_and_no_error(connected: Any) -> None:
    sandboxes = {test_effica: EfficaSandbox, test_omni360: Omni360Sandbox, test_apotti: ApottiSandbox}
    (kind,) = (box for module, box in sandboxes.items() if module.connected is connected)
    sandbox = kind()
    with connected(sandbox) as adapter:
        sandbox.faults.lay(Fault("answer", 503), times=9)
        found = adapter.check()
    assert found
    assert not any(one.ok for one in found if one.what != "clock")
    assert "asks to wait" in found[0].found


def test_the_server_that_apotti_published_offers_what_the_adapter_needs() -> None:
    if not CAPTURED.is_file():
        absent = "Apotti's published CapabilityStatement is not there: it stands beside the repository."
        pytest.fail(absent) if os.environ.get("CI") else pytest.skip(absent)
    sandbox = ApottiSandbox()
    with test_apotti.connected(sandbox) as apotti:
        sandbox.faults.lay(Fault("answer", 200, {}, CAPTURED.read_bytes()), path="/metadata")
        assert bad(apotti.check()) == []
