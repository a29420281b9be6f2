"""Bulk runs that several processes share over a real PostgreSQL, and that survive the death of any of them."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from interop.bulk.joining import Joined
from interop.bulk.running import opened
from interop.bulk.sharing import shared, sharing
from interop.bulk.task import Task
from interop.errors import Unavailable
from interop.logs import has_identity_code
from interop.store.presence import Presence
from tests.bulk.runs import begin, line_count, report_of, source_of, wait_for
from tests.cli.test_commands import interop

TABLE = SQL("SELECT t::text FROM dbos_bulk.{} t")


@contextmanager
def ready(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that takes chunks."""
    with begin("work", "--database-url", url, "--jobs", "1", stderr=subprocess.DEVNULL) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
            yield worker
        finally:
            worker.kill()


def test_two_workers_share_a_run_and_one_may_die(tmp_path: Path, server_url: str) -> None:
    source, out = source_of(tmp_path, 120), tmp_path / "out"
    command = (
        "convert",
        source,
        "--to",
        "omni360",
        "-o",
        out,
        "--chunk",
        "3",
        "--jobs",
        "1",
        "--database-url",
        server_url,
    )
    with ready(server_url) as first, ready(server_url) as second:
        with begin(*command) as run:
            wait_for(lambda: line_count(out / "done.ndjson") > 3, "some chunks")
            first.send_signal(signal.SIGKILL)
            _, said = run.communicate(timeout=120)
        assert run.returncode == 0, said
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0
    whole = tmp_path / "whole"
    assert interop("bulk", "convert", source, "--to", "omni360", "-o", whole).returncode == 0
    for name in ("documents.ndjson", "report.ndjson"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    with psycopg.connect(server_url) as connection:
        executors = connection.execute("SELECT DISTINCT executor_id FROM dbos_bulk.workflow_status").fetchall()
        rows = connection.execute("SELECT count(*) FROM dbos_bulk.workflow_status").fetchall()
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'dbos_bulk'").fetchall()
        held = [connection.execute(TABLE.format(Identifier(name))).fetchall() for (name,) in tables]
    assert rows == [(40,)]
    assert len(executors) >= 2
    assert all(len(row) < 2000 and not has_identity_code(row) for table in held for (row,) in table)


def test_a_shared_run_whose_command_was_killed_goes_on(tmp_path: Path, server_url: str) -> None:
    source, out = source_of(tmp_path, 60), tmp_path / "out"
    command = ("convert", source, "--to", "thl", "-o", out, "--chunk", "3", "--jobs", "1", "--database-url", server_url)
    with begin(*command) as run:
        wait_for(lambda: line_count(out / "done.ndjson") > 1, "some chunks")
        run.send_signal(signal.SIGKILL)
    assert interop("bulk", *command).returncode == 0
    assert [line["number"] for line in report_of(out)] == list(range(1, 61))
    assert line_count(out / "documents.ndjson") == 60


def test_a_chunk_that_nobody_can_do_ends_the_run_with_a_word(tmp_path: Path, server_url: str) -> None:
    source, out = source_of(tmp_path, 6), tmp_path / "out"
    with opened(out, [str(source)], Task("thl"), 3, uuid4().hex) as (plan, joined), sharing(server_url, 1) as workers:
        (out / "parts").write_bytes(b"no folder can be made here")
        with pytest.raises(Unavailable, match="could not be done by any worker"):
            list(shared(out, plan, joined, workers))
        (out / "parts").unlink()
        again = Joined(out, plan)
        assert [sums.documents for sums in shared(out, plan, again, workers)] == [3, 6]


def test_a_process_lives_as_long_as_its_connection(server_url: str) -> None:
    with closing(Presence(server_url, "first")) as first:
        with closing(Presence(server_url, "second")):
            assert first.alive(["first", "second", "third"]) == {"first", "second"}
        assert first.alive(["first", "second"]) == {"first"}
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        with pytest.raises(Unavailable):
            first.alive(["first"])
        assert first.alive(["first"]) == {"first"}


def test_only_a_server_can_be_shared(tmp_path: Path) -> None:
    assert interop("bulk", "work", "--database-url", f"sqlite:///{tmp_path}/a.db").returncode == 2
