"""`interop deliveries`, `interop worker` and `interop serve` as a person and an operating system use them."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from interop.cli.deliveries import deliveries
from interop.errors import Conflict, Invalid, NotFound
from interop.exchange import Exchange
from interop.store import Step
from tests.store.databases import database_url, new_database, postgresql_base

__all__ = ["database_url", "new_database", "postgresql_base"]

Command = Callable[..., Result]


@pytest.fixture
def command(world: Any, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command over a database with one delivered and one held delivery."""
    world.url = database_url
    world.controllers = {"slow": ""}
    world.source.file("m1", world.plan(goal="Salainen"))
    world.later(Exchange(world.parts()), 2)
    settings = tmp_path / "interop.toml"
    settings.write_text('[systems.quick]\nkind = "effica"\nurl = "http://127.0.0.1:1/x"\n')
    for name, value in (
        ("INTEROP_DATABASE_URL", database_url), ("INTEROP_KEYS", "k:" + base64.b64encode(bytes(32)).decode()),
        ("INTEROP_ACTIVE_KEY", "k"), ("INTEROP_SETTINGS", str(settings)),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(deliveries, arguments, catch_exceptions=True)

    return run


def test_what_has_stopped_is_listed_and_shown_with_its_cause(command: Command) -> None:
    listed = command("list")
    assert listed.exit_code == 0, listed.exception
    assert "held" in listed.stdout
    assert "delivered" not in listed.stdout
    everything = json.loads(command("list", "--state", "held", "--state", "delivered", "--output", "json").stdout)
    assert [one["state"] for one in everything["deliveries"]] == ["delivered", "held"]
    assert everything["circuits"] == []
    for language, word in (("fi", "vastaanotettiin"), ("sv", "togs emot"), ("en", "was received")):
        shown = command("show", "2", "--lang", language)
        assert word in shown.stdout
        assert "Salainen" not in shown.stdout
    steps = json.loads(command("show", "2", "--output", "json").stdout)["steps"]
    assert [one["after"] for one in steps] == ["pending", "held"]


def test_a_person_releases_cancels_and_retries(command: Command, world: Any) -> None:
    assert "is pending" in command("release", "2", "--reason", "Checked for 010181-900C.").stdout
    assert "is rejected" in command("cancel", "2").stdout
    assert "is pending" in command("retry", "2").stdout
    steps = json.loads(command("show", "2", "--output", "json").stdout)["steps"]
    assert [one["cause"] for one in steps[2:]] == [
        "released_by_a_person", "cancelled_by_a_person", "resent_by_a_person",
    ]  # fmt: skip
    assert steps[2]["reason"] == "Checked for [removed]."
    world.now = datetime.now(UTC) + timedelta(minutes=1)
    world.controllers = {}
    world.later(Exchange(world.parts()), 4)
    assert world.states()["slow"] == ["delivered"]


def test_a_person_confirms_what_the_receiver_has_told(command: Command, world: Any) -> None:
    store = world.parts().store
    held = store.delivery(2)
    assert isinstance(command("confirm", "2").exception, Conflict)
    now = datetime.now(UTC)
    sent = store.move(store.resend(held.id, now), Step("sent", now, "attempt"))
    store.move(store.move(sent, Step("unknown", now, "answer_lost")), Step("held", now, "arrival_is_not_known"))
    assert "is delivered" in command("confirm", "2", "--reason", "They have it.").stdout
    last = json.loads(command("show", "2", "--output", "json", "--lang", "en").stdout)["steps"][-1]
    assert (last["cause"], last["reason"]) == ("confirmed_by_a_person", "They have it.")
    assert "learned from the receiver" in last["words"]


def test_what_cannot_be_done_is_told(command: Command) -> None:
    assert isinstance(command("release", "1").exception, Conflict)
    assert isinstance(command("retry", "1").exception, Conflict)
    assert isinstance(command("show", "99").exception, NotFound)
    assert isinstance(command("show", "9" * 30).exception, NotFound)
    assert isinstance(command("list", "--state", "lost").exception, Invalid)


def started(module: str, function: str, settings: Path, **environment: str) -> subprocess.Popen[str]:
    code = f"import typer; from interop.cli.{module} import {function} as f; typer.run(f)"
    return subprocess.Popen(
        [sys.executable, "-c", code, "--settings", str(settings)], stderr=subprocess.PIPE, text=True,
        env={"PATH": "", "INTEROP_KEYS": "k:" + base64.b64encode(bytes(32)).decode(), **environment},
    )  # fmt: skip


def said(process: subprocess.Popen[str], event: str) -> bool:
    """Whether the process writes a log line with this event before it ends."""
    assert process.stderr is not None
    return any(f'"{event}"' in line for line in process.stderr)


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_a_worker_stops_when_it_is_told_and_a_second_one_on_a_file_is_refused(tmp_path: Path, name: str) -> None:
    settings = tmp_path / "interop.toml"
    settings.write_text(
        f'[database]\nurl = "sqlite:///{tmp_path / "interop.db"}"\n[keys]\nactive = "k"\n'
        '[systems.effica]\nkind = "effica"\nurl = "http://127.0.0.1:9/documents"\nsends = false\n'
    )
    first = started(name, f"{name}_command", settings)
    try:
        assert said(first, "worker_started")
        second = started("worker", "worker_command", settings)
        _, error = second.communicate(timeout=60)
        assert second.returncode != 0
        assert "Another process works with this database file" in error
        began = time.monotonic()
        first.send_signal(signal.SIGTERM)
        assert said(first, "worker_stopped")
        assert first.wait(60) == 0
        assert time.monotonic() - began < 60
    finally:
        first.kill()
        first.communicate()
