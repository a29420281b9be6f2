"""All three systems send and all three receive, over real sockets, with the real adapters, formats and database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interop.cli.demo import example_plan
from interop.documents import examine, write
from interop.exchange import Exchange, Pace, Participant, Parts
from interop.sandboxes.apotti import ApottiSandbox
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.effica_sftp import EfficaSftpSandbox
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.store import KeyRing, Store
from interop.systems.apotti import Apotti, ApottiSettings
from interop.systems.apotti_notes import marks
from interop.systems.apotti_polling import PollingSettings
from interop.systems.base import System
from interop.systems.effica import Effica, EfficaSettings
from interop.systems.effica_sftp import EfficaSftp, EfficaSftpSettings
from interop.systems.oauth import SigningKey, jwks_app
from interop.systems.omni360 import Omni360, Omni360Settings
from schemas.record import Record
from tests.systems.test_effica_sftp import key_pair, place

US = "urn:oid:1.2.246.10.99999999.10.3"
KEY = SigningKey.generate("vaihto", 2048)


def record_of(version: int = 1) -> Record:
    record = examine(example_plan("fi"), "effica").record
    assert record is not None
    first = record.document
    named: dict[str, Any] = {"version": version, "original": first}
    if version > 1:
        named |= {"document": f"{first}.{version}", "replaces": first if version == 2 else f"{first}.{version - 1}"}
    return replace(record, envelope={**record.envelope, **named})


@dataclass
class Three:
    effica: EfficaSandbox | EfficaSftpSandbox
    omni360: Omni360Sandbox
    apotti: ApottiSandbox
    patient: str
    exchange: Exchange
    times: list[datetime] = field(default_factory=list)

    def go(self, rounds: int = 8) -> dict[str, list[str]]:
        """The states of the deliveries by receiver, after so many rounds, twenty minutes apart."""
        for _ in range(rounds):
            self.exchange.round()
            self.times.append(self.times[-1] + timedelta(minutes=20))
        found: dict[str, list[str]] = {}
        for one in self.exchange.parts.store.deliveries():
            found.setdefault(one.receiver, []).append(one.state)
        return found

    def in_effica(self) -> list[Record | None]:
        return [examine(data, "effica").record for data in self.effica.received.values()]

    def in_apotti(self) -> list[tuple[str, int] | None]:
        return [marks(text) for text in self.apotti.texts()]

    def in_omni360(self) -> list[int]:
        return [plan["extension"][0]["valueInteger"] for plan in self.omni360.held("CarePlan")]


@pytest.fixture(params=["effica", "effica_sftp"])
def three(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Three]:
    client = record_of().envelope["clients"][0]["identifier"]
    times = [datetime.now(UTC)]

    def now() -> float:
        return times[-1].timestamp()

    omni360, apotti = Omni360Sandbox(), ApottiSandbox(now)
    patient = apotti.add_patient(client["value"], "Mallikas", "Väinö", client["system"])
    apotti.add_encounter(patient)
    with ExitStack() as stack:
        effica, adapter = _effica(stack, request.param, tmp_path)
        at = stack.enter_context(Running(omni360)).url
        settings = Omni360Settings(at + omni360.path, at + omni360.token_path, "interop", "salainen", US)
        keys = stack.enter_context(Running(jwks_app([KEY]))).url
        apotti.register("interop", keys + "/jwks.json")
        looks = PollingSettings(lambda: [f"{client['system']}|{client['value']}"], every=600)
        made = ApottiSettings(stack.enter_context(Running(apotti)).url + apotti.path, "interop", KEY, polling=looks)
        systems: dict[str, Any] = {
            "effica": adapter,
            "omni360": Omni360(settings),
            "apotti": Apotti(made, now),
        }
        for system in systems.values():
            stack.callback(system.close)
        store = Store(f"sqlite:///{tmp_path / 'interop.db'}", KeyRing("k", {"k": bytes(32)}))
        stack.callback(store.close)
        joined = {name: Participant(one, record_of().controller) for name, one in systems.items()}
        pace = Pace(timedelta(seconds=1), timedelta(seconds=60))
        parts = Parts(store, joined, examine, write, lambda: times[-1], pace)
        yield Three(effica, omni360, apotti, patient, Exchange(parts), times)


def _effica(stack: ExitStack, kind: str, folder: Path) -> tuple[EfficaSandbox | EfficaSftpSandbox, System]:
    if kind == "effica":
        soap = EfficaSandbox()
        return soap, Effica(EfficaSettings(stack.enter_context(Running(soap)).url + soap.path))
    login, public = key_pair(folder, "login")
    drop = stack.enter_context(EfficaSftpSandbox(folder / "effica", public))
    return drop, EfficaSftp(EfficaSftpSettings(place(drop, login)))


def born_in_omni360(three: Three, record: Record) -> str:
    bundle = json.loads(write(record, "omni360").data)
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Task":
            entry["resource"] |= {"status": "requested", "owner": {
                "identifier": {"system": "urn:ietf:rfc:3986", "value": US},
            }}  # fmt: skip
    return three.omni360.file(json.dumps(bundle).encode())


def test_a_plan_born_in_omni360_reaches_effica_and_apotti_and_comes_back_to_nobody(three: Three) -> None:
    record = record_of()
    task = born_in_omni360(three, record)
    assert three.go() == {"effica": ["delivered"], "apotti": ["delivered"]}
    assert three.in_effica() == [record]
    assert three.in_apotti() == [(record.document, 1)]
    (held,) = three.omni360.held("Task")
    assert (f"Task/{held['id']}", held["status"]) == (task, "completed")
    # The note in Apotti has been found by the polling meanwhile, and known for what it is.
    assert any(path.endswith("CarePlan/_search") for _, path in three.apotti.requests)
    assert len(three.exchange.parts.store.deliveries()) == 2


def test_a_version_made_in_effica_follows_one_born_in_omni360(three: Three) -> None:
    born_in_omni360(three, record_of())
    three.go()
    three.effica.file(write(record_of(2), "effica").data)
    assert three.go() == {"effica": ["delivered"], "apotti": ["delivered", "delivered"], "omni360": ["delivered"]}
    assert three.in_apotti() == [(record_of().document, 1), (record_of(2).document, 2)]
    assert len(three.omni360.held("CarePlan")) == 1
    assert three.in_omni360() == [2]


def test_versions_that_come_out_of_order_leave_the_newest_everywhere(three: Three) -> None:
    for version in (2, 1, 3):
        three.effica.file(write(record_of(version), "effica").data)
    three.effica.faults.on("out_of_order")
    three.go(12)
    assert three.in_omni360() == [3]
    assert max(mark[1] for mark in three.in_apotti() if mark) == 3
    assert len(three.in_apotti()) == len(set(three.in_apotti()))


def test_a_plan_in_apotti_is_read_in_part_and_never_passed_on_as_a_whole(three: Three) -> None:
    about = {"reference": f"Patient/{three.patient}"}
    goal = three.apotti.add({
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Oma koti"}, "subject": about,
    })  # fmt: skip
    three.apotti.add({
        "resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": about,
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "38717003"}]}],
        "description": "Asuu yksin.", "goal": [{"reference": f"Goal/{goal}"}],
    })  # fmt: skip
    (received,) = three.exchange.receive()
    assert (received.source, received.answer.type) == ("apotti", "AE")
    said = {issue.rule.id for issue in received.issues}
    assert {"complete_content_is_present", "structure_is_named", "envelope_is_complete"} <= said
    assert three.go() == {}
    assert (three.in_effica(), three.in_omni360(), three.in_apotti()) == ([], [], [])
