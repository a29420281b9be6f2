"""Documents with errors, by each sender's setting; documents that stop the program; and a person's word on both."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from interop.cli.documents import documents
from interop.errors import Conflict
from interop.exchange import Exchange, Parts
from interop.exchange.acting import Acting
from interop.exchange.parts import Admission
from interop.exchange.receiving import TAKEN_CARE_OF
from interop.store import Answer, Identity
from tests.store.databases import database_url, new_database, postgresql_base

__all__ = ["database_url", "new_database", "postgresql_base"]

OID = "1.2.246.10.99999999.11.2026.7"
IDENTITY = Identity(OID, 1, OID, "1.2.246.537.6.1506.15020.2024.11.28", "digest")


@pytest.fixture
def parts(world: Any, database_url: str) -> Callable[[Admission], Parts]:
    world.url = database_url

    def make(findings: Admission) -> Parts:
        made: Parts = world.parts()
        source = replace(made.participants["source"], findings=findings)
        return replace(made, participants={**made.participants, "source": source})

    return make


def take(parts: Parts) -> None:
    """Takes in what waits, as a worker does."""
    now, source = parts.clock(), parts.participants["source"].system
    names = [(one.id, one.message_id) for one in source.arrivals()]
    parts.store.inbox.listed("source", names, now, lambda _: parts.pace.wait(1))
    rows = {one.id: one.turn for one in parts.store.inbox.due(now, "source", 100)}
    Acting(parts, 4, lambda: True)._take("source", rows)


def test_a_document_with_errors_is_taken_in_with_a_note(world: Any, parts: Callable[[Admission], Parts]) -> None:
    world.source.file("m1", world.plan(goal=""))
    world.later(Exchange(parts("tag")), 4)
    (stored,) = world.opened[-1].documents()
    assert (stored.status, stored.findings, stored.answer.type) == ("accepted", ("plan_has_a_goal",), "AA")
    assert world.states() == {"quick": ["delivered"], "slow": ["delivered"]}
    assert [one.type for one in world.source.answers["m1"]] == ["AA"]


def test_a_document_with_errors_waits_for_a_person_and_its_sender_too(
    world: Any, parts: Callable[[Admission], Parts]
) -> None:
    made = parts("quarantine")
    world.source.file("m1", world.plan(goal=""))
    world.source.file("m2", world.plan(envelope={"document": OID + "9", "original": OID + "9"}))
    take(made)
    take(made)
    waiting = made.store.documents("quarantined")
    assert [(one.findings, one.answer.type) for one in waiting] == [(("plan_has_a_goal",), "CA")]
    assert "m1" not in world.source.answers
    assert world.source.answers["m2"][0].type == "AA"
    made.store.admit(waiting[0].id, IDENTITY, TAKEN_CARE_OF, ["quick"], made.clock())
    with pytest.raises(Conflict):
        made.store.admit(waiting[0].id, IDENTITY, TAKEN_CARE_OF, ["quick"], made.clock())
    take(made)
    assert [one.type for one in world.source.answers["m1"]] == ["AA"]
    world.later(Exchange(made), 4)
    assert world.states()["quick"] == ["delivered", "delivered"]


def test_a_refused_document_is_answered_and_goes_nowhere(world: Any, parts: Callable[[Admission], Parts]) -> None:
    made = parts("quarantine")
    world.source.file("m1", world.plan(goal=""))
    take(made)
    (waiting,) = made.store.documents("quarantined")
    made.store.refuse(waiting.id, Answer("AE", "refused_by_a_person", "Ask again."), made.clock())
    with pytest.raises(Conflict):
        made.store.refuse(waiting.id, Answer("AE"), made.clock())
    take(made)
    assert [(one.type, one.text) for one in world.source.answers["m1"]] == [("AE", "Ask again.")]
    assert world.states() == {}


def test_a_version_that_came_in_meanwhile_is_not_admitted_a_second_time(
    world: Any, parts: Callable[[Admission], Parts]
) -> None:
    made = parts("quarantine")
    world.source.file("m1", world.plan(goal=""))
    take(made)
    world.source.file("m2", world.plan())
    take(made)
    (waiting,) = made.store.documents("quarantined")
    with pytest.raises(Conflict):
        made.store.admit(waiting.id, IDENTITY, TAKEN_CARE_OF, ["quick"], made.clock())
    assert made.store.document(waiting.id).status == "quarantined"


class Stopped(BaseException):
    """The process ends here, as at a fault in a library's machine code."""


def test_a_document_that_stops_the_program_is_put_away_and_stops_no_other(
    world: Any, parts: Callable[[Admission], Parts]
) -> None:
    made, tries = parts("reject"), 0

    def examine(data: bytes, form: str) -> Any:
        nonlocal tries
        if b"poison" in data:
            tries += 1
            raise Stopped
        return world.examine(data, form)

    made = replace(made, examine=examine)
    world.source.file("bad", world.plan(goal="poison"))
    world.source.file("good", world.plan(envelope={"document": OID + "9", "original": OID + "9"}))
    store, source = made.store, world.source
    store.inbox.listed(
        "source", [(f"in-{one}", one) for one in source.outbox], made.clock(), lambda _: made.pace.wait(1)
    )
    for _ in range(6):
        for one in store.inbox.due(made.clock(), "source", 100):
            # A row that was begun before is carried alone.
            try:
                Acting(made, 4, lambda: True)._take("source", {one.id: one.turn})
            except Stopped:
                continue
        world.now += timedelta(seconds=2)
    assert tries == made.begins
    (waiting,) = store.documents("quarantined")
    assert waiting.answer.code == "document_stops_the_program"
    assert [one.type for one in source.answers["good"]] == ["AA"]
    assert "bad" not in source.answers


def test_a_delivery_that_stops_the_program_is_held_after_some_tries(
    world: Any, parts: Callable[[Admission], Parts]
) -> None:
    made, tries = parts("reject"), 0
    good = made.write

    def write(record: Any, form: str) -> Any:
        nonlocal tries
        if form == "quick":
            tries += 1
            raise Stopped
        return good(record, form)

    made = replace(made, write=write)
    world.source.file("m1", world.plan())
    exchange = Exchange(made)
    exchange.receive()
    for _ in range(6):
        try:
            exchange.deliver()
        except Stopped:
            world.now += timedelta(seconds=2)
    assert tries == made.begins
    assert made.store.history(1)[-1].cause == "document_stops_the_program"
    world.later(exchange)
    assert world.states() == {"quick": ["held"], "slow": ["delivered"]}


@pytest.fixture
def command(
    world: Any, parts: Callable[[Admission], Parts], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs the command over a database with one document in quarantine that cannot be read."""
    made = parts("quarantine")
    world.source.file("m1", world.plan(goal=""))
    take(made)
    settings = tmp_path / "interop.toml"
    settings.write_text('[systems.quick]\nkind = "effica"\nurl = "http://127.0.0.1:1/x"\n')
    for name, value in (
        ("INTEROP_DATABASE_URL", database_url), ("INTEROP_KEYS", "k:" + base64.b64encode(bytes(32)).decode()),
        ("INTEROP_ACTIVE_KEY", "k"), ("INTEROP_SETTINGS", str(settings)),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(documents, arguments, catch_exceptions=True)


def test_a_person_sees_what_waits_and_refuses_it(command: Callable[..., Result]) -> None:
    (one,) = json.loads(command("list", "--output", "json").stdout)
    assert one["status"] == "quarantined"
    assert one["findings"] == ["plan_has_a_goal"]
    assert "plan_has_a_goal" in command("list").stdout
    assert "plan_has_a_goal" in command("show", one["id"]).stdout
    assert isinstance(command("list", "--status", "gone").exception, Exception)
    # The tests' own format is none that the program reads.
    assert command("admit", one["id"]).exit_code != 0
    assert command("refuse", one["id"], "--reason", "Pyydä 010181-900C uudelleen.").stdout.split()[1] == "rejected"
    assert json.loads(command("list", "--output", "json").stdout) == []
    shown = json.loads(command("show", one["id"], "--output", "json").stdout)
    assert (shown["answer"], shown["code"]) == ("AE", "refused_by_a_person")
