"""`interop audit` as an auditor uses it, after a document has gone through the exchange."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from interop.cli.audit import audit
from interop.cli.deliveries import deliveries
from interop.errors import Invalid, Unavailable
from interop.exchange import Exchange
from interop.store.engine import open_engine
from tests.store.databases import database_url, new_database, postgresql_base

__all__ = ["database_url", "new_database", "postgresql_base"]

CODE = "010181-900C"
Command = Callable[..., Result]


@pytest.fixture
def command(world: Any, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command over a database with one delivered and one held delivery."""
    world.url = database_url
    world.controllers = {"slow": ""}
    world.source.file("m1", world.plan(envelope={"clients": [{"identifier": {"value": CODE}}]}))
    world.later(Exchange(world.parts()), 2)
    settings = tmp_path / "interop.toml"
    settings.write_text('[systems.quick]\nkind = "effica"\nurl = "http://127.0.0.1:1/x"\n')
    for name, value in (
        ("INTEROP_DATABASE_URL", database_url), ("INTEROP_KEYS", "k:" + base64.b64encode(bytes(32)).decode()),
        ("INTEROP_ACTIVE_KEY", "k"), ("INTEROP_SETTINGS", str(settings)),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)

    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(audit, arguments, input=stdin, catch_exceptions=True)

    return run


def test_a_round_of_the_exchange_is_sealed_and_whole(command: Command) -> None:
    result = command("verify")
    assert result.exit_code == 0, result.exception
    assert "The chain is whole." in result.stdout
    told = json.loads(command("verify", "--output", "json").stdout)
    assert told["whole"] is True
    assert told["unsealed"] == 0
    assert told["checked"] == told["head"] > 3


def test_an_altered_entry_is_named_and_the_command_fails(command: Command, database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET receiver = 'apotti' WHERE sequence = 2"))
        entry = connection.execute(text("SELECT id FROM audit_entries WHERE sequence = 2")).scalar_one()
    engine.dispose()
    result = command("verify")
    assert result.exit_code == 1
    assert f"Entry 2 ({entry}): has been altered." in result.stdout
    (problem,) = json.loads(command("verify", "--output", "json").stdout)["problems"]
    assert problem == {"kind": "altered", "sequence": 2, "entry": entry}


def test_an_anchor_kept_elsewhere_is_checked(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "anchors.ndjson"
    assert json.loads(command("anchor").stdout)["sequence"] > 3
    assert command("anchor", "--out", str(file)).exit_code == 0
    assert command("verify", "--anchor", str(file)).exit_code == 0
    last = json.loads(file.read_text())
    file.write_text(json.dumps(last | {"sequence": 99}))
    assert command("verify", "--anchor", str(file)).exit_code == 1
    file.write_text("not an anchor")
    assert isinstance(command("verify", "--anchor", str(file)).exception, Invalid)
    file.write_text("")
    assert "holds no anchor" in str(command("verify", "--anchor", str(file)).exception)
    assert isinstance(command("anchor", "--out", str(tmp_path / "no" / "such")).exception, Unavailable)


def test_an_export_that_cannot_be_written_is_an_entry_all_the_same(command: Command, tmp_path: Path) -> None:
    assert isinstance(command("export", "-o", str(tmp_path / "no" / "such")).exception, Unavailable)
    (exported,) = json.loads(command("list", "--what", "exported", "--output", "json").stdout)
    assert exported["who"].startswith("user:")


def test_an_auditor_finds_a_persons_entries_by_a_code_that_is_kept_nowhere(command: Command) -> None:
    found = json.loads(command("list", "--client", "--output", "json", stdin=f"{CODE}\n").stdout)
    assert {"received", "sent", "delivered", "held"} <= {one["what"] for one in found}
    everything = command("list", "--output", "json").stdout
    assert CODE not in everything
    (searched,) = [one for one in json.loads(everything) if one["what"] == "searched"]
    assert searched["clients"] == found[0]["clients"]
    assert searched["who"].startswith("user:")
    assert json.loads(command("list", "--client", "--output", "json", stdin="261298-998X\n").stdout) == []
    assert isinstance(command("list", "--client", stdin="\n").exception, Invalid)


def test_entries_are_listed_and_shown_for_people(command: Command) -> None:
    listed = command("list", "--what", "delivered").stdout
    assert "→ quick  (703/2023, 9 §)  receiver_delivered" in listed
    assert isinstance(command("list", "--what", "nothing").exception, Invalid)
    (one,) = json.loads(command("list", "--what", "delivered", "--output", "json").stdout)
    assert "receiver_delivered" in command("show", one["id"]).stdout
    assert json.loads(command("show", one["id"], "--output", "json").stdout) == one


def test_a_persons_decision_is_in_the_audit_with_the_person(command: Command) -> None:
    assert CliRunner().invoke(deliveries, ["release", "2", "--reason", "Checked."]).exit_code == 0
    (released,) = json.loads(command("list", "--what", "released", "--output", "json").stdout)
    assert released["who"].startswith("user:")
    assert released["reason"] == "Checked."


def test_the_export_is_one_audit_event_a_line(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "audit.ndjson"
    assert command("export", "-o", str(file)).exit_code == 0
    events = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert {one["resourceType"] for one in events} == {"AuditEvent"}
    printed = command("export", "--what", "exported").stdout
    assert json.loads(printed)["meta"]["tag"][0]["code"] == "exported"
