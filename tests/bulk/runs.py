"""Bulk runs as their users start them, and what they leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

from tests.cli.test_commands import EXAMPLES, ROOT

__all__ = ["DOCUMENTS", "PATIENT", "begin", "line_count", "report_of", "source_of", "wait_for"]

PATIENT = b'{"resourceType": "Patient", "gender": "male"}'
DOCUMENTS = [(EXAMPLES / name).read_bytes() for name in ("plan.json", "plan-sv.json", "plan-effica.xml")]


def source_of(place: Path, count: int) -> Path:
    """A folder with so many documents, as files, lines and members of an archive, in an order that names show."""
    folder = place / "source"
    (folder / "b").mkdir(parents=True)
    third = count // 3
    for number in range(third):
        (folder / "b" / f"{number:03}.{'json' if number % 3 < 2 else 'xml'}").write_bytes(DOCUMENTS[number % 3])
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for number in range(third):
            archive.writestr(f"{number}.json", DOCUMENTS[number % 2])
    lines = [json.dumps(json.loads(DOCUMENTS[number % 2])) for number in range(count - 2 * third)]
    (folder / "c.ndjson").write_text("\n\n".join(lines) + "\n")
    return folder


def begin(*arguments: str | Path, **more: Any) -> subprocess.Popen[bytes]:
    """A command `interop bulk` under way."""
    command = [sys.executable, "-c", "from interop.cli import main; main()", "bulk", *map(str, arguments)]
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": ROOT} | more
    return subprocess.Popen(command, **options)


def wait_for(done: Any, what: str) -> None:
    """Nothing; the condition holds."""
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until, what
        time.sleep(0.01)


def line_count(file: Path) -> int:
    """How many lines a file has; none when there is no file."""
    return file.read_bytes().count(b"\n") if file.exists() else 0


def report_of(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run's report."""
    return [json.loads(line) for line in (folder / "report.ndjson").read_bytes().splitlines()]
