"""`interop due` over files and over what the exchange holds: of each plan the newest version, by its OID alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from interop.cli.due import due_command
from interop.documents import examine, write
from interop.errors import Invalid
from interop.exchange.receiving import identity_of
from interop.store import Answer, Incoming, Store
from schemas.record import Record
from tests.formats.test_round_trips import record_of
from tests.store.databases import database_url, new_database, postgresql_base

__all__ = ["database_url", "new_database", "postgresql_base"]

EXAMPLES = Path(__file__).parents[2] / "examples"
OID = "1.2.246.10.99999999.11.2026.77"
APP = typer.Typer()
APP.command()(due_command)
Due = Callable[..., Result]


def due(*arguments: str) -> Result:
    return CliRunner().invoke(APP, arguments, catch_exceptions=True)


def plan(day: str, version: int = 1) -> bytes:
    record = record_of("plan.json")
    document = OID if version == 1 else f"{OID}{version}"
    envelope = record.envelope | {"document": document, "original": OID, "version": version}
    review = {"paivamaara_ja_kellonaika": f"{day}T10:00:00+02:00"}
    (root,) = record.content
    body = record.body | {"asiakassuunnitelman_tarkastaminen": review}
    return write(Record(envelope, {root: body}), "thl").data


@pytest.fixture
def stored(world: Any, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    settings = tmp_path / "interop.toml"
    settings.write_text('[systems.quick]\nkind = "effica"\nurl = "http://127.0.0.1:1/x"\n')
    for name, value in (
        ("INTEROP_DATABASE_URL", database_url), ("INTEROP_KEYS", "k:" + base64.b64encode(bytes(32)).decode()),
        ("INTEROP_ACTIVE_KEY", "k"), ("INTEROP_SETTINGS", str(settings)),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    world.url = database_url
    store: Store = world.parts().store
    return store


def test_the_examples_are_listed_in_the_order_of_their_days() -> None:
    result = due(str(EXAMPLES), "--within", "26w", "--on", "2026-11-26", "--output", "json")
    assert result.exit_code == 1, result.exception
    told = json.loads(result.stdout)
    assert [one["due"] for one in told] == sorted(one["due"] for one in told)
    assert {"2027-02-08", "2027-02-10", "2027-04-12", "2027-05-04"} == {one["due"] for one in told}
    assert told[0]["days_left"] == 74


def test_a_plan_that_is_not_due_is_counted_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(plan("2027-03-01"))
    result = due(str(tmp_path), "--on", "2026-12-01")
    assert (result.exit_code, result.stdout) == (0, "0 due, 0 of them overdue; plans looked at: 1.\n")
    late = due(str(tmp_path), "--on", "2027-03-11", "--within", "0d", "--lang", "sv")
    assert late.exit_code == 1
    assert "-10 d  2027-03-01  " in late.stdout
    assert "Klientplan inom servicen för personer i arbetsför ålder" in late.stdout
    assert "översyn av planen" in late.stdout
    assert "1 due, 1 of them overdue" in late.stdout


@pytest.mark.parametrize("span", ["", "30", "d", "-1d", "30y", "٣d", "99999d"])
def test_a_span_that_is_none_is_refused(span: str) -> None:
    assert isinstance(due(str(EXAMPLES / "plan.json"), "--within", span).exception, Invalid)


def test_a_file_that_is_no_document_is_named_and_nothing_is_listed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(plan("2027-03-01"))
    (tmp_path / "b.json").write_bytes(b"{")
    result = due(str(tmp_path))
    assert isinstance(result.exception, Invalid)
    assert "b.json" in str(result.exception)
    assert result.stdout == ""


def keep(store: Store, data: bytes) -> None:
    record = examine(data, "thl").record
    assert record is not None
    incoming = Incoming("effica", "thl", record.document, data, identity_of(record), datetime.now(UTC))
    store.accept(incoming, Answer("AA"), [])


def test_of_what_the_exchange_holds_the_newest_version_counts(stored: Store) -> None:
    keep(stored, plan("2027-03-01"))
    keep(stored, plan("2027-09-01", 2))
    assert [one.version for one in stored.figures.newest()] == [2]
    assert json.loads(due("--on", "2027-02-20", "--output", "json").stdout) == []
    (one,) = json.loads(due("--on", "2027-08-20", "--output", "json").stdout)
    assert (one["document"], one["version"], one["due"]) == (f"{OID}2", 2, "2027-09-01")


def test_all_that_is_stored_is_read_page_by_page(stored: Store) -> None:
    record = record_of("plan.json")
    for number in range(5):
        named = {"document": f"{OID}0{number}", "original": f"{OID}0{number}"}
        keep(stored, write(Record(record.envelope | named, record.content), "thl").data)
    first = stored.figures.newest(limit=2)
    rest = stored.figures.newest(first[-1].id, limit=9)
    assert len({one.id for one in (*first, *rest)}) == 5
    told = due("--within", "9999w", "--output", "json")
    assert len(json.loads(told.stdout)) == 5
