"""What is new in Apotti is found client by client: whole notes, and plans as far as they are told."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from interop.documents import examine
from interop.errors import Fault, Forbidden, NotFound
from interop.sandboxes.apotti import SCOPE, ApottiSandbox
from interop.sandboxes.running import Running
from interop.systems.apotti import Apotti, ApottiSettings
from interop.systems.apotti_clients import EnrolledClients
from interop.systems.apotti_polling import PollingSettings
from interop.systems.base import Acknowledgement, Arrival
from interop.systems.oauth import jwks_app
from tests.systems.test_apotti import CLIENT, KEY, outgoing, recent, seeded, text

NAMED = f"urn:oid:1.2.246.21|{CLIENT}"
CATEGORY = [{"coding": [{"system": "http://snomed.info/sct", "code": "38717003"}]}]


def clock_of(now: list[float]) -> Callable[[], float]:
    return lambda: now[0]


@contextmanager
def polling(
    sandbox: ApottiSandbox, clients: tuple[str, ...] = (NAMED,), now: list[float] | None = None, scope: str = SCOPE,
    **settings: Any,
) -> Iterator[Apotti]:  # fmt: skip
    """The adapter. In: `now` is the clock that the sandbox was made with too, where a test moves it."""
    with Running(jwks_app([KEY])) as keys, Running(sandbox) as running:
        sandbox.register("sote-interop", keys.url + "/jwks.json", scope)
        looks = PollingSettings(lambda: clients, **settings)
        made = ApottiSettings(running.url + sandbox.path, "sote-interop", KEY, polling=looks, **recent())
        apotti = Apotti(made, clock_of(now) if now else time.time)
        try:
            yield apotti
        finally:
            apotti.close()


def plan(sandbox: ApottiSandbox, patient: str, text: str = "Asuu yksin.") -> str:
    """The id of a plan with a goal and a care team that are there, and a goal that is not."""
    about = {"reference": f"Patient/{patient}"}
    goal = sandbox.add({
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Oma koti"}, "subject": about,
    })  # fmt: skip
    team = sandbox.add({"resourceType": "CareTeam", "subject": about})
    return sandbox.add({
        "resourceType": "CarePlan", "status": "active", "intent": "plan", "category": CATEGORY, "subject": about,
        "description": text, "goal": [{"reference": f"Goal/{goal}"}, {"reference": "Goal/eGone"}],
        "careTeam": [{"reference": f"CareTeam/{team}"}],
    })  # fmt: skip


def kinds(data: bytes) -> list[str]:
    return [entry["resource"]["resourceType"] for entry in json.loads(data)["entry"]]


def test_a_plan_comes_out_in_part_and_every_gap_is_said() -> None:
    sandbox, patient = seeded()
    made = plan(sandbox, patient)
    with polling(sandbox) as apotti:
        (arrival,) = apotti.arrivals()
        data = apotti.fetch(arrival)
    assert arrival.id == f"CarePlan/{made}"
    assert kinds(data) == ["CarePlan", "Goal", "CareTeam"]
    examined = examine(data, "apotti")
    assert examined.record is not None
    assert examined.record.body["kuvaus_asiakkaan_tilanteesta"] == "Asuu yksin."
    assert examined.record.envelope["clients"] == [{"identifier": {"system": "urn:oid:1.2.246.21", "value": CLIENT}}]
    rules = {issue.rule.id for issue in examined.issues}
    assert {"complete_content_is_present", "structure_is_named", "reference_leads_to_a_resource"} <= rules
    assert {"document", "version", "controller"} <= set(examined.record.envelope["placeholders"])


def test_a_note_of_the_exchange_comes_out_as_it_is_and_other_notes_do_not() -> None:
    sandbox, patient = seeded()
    with polling(sandbox) as apotti:
        filed = apotti.send(outgoing()).reference
        sandbox.add({
            "resourceType": "DocumentReference", "subject": {"reference": f"Patient/{patient}"}, "date": "2033-05-18",
            "type": {"coding": [{"code": "18776-5"}]}, "category": [{"coding": [{"code": "clinical-note"}]}],
            "content": [{"attachment": {"contentType": "text/plain", "data": "VGVrc3Rpw6Q="}}],
        })  # fmt: skip
        (arrival,) = apotti.arrivals()
        assert arrival.id == filed
        assert kinds(apotti.fetch(arrival)) == ["DocumentReference", "Binary"]
    assert sandbox.texts()[0] == text()


def test_what_has_been_answered_waits_no_more_until_it_changes() -> None:
    now = [2_000_000_000.0]
    sandbox, patient = seeded(clock=clock_of(now))
    plan(sandbox, patient)
    with polling(sandbox, now=now) as apotti:
        (arrival,) = apotti.arrivals()
        assert apotti.arrivals() == (arrival,)
        apotti.acknowledge(arrival, Acknowledgement("AE"))
        assert apotti.arrivals() == ()
        now[0] += 1000
        assert apotti.arrivals() == ()
        sandbox.held("CarePlan")[0]["description"] = "Muutti."
        assert apotti.arrivals() == ()
        now[0] += 1000
        (changed,) = apotti.arrivals()
    assert changed.id == arrival.id
    assert changed.message_id != arrival.message_id


def test_another_process_reads_the_same_anew() -> None:
    sandbox, patient = seeded()
    plan(sandbox, patient)
    with polling(sandbox) as one, polling(sandbox) as other:
        (arrival,) = one.arrivals()
        assert kinds(other.fetch(arrival)) == kinds(one.fetch(arrival))
        found = json.loads(other.fetch(arrival))["entry"][0]["resource"]["subject"]["identifier"]
        assert found == {"system": "urn:oid:1.2.246.21", "value": CLIENT}
        for unknown in ("CarePlan/eGone", "Patient/x", ""):
            with pytest.raises(NotFound):
                other.fetch(Arrival(unknown, ""))


def test_only_enrolled_clients_are_asked_for_in_turn_and_within_the_day() -> None:
    now = [2_000_000_000.0]
    sandbox = ApottiSandbox(clock_of(now))
    codes = ("010181-900C", "010280-952L", "261298-998X")
    for code in codes:
        sandbox.add_patient(code, "Esimerkki", "Aino")
    clients = tuple(f"urn:oid:1.2.246.21|{code}" for code in codes)

    def looks() -> int:
        return sum(path.endswith("/DocumentReference/_search") for _, path in sandbox.requests)

    with polling(sandbox, clients[:2], now, a_day=5) as apotti:
        apotti.arrivals()
        apotti.arrivals()
        assert looks() == 2
        for expected in (4, 5, 5):
            now[0] += 900
            apotti.arrivals()
            assert looks() == expected
        now[0] += 86_400
        apotti.arrivals()
        assert looks() == 7
    assert not any(code in path for code in codes for _, path in sandbox.requests)


def test_without_enrolled_clients_nothing_is_asked() -> None:
    sandbox, patient = seeded()
    plan(sandbox, patient)
    with polling(sandbox, ()) as apotti:
        assert apotti.arrivals() == ()
    assert sandbox.requests == []


def test_a_quota_that_is_used_up_stops_the_polling_until_the_next_day() -> None:
    now = [2_000_000_000.0]
    sandbox, patient = seeded(clock=clock_of(now))
    plan(sandbox, patient)
    with polling(sandbox, now=now) as apotti:
        sandbox.faults.on("quota_used_up")
        assert apotti.arrivals() == ()
        asked = len(sandbox.requests)
        now[0] += 1800
        assert apotti.arrivals() == ()
        assert len(sandbox.requests) == asked
        now[0] += 26 * 3600
        assert len(apotti.arrivals()) == 1


def test_a_client_who_is_unknown_or_restricted_does_not_stop_the_others() -> None:
    sandbox, patient = seeded()
    plan(sandbox, patient)
    hidden = sandbox.add_patient("010280-952L", "Malli", "Eino")
    plan(sandbox, hidden)
    sandbox.restrict(hidden)
    clients = ("urn:oid:1.2.246.21|261298-998X", "urn:oid:1.2.246.21|010280-952L", NAMED)
    with polling(sandbox, clients) as apotti:
        assert len(apotti.arrivals()) == 1


def test_what_the_server_keeps_back_stands_beside_the_plan() -> None:
    sandbox, patient = seeded()
    plan(sandbox, patient)
    sandbox.keep_something_back()
    with polling(sandbox) as apotti:
        (arrival,) = apotti.arrivals()
        data = apotti.fetch(arrival)
    assert kinds(data)[-1] == "OperationOutcome"
    assert b'"4119"' in data
    found = {(issue.rule.id, issue.path) for issue in examine(data, "apotti").issues}
    assert ("resource_has_a_place_in_the_record", "/entry/3/resource") in found


def test_goals_that_we_may_not_see_are_said_to_be_missing() -> None:
    sandbox, patient = seeded()
    plan(sandbox, patient)
    with polling(sandbox, scope=SCOPE.replace(" system/Goal.read", "")) as apotti:
        (arrival,) = apotti.arrivals()
        data = apotti.fetch(arrival)
    assert kinds(data) == ["CarePlan", "CareTeam", "OperationOutcome"]
    assert b'"59204"' in data


def test_without_the_right_to_plans_the_polling_says_so() -> None:
    sandbox, patient = seeded()
    plan(sandbox, patient)
    with polling(sandbox, scope=SCOPE.replace(" system/CarePlan.read", "")) as apotti, pytest.raises(Forbidden):
        apotti.arrivals()


def test_a_merged_client_is_followed() -> None:
    sandbox, patient = seeded()
    plan(sandbox, patient)
    sandbox.merge(patient, sandbox.add_patient("010280-952L", "Esimerkki", "Aino"))
    with polling(sandbox) as apotti:
        assert len(apotti.arrivals()) == 1


def test_the_file_of_clients_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "clients.txt"
    path.write_text(f"# osallistujat\n{CLIENT}  # mukana\n\nurn:oid:1.2.3|X1\n{CLIENT}\n", "utf-8")
    clients = EnrolledClients(path)
    assert clients() == (NAMED, "urn:oid:1.2.3|X1")
    path.write_text("010280-952L\n", "utf-8")
    os.utime(path, (1, 1))
    assert clients() == ("urn:oid:1.2.246.21|010280-952L",)
    path.unlink()
    with pytest.raises(Fault):
        clients()
