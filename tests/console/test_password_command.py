from __future__ import annotations

import subprocess
import sys

from interop.config.people import people
from interop.console.passwords import matches

PASSWORD = "kolme punaista mökkiä"


def run(*words: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from interop.cli import main; main()", "console", "password", *words]
    return subprocess.run(command, input=f"{password}\n", capture_output=True, text=True, check=False, timeout=60)


def test_the_entry_is_what_the_settings_take_and_holds_no_password() -> None:
    done = run("maija", "--role", "operator", "--role", "auditor")
    assert (done.returncode, done.stderr) == (0, "")
    (maija,) = people(done.stdout.strip())
    assert (maija.name, maija.roles) == ("maija", ("operator", "auditor"))
    assert matches(PASSWORD, maija.password)
    assert PASSWORD not in done.stdout


def test_what_cannot_be_used_is_refused() -> None:
    assert run("maija", "--role", "chief").returncode == 2
    assert run("Maija!", "--role", "viewer").returncode == 2
    short = run("maija", "--role", "viewer", password="lyhyt")
    assert short.returncode == 2
    assert "12" in short.stderr
