"""`interop gate` as its users run it: the reasoning in words and as JSON, and the wills that the exchange knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interop.documents import write
from schemas.record import Record
from schemas.structures import shipped

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAN = EXAMPLES / "plan-effica.xml"
SETTINGS = """
[database]
url = "sqlite:///{place}/interop.db"
[keys]
active = "k"
[systems.oma]
kind = "effica"
url = "https://effica.example/"
controller = "1.2.246.10.99999999.19.0"
[systems.muu]
kind = "effica"
url = "https://muu.example/"
controller = "1.2.246.10.88888888.19.0"
duty = "broad_responsibility"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "interop.toml"
    path.write_text(SETTINGS.format(place=tmp_path))
    return path


def interop(settings: Path, *arguments: str | Path, keys: bool = False) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "INTEROP_SETTINGS": str(settings)}
    if keys:
        environment["INTEROP_KEYS"] = "k:" + "A" * 43 + "="
    command = [sys.executable, "-c", "from interop.cli import main; main()", "gate", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def permit(tmp_path: Path) -> Path:
    structure = shipped().find("1505.8")
    identifier = {"system": "urn:oid:1.2.246.21", "value": "010280-952L"}
    envelope: dict[str, Any] = {
        "document": "1.2.246.10.99999999.11.2026.50", "version": 1, "structure": structure.oid, "status": "final",
        "language": "fi", "clients": [{"identifier": identifier}],
        "controller": {"identifier": {"value": "1.2.246.10.99999999.19.0"}},
        "author": {"family": "Kokeilu", "given": "Älli"}, "created": "2026-01-10T10:00:00+02:00",
    }  # fmt: skip
    said = {"luovutuslupa": True, "luovutusluvan_antamisen_ajankohta": "2026-01-10"}
    body = {"asiakas": {"sukunimi": "M", "etunimet": "V", "henkilotunnus": identifier}, "infoteksti": "-",
            "voimassa_oleva_luovutuslupa": said}  # fmt: skip
    path = tmp_path / "permit.json"
    path.write_bytes(write(Record(envelope, {structure.root: body}), "thl").data)
    return path


@pytest.mark.parametrize(
    ("language", "words"), [("fi", "saa lähettää"), ("sv", "får sändas"), ("en", "may go")], ids=["fi", "sv", "en"]
)
def test_the_reasoning_is_told_in_each_language(settings: Path, language: str, words: str) -> None:
    done = interop(settings, "explain", PLAN, "--to", "oma", "--lang", language)
    assert done.returncode == 0
    assert words in done.stdout.splitlines()[0]
    assert "703/2023 59 §" in done.stdout
    assert "010280" not in done.stdout


def test_json_tells_every_step_and_the_exit_code_the_outcome(settings: Path) -> None:
    done = interop(settings, "explain", PLAN, "--to", "muu", "--output", "json", "--at", "2026-11-25")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert (said["outcome"], said["ground"]) == ("deny", "receiver_has_another_controller")
    assert set(said["message"]) == {"fi", "sv", "en"}
    assert len(said["steps"]) > 40
    assert said["at"] == "2026-11-25T12:00:00+00:00"


@pytest.mark.parametrize(
    "broken",
    [
        "systems = 3",
        "systems = []",
        "[systems]\noma = 3",
        "[systems.oma]\nduty = 3",
        "[[systems.oma]]",
        "a = [",
        "[systems.Oma]",
    ],
)
def test_settings_of_another_shape_are_told_as_mistakes(settings: Path, broken: str) -> None:
    settings.write_text(broken)
    done = interop(settings, "explain", PLAN, "--to", "oma")
    assert done.returncode == 2
    assert done.stderr.startswith("interop: The settings ")


def test_a_permit_from_a_file_counts_from_its_day(settings: Path, permit: Path) -> None:
    then = ("explain", PLAN, "--to", "muu", "--wills", permit, "--at")
    assert interop(settings, *then, "2026-01-11").returncode == 0
    assert interop(settings, *then, "2026-01-09").returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", PLAN, "--to", "nobody"),
        ("explain", PLAN, "--to", "oma", "--at", "eilen"),
        ("explain", PLAN, "--to", "oma", "--at", "2026-11-25T12:00:00"),
        ("explain", EXAMPLES / "README.md", "--to", "oma"),
        ("explain", PLAN, "--to", "oma", "--wills", PLAN),
        ("explain", PLAN, "--to", "oma", "--settings", "/nowhere.toml"),
    ],
    ids=["no such system", "no time", "no offset", "no document", "no will", "no settings"],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_code_2(settings: Path, arguments: tuple[str | Path, ...]) -> None:
    done = interop(settings, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("interop: ")


def test_a_consent_that_is_not_understood_is_refused(settings: Path, tmp_path: Path) -> None:
    path = tmp_path / "consent.json"
    path.write_text(json.dumps({"resourceType": "Consent", "status": "active"}))
    done = interop(settings, "explain", PLAN, "--to", "oma", "--wills", path)
    assert done.returncode == 2
    assert "patient.identifier" in done.stderr


def test_permits_are_added_listed_and_revoked(settings: Path, permit: Path) -> None:
    explain = ("explain", PLAN, "--to", "muu", "--stored")
    assert interop(settings, "permits", "add", permit, keys=True).stdout == "1 new, 0 known before.\n"
    assert interop(settings, "permits", "add", permit, keys=True).stdout == "0 new, 1 known before.\n"
    assert interop(settings, *explain, keys=True).returncode == 0
    listed = interop(settings, "permits", "list", "--of", PLAN, keys=True).stdout
    assert "permit inside social care, given 2026-01-10" in listed
    assert "010280" not in listed
    (known,) = json.loads(interop(settings, "permits", "list", "--output", "json", keys=True).stdout)
    revoked = interop(settings, "permits", "revoke", known["id"][:8], keys=True).stdout
    assert revoked.splitlines()[-2:] == ["Nothing waits to leave on it.", "Nothing has left on it."]
    done = interop(settings, *explain, "--output", "json", keys=True)
    assert json.loads(done.stdout)["ground"] == "permit_is_revoked"
