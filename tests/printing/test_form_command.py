"""The command `interop form`, run as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.printing.pdf_text import text_of

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "examples" / "plan.json"


def form(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = "from interop.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "form", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


def test_an_empty_form_is_printed(tmp_path: Path) -> None:
    out = tmp_path / "blankett.pdf"
    run = form("15020", "--lang", "sv", "-o", out)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert "Klientplan inom servicen" in text_of(out.read_bytes())


def test_a_document_of_any_format_is_printed_in_its_own_language(tmp_path: Path) -> None:
    out = tmp_path / "plan.pdf"
    assert form(ROOT / "examples" / "plan-sv-effica.xml", "-o", out).returncode == 0
    assert "Jag flyttar till en egen bostad." in text_of(out.read_bytes())


@pytest.mark.parametrize(("name", "options"), [("sivu.html", ()), ("sivu.txt", ("--html",))])
def test_a_page_for_a_screen_is_written(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    out = tmp_path / name
    assert form(PLAN, "-o", out, *options).returncode == 0
    assert out.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_faulty_document_is_printed_and_the_exit_code_says_so(tmp_path: Path) -> None:
    document = json.loads(PLAN.read_text("utf-8"))
    next(iter(document["content"].values()))["paivamaara"] = "2026-02-31"
    source, out = tmp_path / "in.json", tmp_path / "out.pdf"
    source.write_text(json.dumps(document), "utf-8")
    assert form(source, "-o", out).returncode == 1
    assert out.read_bytes().startswith(b"%PDF")


def test_a_document_too_long_for_paper_is_refused(tmp_path: Path) -> None:
    document = json.loads(PLAN.read_text("utf-8"))
    next(iter(document["content"].values()))["lisatiedot"] = "ä" * 600_000
    source, out = tmp_path / "in.json", tmp_path / "out.pdf"
    source.write_text(json.dumps(document), "utf-8")
    run = form(source, "-o", out)
    assert run.returncode == 2
    assert "sheet_fits_on_paper" in run.stderr
    assert not out.exists()


@pytest.mark.parametrize("source", ["15999", "olematon.json", str(ROOT / "LICENSE"), str(ROOT / "tests")])
def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, source: str) -> None:
    out = tmp_path / "out.pdf"
    run = form(source, "-o", out)
    assert run.returncode == 2
    assert run.stderr.startswith("interop: ")
    assert "Traceback" not in run.stderr
    assert not out.exists()


def test_an_unwritable_place_is_refused(tmp_path: Path) -> None:
    run = form("15020", "-o", tmp_path / "puuttuu" / "x.pdf")
    assert run.returncode == 2
    assert run.stderr.startswith("interop: ")
