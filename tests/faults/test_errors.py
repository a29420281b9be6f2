"""Every error of every table, met once on the way of a document: it ends where it belongs, and never twice."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import pytest

from interop.documents import examine, write
from interop.exchange import Exchange
from interop.exchange.running import opened_parts
from interop.faults.field import ENDED
from interop.faults.plans import Plans
from interop.faults.stage import Boxes, Stage, staged
from interop.sandboxes.faults import SWITCHES, Fault
from interop.systems.apotti_notes import marks
from interop.systems.epic import SYSTEM

EXPECTED: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "errors.toml").read_text("utf-8"))
EPIC: Mapping[str, Mapping[str, str]] = tomllib.loads(
    files("interop.systems").joinpath("epic_errors.toml").read_text("utf-8")
)["codes"]
RECEIVERS = ("effica", "effica_sftp", "omni360", "apotti")
STORING = {
    "effica": ("/documents",),
    "omni360": ("/CarePlan", "/Task"),
    "apotti": ("/DocumentReference",),
}
HELD: Mapping[str, Callable[[Boxes], Sequence[str]]] = {
    "effica": lambda boxes: [name.partition(":")[0] for name in boxes.foreign.received],
    "effica_sftp": lambda boxes: [name.partition("_")[0] for name in boxes.drop.received] if boxes.drop else [],
    "omni360": lambda boxes: boxes.found()["omni360 task"],
    "apotti": lambda boxes: [mark[0] for mark in map(marks, boxes.apotti.texts()[-4:]) if mark is not None],
}
ELSEWHERE = {
    ("omni360", "webhook_early"), ("omni360", "webhook_duplicate"), ("kanta", "connector_stands_still"),
    ("kanta", "refused"), ("kanta", "truncated_document"), *(("mail", name) for name in SWITCHES["mail"]),
}  # fmt: skip
"""The switches that the tests of the webhook, of Kanta's folders and of mail throw."""
OPEN = (403, 408, 425, 500, 501, 502, 503, 504, 507)
"""The statuses that leave open whether anything was done. By RFC 9110 a 401 says that nothing was."""
WHERE = [(place, reaction) for place in ("beside", "search", "create", "filed") for reaction in EXPECTED["epic"][place]]
STATUSES = [
    (system, path, status, state)
    for system, states in EXPECTED["statuses"].items()
    for state, statuses in states.items()
    for status in statuses
    for path in STORING[system][: 2 if state == "delivered" else 1]
]


@dataclass(frozen=True)
class Ending:
    """The state that a delivery has ended in, and how often its receiver holds the document."""

    state: str
    held: int

    @classmethod
    def told(cls, text: str) -> Ending:
        """The ending as `errors.toml` writes it."""
        state, _, held = text.partition(", ")
        return cls(state, int(held or state == "delivered"))


@dataclass
class Desk:
    """One sender, and one exchange with each receiver, all by a clock that goes on by hours."""

    stage: Stage
    plans: Plans
    exchanges: dict[str, Exchange]
    times: list[datetime]
    number: int = 5000

    def faults(self, receiver: str) -> Any:
        boxes = self.stage.boxes
        named: dict[str, Any] = {
            "effica": boxes.foreign, "effica_sftp": boxes.drop, "omni360": boxes.omni360, "apotti": boxes.apotti,
        }  # fmt: skip
        return named[receiver].faults

    def go(self, exchange: Exchange, rounds: int) -> None:
        """Nothing; so many rounds have gone by, hours apart."""
        for _ in range(rounds):
            exchange.round()
            self.times.append(self.times[-1] + timedelta(hours=7))
            if self.stage.boxes.drop is not None:
                self.stage.boxes.drop.work()

    def send(self, receiver: str, lay: Callable[[Any], None] = lambda _: None, version: int = 1) -> Ending:
        """How a new document, or the next version of the newest one, ends that meets a fault on its way."""
        self.number += version == 1
        exchange, boxes = self.exchanges[receiver], self.stage.boxes
        message = self.plans.message(self.plans.record(self.number, version), "effica")
        inbox = boxes.effica.file(message)
        lay(self.faults(receiver))
        store = exchange.parts.store
        for _ in range(14):
            self.go(exchange, 1)
            (document,) = store.documents(limit=1)
            (delivery,) = store.deliveries(document=document.id)
            if delivery.state in ENDED:
                break
        self.faults(receiver).clear()
        assert boxes.effica.acknowledgements[inbox].type == "AA"
        name = self.plans.filed(self.number, version).document
        assert delivery.document == name
        return Ending(delivery.state, list(HELD[receiver](boxes)).count(name))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, plans: Plans) -> Iterator[Desk]:
    place, times = tmp_path_factory.mktemp("errors"), [datetime.now(UTC)]
    with ExitStack() as stack:
        stage = stack.enter_context(staged("", place, plans, Random(1), 0.0, drop=True))  # noqa: S311 - nothing is left to chance
        by_name = {one.name: one for one in stage.settings.systems}
        sender = replace(by_name["effica"], receives=False)
        receivers = {
            **by_name, "effica": replace(by_name["foreign"], name="receiver", controller=sender.controller),
        }  # fmt: skip
        pairs = {name: (sender, replace(receivers[name], sends=False)) for name in RECEIVERS}
        pairs["from effica"] = pairs["omni360"]
        pairs["from effica_sftp"] = (replace(by_name["effica_sftp"], receives=False), pairs["omni360"][1])
        exchanges = {}
        for name, systems in pairs.items():
            settings = replace(stage.settings, database_url=f"sqlite:///{place / name}.db", systems=systems)
            parts = stack.enter_context(opened_parts(settings, examine, write))
            for participant in parts.participants.values():
                stack.callback(participant.system.close)  # type: ignore[attr-defined]
            exchanges[name] = Exchange(replace(parts, clock=lambda: times[-1]))
        yield Desk(stage, plans, exchanges, times)


def outcome(code: str) -> bytes:
    issue = {"severity": "error", "code": "processing", "details": {"coding": [{"system": SYSTEM, "code": code}]}}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


def beside(code: str) -> bytes:
    """A search without results, and the code beside them."""
    entry = {"resource": json.loads(outcome(code)), "search": {"mode": "outcome"}}
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": [entry]}).encode()


def test_no_error_is_forgotten() -> None:
    switches = {(system, name) for part in ("switches", "sending") for system in EXPECTED[part]
                for name in EXPECTED[part][system]}  # fmt: skip
    assert switches | ELSEWHERE == {(system, name) for system in SWITCHES for name in SWITCHES[system]}
    reactions = {entry["reaction"] for entry in EPIC.values()}
    assert all(EXPECTED["epic"][place].keys() == reactions for place in ("beside", "search", "create"))


@pytest.mark.parametrize(("place", "reaction"), WHERE, ids=str)
def test_each_code_of_epic(desk: Desk, place: str, reaction: str, thorough: bool) -> None:
    """Every code in place of the answer to a create; elsewhere, in a short run, the first of those acted on alike."""
    codes = [code for code, entry in EPIC.items() if entry["reaction"] == reaction]
    path = "/DocumentReference/_search" if place in ("beside", "search") else "/DocumentReference"
    status = 200 if place == "beside" else EXPECTED["epic"]["status"].get(reaction, 400)
    for code in codes if thorough or place == "create" else codes[:1]:
        body = beside(code) if place == "beside" else outcome(code)
        headers = {"Content-Type": "application/fhir+json"}
        fault = Fault("replace" if place == "filed" else "answer", status, headers, body)
        ending = desk.send("apotti", lambda faults, laid=fault: faults.lay(laid, 1, "POST", path))  # type: ignore[misc]
        assert ending == Ending.told(EXPECTED["epic"][place][reaction]), code


@pytest.mark.parametrize(("system", "path", "status", "state"), STATUSES)
def test_each_status_of_http(desk: Desk, system: str, path: str, status: int, state: str, thorough: bool) -> None:
    """Once in place of the work; and where it leaves open whether the work was done, once after it."""
    assert desk.send(system, lambda faults: faults.lay(Fault("answer", status), 1, "POST", path)) == Ending.told(state)
    if status in (OPEN if thorough else (403, 408, 500, 503)):
        ending = desk.send(system, lambda faults: faults.lay(Fault("replace", status), 1, "POST", path))
        assert ending == Ending("delivered", 1)


@pytest.mark.parametrize(
    ("system", "name"), [(s, n) for s in EXPECTED["switches"] for n in EXPECTED["switches"][s]], ids=str
)
def test_each_switch_of_a_receiver(desk: Desk, system: str, name: str) -> None:
    version = 1
    if name == "stale_version":
        desk.send(system)
        version = 2
    if name == "pages_expire":
        for _ in range(3):
            desk.send(system)
            desk.number += desk.plans.clients - 1
    ending = desk.send(system, lambda faults: faults.on(name), version)
    assert ending == Ending.told(EXPECTED["switches"][system][name])


@pytest.mark.parametrize(
    ("system", "name"), [(s, n) for s in EXPECTED["sending"] for n in EXPECTED["sending"][s]], ids=str
)
def test_each_switch_of_a_sender(desk: Desk, system: str, name: str) -> None:
    """What is spoilt on its way to us goes to nobody, and the sender hears of it; filed anew it arrives."""
    exchange, boxes = desk.exchanges[f"from {system}"], desk.stage.boxes
    box: Any = boxes.effica if system == "effica" else boxes.drop
    desk.number += 1
    versions = (1, 2) if name == "out_of_order" else (1,)
    for tries in range(2):
        if tries == 0 and name != "out_of_order":
            box.faults.on(name)
        filed = [box.file(desk.plans.message(desk.plans.record(desk.number, one), system)) for one in versions]
        if tries == 0 and name == "out_of_order":
            box.faults.on(name)
        desk.go(exchange, 6)
        expected = EXPECTED["sending"][system][name] if tries == 0 else "AA"
        assert [getattr(box.acknowledgements[one], "type", box.acknowledgements[one]) for one in filed] == [
            expected for _ in filed
        ]
    document = desk.plans.filed(desk.number, versions[-1]).document
    assert [one for one in HELD["omni360"](boxes) if one.startswith(desk.plans.filed(desk.number, 1).document)] == [
        document
    ]
