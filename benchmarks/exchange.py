"""Prints documents per second end to end through the sandboxes: one worker on SQLite, one and two on PostgreSQL.

A document counts when both receivers hold it and the sender has its answer. The sandboxes run in this process and the
workers in their own, so that on two cores they share the machine with what they measure: compare the rows of one run.
Time and CPU count from the first answer on; before it stands the start of the processes.
`python -m benchmarks.exchange --documents 200`
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from interop.cli.demo import example_plan
from interop.documents import examine
from interop.faults.crew import Crew
from interop.faults.field import field_of
from interop.faults.plans import Plans
from tests.store.postgresql import fresh_database, running


def measure(name: str, url: str, workers: int, documents: int) -> None:
    example = examine(example_plan("fi"), "effica").record
    assert example is not None
    with (
        tempfile.TemporaryDirectory(prefix="interop-bench-") as place,
        field_of(url, Path(place), Plans(example)) as field,
    ):
        for number in range(documents):
            field.file_chain(3000 + number)
        crew = Crew(replace(field.stage.settings, together=8, look_every=timedelta(seconds=1)), Path(place) / "log")
        started = time.perf_counter()
        for _ in range(workers):
            crew.start()
        while not field.boxes.effica.acknowledgements:
            assert all(one.is_alive() for one in crew.members)
            time.sleep(0.01)
        began, own = time.perf_counter(), time.process_time()
        theirs = -sum(cpu_seconds(one.pid) for one in crew.members)
        settled = field.settle(600)
        seconds, own = time.perf_counter() - began, time.process_time() - own
        theirs += sum(cpu_seconds(one.pid) for one in crew.members)
        crew.end()
        assert settled
        assert field.account().is_clean
    print(
        f"{name:<24}{documents / seconds:>12.1f}{seconds:>10.1f}{began - started:>16.1f}"
        f"{theirs / documents * 1000:>24.0f}{own / documents * 1000:>24.0f}"
    )


def cpu_seconds(pid: int | None) -> float:
    """The CPU time that a process has used so far, where the operating system tells it."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100)
    documents = parser.parse_args().documents
    print(
        f"{'workers':<24}{'documents/s':>12}{'seconds':>10}{'s to the first':>16}{'workers ms CPU/doc':>24}"
        f"{'sandboxes ms CPU/doc':>24}"
    )
    with tempfile.TemporaryDirectory(prefix="interop-bench-") as place:
        measure("1, SQLite file", f"sqlite:///{place}/interop.db", 1, documents)
    with running() as server:
        for workers in (1, 2):
            with fresh_database(server.url("postgres")) as url:
                measure(f"{workers}, PostgreSQL", url, workers, documents)


if __name__ == "__main__":
    main()
