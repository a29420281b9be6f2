"""Prints documents per second end to end through the sandboxes: one worker on SQLite, one and two on PostgreSQL.

A document counts when each receiver that may have it holds it, the ledger says so, and the sender has its answer: it
is received once and takes three deliveries, to OMNI360, to Apotti, and one that the gate refuses. The sandboxes run in
this process and the workers in their own, so that they share the machine's cores with what they measure: compare the
rows of one run. Documents and CPU time count from the first answer on; before it stands the start of the processes.
`python -m benchmarks.exchange --documents 200`
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.metering import metered_work
from interop.cli.demo import example_plan
from interop.documents import examine
from interop.faults.field import field_of
from interop.faults.plans import Plans
from tests.store.postgresql import fresh_database, running

_SERVER = multiprocessing.get_context("spawn")
_HEAD = ("workers", "documents/s", "seconds", "s to the first", "worker ms/doc", "ledger", "audit", "sandboxes ms/doc")
_ROW = "{:<16}{:>13}{:>10}{:>17}{:>16}{:>9}{:>9}{:>19}"


def measure(name: str, url: str, workers: int, documents: int) -> None:
    example = examine(example_plan("fi"), "effica").record
    assert example is not None
    with (
        tempfile.TemporaryDirectory(prefix="interop-bench-") as folder,
        field_of(url, Path(folder), Plans(example)) as field,
    ):
        place = Path(folder)
        for number in range(documents):
            field.file_chain(3000 + number)
        settings = replace(field.stage.settings, together=8, look_every=timedelta(seconds=1))
        crew = [_SERVER.Process(target=metered_work, args=(settings, place)) for _ in range(workers)]
        started = time.perf_counter()
        for one in crew:
            one.start()
        _wait(crew, lambda: bool(field.boxes.effica.acknowledgements))
        began, own = time.perf_counter(), time.process_time()
        _wait(crew, lambda: any(field.boxes.found().values()))
        first = time.perf_counter() - started
        settled = field.settle(600)
        seconds, own = time.perf_counter() - began, time.process_time() - own
        for one in crew:
            one.terminate()
        for one in crew:
            one.join()
        assert settled
        assert field.account().is_clean
        spent = sum((Counter(json.loads(file.read_text("utf-8"))) for file in place.glob("*.json")), Counter[str]())
    print(
        _ROW.format(
            name, f"{documents / seconds:.1f}", f"{seconds:.1f}", f"{first:.1f}",
            f"{spent['cpu'] / documents * 1000:.1f}", f"{spent['ledger'] / spent['cpu']:.0%}",
            f"{spent['audit'] / spent['cpu']:.0%}", f"{own / documents * 1000:.1f}",
        ),
        flush=True,
    )  # fmt: skip


def _wait(crew: Sequence[BaseProcess], until: Callable[[], bool]) -> None:
    while not until():
        assert all(one.is_alive() for one in crew)
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100)
    documents = parser.parse_args().documents
    print(f"{len(os.sched_getaffinity(0))} cores, shared by the sandboxes, the workers and the database")
    print(_ROW.format(*_HEAD))
    with tempfile.TemporaryDirectory(prefix="interop-bench-") as place:
        measure("1, SQLite", f"sqlite:///{place}/interop.db", 1, documents)
    with running() as server:
        for workers in (1, 2):
            with fresh_database(server.url("postgres")) as url:
                measure(f"{workers}, PostgreSQL", url, workers, documents)


if __name__ == "__main__":
    main()
