"""The command line as its users run it: a process, its two outputs and its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def interop(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from interop.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)
    assert b"Traceback" not in done.stderr
    return done


def test_help_names_every_command_without_loading_them() -> None:
    done = interop("--help")
    assert done.returncode == 0
    for name in (b"validate", b"convert", b"structures", b"demo", b"serve", b"form"):
        assert name in done.stdout


def test_starting_loads_no_heavy_library() -> None:
    heavy = "xmlschema fhir.resources sqlalchemy fastapi httpx zeep rich typst cryptography"
    script = (
        "import sys; sys.argv = ['interop', 'validate', sys.argv[1]]\n"
        "from interop.cli import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert done.code == 0, done.code\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    command = [sys.executable, "-c", script, str(EXAMPLES / "plan-effica.xml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", ["plan.json", "plan-sv.json", "plan-effica.xml", "plan-sv-effica.xml"])
def test_the_examples_are_valid(name: str) -> None:
    done = interop("validate", EXAMPLES / name)
    assert done.returncode == 0


@pytest.mark.parametrize("target", ["thl", "fhir", "effica", "omni360", "apotti", "kanta"])
def test_converted_and_validated_in_a_pipe(target: str) -> None:
    converted = interop("convert", EXAMPLES / "plan-effica.xml", "--to", target)
    assert converted.returncode == 0
    assert converted.stderr == b""
    judged = interop("validate", "-", "--output", "json", stdin=converted.stdout)
    assert judged.returncode == 0
    verdict = json.loads(judged.stdout)
    assert verdict["valid"] is True
    assert verdict["format"] == target
    assert [issue for issue in verdict["issues"] if issue["severity"] == "error"] == []


def test_json_output_follows_the_contract() -> None:
    case = ROOT / "tests" / "cases" / "bad_input" / "date_not_in_calendar" / "input.xml"
    done = interop("validate", case, "--output", "json")
    assert done.returncode == 1
    verdict = json.loads(done.stdout)
    assert set(verdict) == {"input", "format", "structure", "resource", "valid", "layers", "issues"}
    for issue in verdict["issues"]:
        assert list(issue)[-9:] == ["rule", "layer", "severity", "code", "path", "line", "column", "message", "source"]
        assert set(list(issue)[:-9]) <= {"expression", "trail"}
        assert set(issue["message"]) == {"fi", "sv", "en"}


def test_outcome_output_is_an_operation_outcome() -> None:
    done = interop("validate", EXAMPLES / "plan.json", "--output", "outcome")
    outcome = json.loads(done.stdout)
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"]


def test_text_output_names_the_field_by_its_finnish_label_and_by_its_path() -> None:
    case = ROOT / "tests" / "cases" / "bad_input" / "date_not_in_calendar" / "input.xml"
    done = interop("validate", case)
    text = done.stdout.decode()
    assert "Tiedot neuvottelusta jossa tämä suunnitelma on tehty › Päivämäärä\n" in text
    assert "            /Sanoma/Asiakirja/Suunnitelma/Neuvottelu/Pvm\n" in text


def test_a_layer_can_be_chosen() -> None:
    case = ROOT / "tests" / "cases" / "bad_input" / "date_not_in_calendar" / "input.xml"
    assert interop("validate", case, "--layer", "schema").returncode == 0
    assert interop("validate", case, "--layer", "rules").returncode == 1


def test_a_directory_an_archive_and_lines_are_accepted(tmp_path: Path) -> None:
    record = (EXAMPLES / "plan.json").read_bytes()
    (tmp_path / "one.json").write_bytes(record)
    (tmp_path / "two.xml").write_bytes((EXAMPLES / "plan-effica.xml").read_bytes())
    (tmp_path / "many.ndjson").write_bytes(
        json.dumps(json.loads(record)).encode() + b"\n\n" + record.replace(b"\n", b"")
    )
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("inner/plan.json", record)
    done = interop("validate", tmp_path, "--output", "json")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 5


def test_a_bare_content_gets_marked_placeholders_and_a_warning(tmp_path: Path) -> None:
    done = interop("convert", EXAMPLES / "content.json", "--to", "thl")
    assert done.returncode == 0
    assert b"envelope_is_complete" in done.stderr
    envelope = json.loads(done.stdout)["envelope"]
    assert "controller" in envelope["placeholders"]
    facts = tmp_path / "envelope.json"
    facts.write_text(json.dumps(json.loads((EXAMPLES / "plan.json").read_text("utf-8"))["envelope"]))
    whole = interop("convert", EXAMPLES / "content.json", "--to", "thl", "--envelope", facts)
    assert json.loads(whole.stdout) == json.loads((EXAMPLES / "plan.json").read_text("utf-8"))


def test_the_report_has_its_four_lists(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    interop("convert", EXAMPLES / "plan.json", "--to", "effica", "-o", tmp_path / "out.xml", "--report", report)
    assert set(json.loads(report.read_text("utf-8"))) == {"lost", "constants", "unmapped", "carried"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["validate", "no-such-file.xml"], b"no file"),
        (["validate"], b"Missing argument"),
        (["convert", "x", "--to", "pdf"], b"Invalid value"),
        (["frobnicate"], b"No such command"),
    ],
)
def test_wrong_use_is_said_in_one_sentence_with_exit_code_2(arguments: list[str], said: bytes) -> None:
    done = interop(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 and no more")
    assert interop("validate", tmp_path / "x.zip").returncode == 2


def test_the_findings_of_a_conversion_are_told_in_the_language_asked_for() -> None:
    done = interop("convert", EXAMPLES / "content.json", "--to", "effica", "--lang", "sv")
    assert done.returncode == 0
    assert "giltig (thl" in done.stderr.decode()
