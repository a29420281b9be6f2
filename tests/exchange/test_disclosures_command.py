"""`interop disclosures` as whoever answers for disclosures uses it, after a document has gone to another controller."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interop.cli.disclosures import disclosures
from interop.errors import Invalid, NotFound
from interop.store import Sought
from tests.cli.test_commands import interop
from tests.exchange.test_disclosures import CODES, OTHER, OWN, SEVERAL, Region
from tests.exchange.test_two_way import record_of
from tests.store.databases import database_url, new_database, postgresql_base

__all__ = ["database_url", "new_database", "postgresql_base"]

Command = Callable[..., Result]


@pytest.fixture
def region(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Region]:
    """A region where one notice stands in the outbox, and one waits."""
    made = Region(database_url, tmp_path, {name: SEVERAL[name] for name in ("other", "third")})
    made.send()
    made.go(made.exchange(notices=False))
    first, _ = made.store.disclosures.waiting(9)
    made.store.disclosures.written([first.id], made.times[-1])
    settings = tmp_path / "interop.toml"
    settings.write_text("")
    for name, value in (
        ("INTEROP_DATABASE_URL", database_url), ("INTEROP_KEYS", "k:" + base64.b64encode(bytes(32)).decode()),
        ("INTEROP_ACTIVE_KEY", "k"), ("INTEROP_SETTINGS", str(settings)),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    yield made
    made.close()


def command(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(disclosures, arguments, input=stdin)


def test_disclosures_are_listed_for_people_and_programs(region: Region) -> None:
    lines = command("list").stdout.splitlines()
    assert len(lines) == 2
    assert {line.split()[2] for line in lines} == {"written", "waiting"}
    assert any(f"{record_of().document} v1  {OWN} → {OTHER} (other)  703/2023, 55 §" in line for line in lines)
    told = json.loads(command("list", "--output", "json").stdout)
    assert {one["system"] for one in told} == {"other", "third"}
    assert len(json.loads(command("list", "--waiting", "--output", "json").stdout)) == 1


@pytest.mark.parametrize(
    ("arguments", "stdin", "count"),
    [
        (("--document", record_of().document), "", 2),
        (("--document", "1.2.3"), "", 0),
        (("--since", "2026-11-25", "--until", "2026-11-26"), "", 2),
        (("--until", "2026-11-25"), "", 0),
        (("--since", "2026-11-26"), "", 0),
        (("--client",), f"{CODES[0]}\n", 2),
        (("--client",), "010181-900C\n", 0),
        (("--limit", "1"), "", 1),
    ],
)
def test_disclosures_are_found(region: Region, arguments: tuple[str, ...], stdin: str, count: int) -> None:
    found = command("list", "--output", "json", *arguments, stdin=stdin)
    assert len(json.loads(found.stdout)) == count
    searched = region.store.audit.entries(Sought(what="searched"))
    assert [one.cause for one in searched] == ["disclosures_command"]
    assert not any(code in found.stdout + repr(searched) for code in CODES)


def test_one_disclosure_is_shown_and_its_notice_is_valid(region: Region, tmp_path: Path) -> None:
    (first,) = region.store.disclosures.waiting(9)
    shown = command("show", first.id[:8])
    assert "permit_inside_social_care" in shown.stdout
    file = tmp_path / "notice.json"
    file.write_text(command("show", first.id, "--output", "json").stdout, "utf-8")
    assert json.loads(file.read_text("utf-8"))["type"] == "transaction"
    assert interop("validate", file).returncode == 0
    assert isinstance(command("show", "zzz").exception, NotFound)


def test_notices_are_exported_one_a_line(region: Region, tmp_path: Path) -> None:
    file = tmp_path / "notices.ndjson"
    assert command("export", "-o", str(file)).exit_code == 0
    bundles = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [one["resourceType"] for one in bundles] == ["Bundle", "Bundle"]
    assert json.loads(command("export", "--waiting").stdout)["type"] == "transaction"
    assert len(region.store.audit.entries(Sought(what="exported"))) == 2
    assert len(region.store.disclosures.waiting(9)) == 1


def test_a_client_is_not_sought_without_a_code(region: Region) -> None:
    assert region.store.disclosures.waiting(9)
    assert isinstance(command("list", "--client", stdin="\n").exception, Invalid)
