"""Many inputs: over the cores in order, from archives and lines, from standard input, and again when they are saved."""

from __future__ import annotations

import json
import select
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.bulk.inputs import Input, inputs
from interop.bulk.judging import Recipe, judged
from interop.errors import Invalid
from schemas.limits import DEFAULT_LIMITS, limits_of
from tests.cli.test_commands import EXAMPLES, ROOT, interop

PATIENT = b'{"resourceType": "Patient", "gender": "male"}'
BROKEN = b'{"resourceType": "Patient", "gender": "x"}'


def test_inputs_over_the_cores_come_back_in_order_with_the_same_findings() -> None:
    given = [Input(str(number), BROKEN if number % 7 == 0 else PATIENT) for number in range(150)]
    alone = list(judged(iter(given), Recipe(), jobs=1))
    together = list(judged(iter(given), Recipe(), jobs=2))
    assert [one.input.name for one in together] == [str(number) for number in range(150)]
    assert together == alone
    assert sum(not one.examined.valid for one in together) == 22


def test_inputs_are_read_no_further_ahead_than_needed() -> None:
    taken = 0

    def endless() -> Iterator[Input]:
        nonlocal taken
        while True:
            taken += 1
            yield Input(str(taken), PATIENT)

    found = judged(endless(), Recipe(), jobs=2)
    for _ in range(40):
        next(found)
    found.close()  # type: ignore[attr-defined]
    assert taken < 400


def test_archive_and_lines_are_single_documents(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("one.json", PATIENT)
        archive.writestr("in/two.json", BROKEN)
    (tmp_path / "b.ndjson").write_bytes(PATIENT + b"\n\n" + BROKEN + b"\n")
    said = [json.loads(line) for line in interop("validate", tmp_path, "--output", "json").stdout.splitlines()]
    names = [one["input"].removeprefix(f"{tmp_path}/") for one in said]
    assert names == ["a.zip!one.json", "a.zip!in/two.json", "b.ndjson:1", "b.ndjson:3"]
    assert [one["valid"] for one in said] == [True, False, True, False]


def test_each_file_of_a_folder_is_one_document_whatever_the_folders_in_it_are_called(tmp_path: Path) -> None:
    (tmp_path / "saved.xml").mkdir()
    (tmp_path / "saved.xml" / "patient.json").write_bytes(PATIENT)
    assert [one.name for one in inputs([str(tmp_path)])] == [str(tmp_path / "saved.xml" / "patient.json")]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (PATIENT + b"\n" + BROKEN + b"\n", ["-:1", "-:2"]),
        (PATIENT, ["-"]),
        (json.dumps(json.loads(PATIENT), indent=1).encode(), ["-"]),
    ],
    ids=["lines", "one", "indented"],
)
def test_standard_input_is_one_document_or_one_for_each_line(given: bytes, names: list[str]) -> None:
    done = interop("validate", "-", "--output", "json", stdin=given)
    assert [json.loads(line)["input"] for line in done.stdout.splitlines()] == names


@pytest.mark.parametrize("cut", [30, 60, -10])
def test_a_damaged_archive_is_refused(tmp_path: Path, cut: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one.json", PATIENT * 20)
    whole = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(whole[:cut] + b"\xff\xff\xff" + whole[cut + 3 if cut > 0 else cut :])
    with pytest.raises(Invalid, match="damaged"):
        list(inputs([str(tmp_path / "a.zip")]))


def test_limits_are_given_by_name() -> None:
    assert limits_of("size=1000, depth=10").size == 1000
    assert limits_of("") == DEFAULT_LIMITS
    for wrong in ("size", "size=0", "size=x", "colour=1", "depth=5000"):
        with pytest.raises(ValueError, match="the"):
            limits_of(wrong)
    done = interop("validate", EXAMPLES / "plan.json", "--limits", "nodes=10", "--output", "json")
    assert [issue["rule"] for issue in json.loads(done.stdout)["issues"]] == ["document_is_within_node_limit"]
    assert interop("validate", EXAMPLES / "plan.json", "--limits", "nodes=ten").returncode == 2


def test_what_is_saved_is_judged_again(tmp_path: Path) -> None:
    document = tmp_path / "plan.xml"
    shutil.copy(EXAMPLES / "plan-effica.xml", document)
    command = [sys.executable, "-c", "from interop.cli import main; main()", "validate", str(tmp_path), "--watch"]
    with subprocess.Popen([*command, "--output", "json"], stdout=subprocess.PIPE, cwd=ROOT) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["valid"] is True
        # The watch begins a moment after the first report; what is saved before it is saved again.
        said = b""
        while not said:
            shutil.copy(ROOT / "tests/cases/bad_input/wrong_check_character/input.xml", document)
            said = _line_within(running, 2)
        running.send_signal(signal.SIGINT)
        assert json.loads(said)["valid"] is False
        assert running.wait() == 130


def _line_within(running: subprocess.Popen[bytes], seconds: float) -> bytes:
    assert running.stdout is not None
    ready, _, _ = select.select([running.stdout], [], [], seconds)
    return running.stdout.readline() if ready else b""


def test_standard_input_cannot_be_watched() -> None:
    done = interop("validate", "-", "--watch", stdin=PATIENT)
    assert done.returncode == 2
    assert b"watched" in done.stderr
