"""The sessions in our pages: every ```console block is run, and what it shows must be what is printed.

A line that begins with `$ ` is a command, `> ` goes on with it; ` # exit N` at its end names the exit code that it has
when that is not 0. The lines after it are what it prints, each as a whole or as a beginning that `…` ends; a line of
`…` alone stands for any number of lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DATABASE", "ROOT", "Step", "run", "steps"]

DATABASE = "postgresql://interop@db.example/interop"
"""How our pages name a PostgreSQL database; a test puts a real one in its place."""
ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\s+# exit (\d+)$")
_END = "\x1e"


@dataclass(frozen=True)
class Step:
    """One command of a page, the exit code it has and the lines it prints."""

    command: str
    code: int
    shown: tuple[str, ...]

    def fault(self, code: int, printed: str) -> str:
        """What is otherwise than the page says; empty when nothing is."""
        lines = printed.rstrip("\n").split("\n") if printed.strip() else []
        if code != self.code or not _matches(list(self.shown), lines):
            return f"$ {self.command}\nexit {code}\n{printed}\n--- the page says: exit {self.code}\n" + "\n".join(
                self.shown
            )
        return ""


def steps(page: Path) -> list[Step]:
    """The commands of a page, in order."""
    found = []
    for block in _BLOCK.findall(page.read_text("utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = part.rstrip("\n").split("\n")
            while rest and (rest[0].startswith("> ") or rest[0] == ">"):
                first += "\n" + rest.pop(0)[2:]
            code = _EXIT.search(first)
            found.append(Step(_EXIT.sub("", first), int(code[1]) if code else 0, tuple(rest)))
    return found


def run(page: Path, folder: Path, database: str = DATABASE) -> list[str]:
    """The faults of a page's session, run from beginning to end in one shell with the examples at hand."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "interop"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'from interop.cli import main; main()' \"$@\"\n")
    program.chmod(0o755)
    place = folder / "place"
    place.mkdir()
    (place / "examples").symlink_to(ROOT / "examples")
    listed = steps(page)
    script = "set -m\n" + "".join(f"{step.command}\nprintf '{_END}%s{_END}' $?\n" for step in listed).replace(
        DATABASE, database
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("INTEROP_")},
        "PATH": f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    ran = subprocess.run(
        ["bash", "-c", script], cwd=place, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=240, check=False,
    )  # fmt: skip
    parts = ran.stdout.split(_END)
    faults = [f"only {len(parts) // 2} of {len(listed)} commands ended"] if len(parts) // 2 != len(listed) else []
    for step, printed, code in zip(listed, parts[::2], parts[1::2], strict=False):
        faults.append(step.fault(int(code), printed))
    return [fault for fault in faults if fault]


def _matches(shown: list[str], lines: list[str]) -> bool:
    if not shown:
        return not lines
    if shown[0] == "…":
        return any(_matches(shown[1:], lines[start:]) for start in range(len(lines) + 1))
    begins = shown[0].removesuffix("…")
    same = bool(lines) and (lines[0].startswith(begins) if shown[0].endswith("…") else lines[0].rstrip() == begins)
    return same and _matches(shown[1:], lines[1:])
