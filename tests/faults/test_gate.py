"""What the gate says holds whatever happens: a released plan goes redacted, and a revoked permit stops what waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from interop.documents import examine
from interop.faults.crew import Crew
from interop.faults.field import Field, field_of
from interop.faults.plans import Plans
from interop.faults.steps import Step
from interop.sandboxes.faults import Fault
from schemas.record import Record
from schemas.wills import ClientWills, Permit, Will
from tests.gate.test_redacting import SECRETS, seen, with_secrets

PERMIT = "1.2.246.10.99999999.11.2026.900001"


@contextmanager
def manned(field: Field, place: Path, step: Step | None = None) -> Iterator[Crew]:
    crew = Crew(field.stage.settings, place / "workers.log")
    try:
        crew.start(step)
        yield crew
    finally:
        crew.end()


def told(field: Field) -> str:
    """All that a person can read in what the receivers hold."""
    omni360 = [one for kind in ("Binary", "CarePlan", "Task") for one in field.boxes.omni360.held(kind)]
    drop = field.boxes.drop
    files = [seen(data) for data in drop.received.values()] if drop is not None else []
    return "\n".join([seen(json.dumps(omni360, ensure_ascii=False).encode()), *field.boxes.apotti.texts(), *files])


@pytest.mark.parametrize("step", [None, Step("interop.systems.apotti:Apotti.send")], ids=["alive", "killed"])
def test_a_plan_under_non_disclosure_that_a_person_releases_arrives_once_and_redacted(
    tmp_path: Path, example: Record, step: Step | None
) -> None:
    """Also when the worker dies as it sends: what is sent again leaves out the same."""
    plans = Plans(with_secrets(example))
    with field_of(f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, plans, drop=True) as field:
        store = field.opened()
        with manned(field, tmp_path, step) as crew:
            field.file_chain(1, secret=True)
            assert field.settle(30)
            assert [one for one in SECRETS if one in seen(plans.message(plans.record(1, 1), "effica"))]
            held = store.deliveries("held")
            assert {one.receiver for one in held} == {"omni360", "apotti", "effica_sftp"}
            assert told(field).strip() == "[]"
            for one in held:
                store.release(one.id, datetime.now(UTC), "The free text was read.")
            if step is not None:
                crew.members[0].join(30)
                crew.bury(crew.members[0])
                crew.start()
            assert field.settle(30)
        found = field.boxes.found()
        name = plans.filed(1, 1).document
        assert all(list(found[one]) == [name] for one in ("omni360", "omni360 task", "apotti", "effica_sftp"))
        assert found["foreign"] == []
        assert not [one for one in SECRETS if one in told(field)]
        for one in held:
            attempts = [step.decision for step in store.history(one.id) if step.after == "sent" and step.decision]
            assert attempts
            assert all(decision["redactions"] for decision in attempts)


def test_a_permit_that_is_revoked_stops_what_waits_and_says_what_has_left(tmp_path: Path, plans: Plans) -> None:
    record = plans.record(1, 1)
    # The content of the plans names the example's client, whoever the envelope is about.
    clients = [*record.envelope["clients"], *plans.example.envelope["clients"]]
    with field_of(f"sqlite:///{tmp_path / 'interop.db'}", tmp_path, plans) as field:
        systems = {one.name: one for one in field.stage.settings.systems}
        foreign = replace(systems["foreign"], duty="broad_responsibility")
        other = replace(systems["omni360"], controller=foreign.controller, duty="broad_responsibility")
        changed = replace(field.stage.settings, systems=(systems["effica"], other, foreign))
        field.stage = replace(field.stage, settings=changed)
        store = field.opened()
        said = ClientWills(permits=(Permit(PERMIT, "inside_social_care", date(2026, 1, 10)),))
        named = [(one["identifier"]["system"], one["identifier"]["value"]) for one in clients]
        store.wills.learn([Will(one, PERMIT, 1, said) for one in named], "test", datetime.now(UTC))
        field.boxes.omni360.faults.lay(Fault("answer", 503, {"Retry-After": "3"}), 1, "POST", "/CarePlan")
        with manned(field, tmp_path):
            field.file_chain(1)
            while {one.receiver: (one.state, one.attempts) for one in field.deliveries()} != {
                "omni360": ("pending", 1), "foreign": ("delivered", 1),
            }:  # fmt: skip
                assert not field.settle(0.1)
            for known in store.wills.known():
                store.wills.revoke(known.id, datetime.now(UTC).date(), datetime.now(UTC))
            assert field.settle(30)
        states = {one.receiver: one for one in field.deliveries()}
        assert states["omni360"].state == "rejected"
        assert store.history(states["omni360"].id)[-1].cause == "permit_is_revoked"
        assert field.boxes.omni360.held("CarePlan") == []
        assert [(one.receiver, one.state) for one in store.wills.relying_on([PERMIT])] == [("foreign", "delivered")]
        (message,) = field.boxes.foreign.received.values()
        arrived = examine(message, "effica").record
        assert arrived is not None
        assert arrived.document == record.document
