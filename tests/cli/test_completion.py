"""A shell that asks how to complete a line gets the commands, the commands of a group, and the options."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("interop val", "validate"),
        ("interop mappings cov", "coverage"),
        ("interop validate --stri", "--strict"),
        ("interop structures dif", "diff"),
    ],
)
def test_bash_is_told_how_a_line_goes_on(line: str, expected: str) -> None:
    words = line.split()
    asked = {"_INTEROP_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    program = "import sys; sys.argv = ['interop']; from interop.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    assert ran.stdout.split() == [expected], ran.stderr
