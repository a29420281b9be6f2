"""Bulk runs: ordered, whole, the same however often they are interrupted, and never stopped by a bad document."""

from __future__ import annotations

import os
import resource
import signal
import tracemalloc
from pathlib import Path

import pytest

from interop.bulk.chunks import do_chunk, part_of
from interop.bulk.inputs import inputs
from interop.bulk.processes import Job, Processes
from interop.bulk.running import done, opened
from interop.bulk.task import Task
from interop.documents import convert
from interop.errors import Conflict, NotFound
from schemas import json_text
from tests.bulk.runs import DOCUMENTS, PATIENT, begin, line_count, report_of, source_of, wait_for
from tests.cli.test_commands import interop


def test_documents_come_out_in_order_as_convert_writes_them(tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 12), tmp_path / "out"
    ran = interop("bulk", "convert", source, "--to", "fhir", "-o", out, "--chunk", "5", "--jobs", "2")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == b""
    given = list(inputs([str(source)]))
    assert [line["input"] for line in report_of(out)] == [one.name for one in given]
    assert [line["number"] for line in report_of(out)] == list(range(1, 13))
    written = (out / "documents.ndjson").read_bytes().splitlines()
    expected = []
    for one in given:
        converted = convert(one.data, "fhir").written
        assert converted is not None
        expected.append(json_text.parse(converted.data)[0])
    assert [json_text.parse(line)[0] for line in written] == expected
    assert not (out / "parts").exists()


def test_a_format_that_is_no_json_has_a_file_for_each_document(tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 9), tmp_path / "out"
    assert interop("bulk", "convert", source, "--to", "kanta", "-o", out, "--chunk", "4").returncode == 0
    files = [out / line["output"] for line in report_of(out)]
    assert len(set(files)) == 9
    assert {file.suffix for file in files} == {".xhtml"}
    assert interop("validate", out / "documents").returncode == 0


def test_bad_documents_are_told_of_and_stop_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.json").write_bytes(b'{"a": ')
    (source / "b.json").write_bytes(DOCUMENTS[0])
    (source / "c.zip").write_bytes(b"PK\x03\x04 no archive")
    (source / "d.xml").write_bytes(b"")
    (source / "e.ndjson").write_bytes(b"\xff\n" + PATIENT + b"\n")
    out = tmp_path / "out"
    ran = interop("bulk", "convert", source, "--to", "thl", "-o", out)
    assert ran.returncode == 2
    assert ran.stderr == b"5 of 6 were not written; report.ndjson tells which.\n"
    assert [line["valid"] for line in report_of(out)] == [False, True, False, False, False, True]
    assert all(line["issues"] for line in report_of(out) if not line["valid"])
    assert line_count(out / "documents.ndjson") == 1


@pytest.mark.parametrize(("document", "code"), [(PATIENT, 0), (b'{"resourceType": "Patient", "gender": "x"}', 1)])
def test_validating_writes_the_report_alone(tmp_path: Path, document: bytes, code: int) -> None:
    (tmp_path / "a.ndjson").write_bytes(document)
    ran = interop("bulk", "validate", tmp_path / "a.ndjson", "-o", tmp_path / "out", "--lang", "en")
    assert ran.returncode == code
    assert b"1/1 valid" in ran.stdout or code
    assert not (tmp_path / "out" / "documents.ndjson").exists()
    assert "output" not in report_of(tmp_path / "out")[0]


def test_a_run_that_was_killed_goes_on_with_nothing_lost_and_nothing_twice(tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 90), tmp_path / "out"
    command = ("convert", source, "--to", "omni360", "-o", out, "--chunk", "3", "--jobs", "2")
    joined = 0
    for _ in range(3):
        with begin(*command) as run:
            wait_for(lambda: line_count(out / "done.ndjson") > joined or run.poll() is not None, "a chunk")  # noqa: B023
            run.send_signal(signal.SIGKILL)
        assert line_count(out / "done.ndjson") >= joined
        joined = line_count(out / "done.ndjson")
    assert joined < 30, "the run was over before it could be killed"
    assert interop("bulk", *command).returncode == 0
    whole = tmp_path / "whole"
    assert interop("bulk", "convert", source, "--to", "omni360", "-o", whole).returncode == 0
    for name in ("documents.ndjson", "report.ndjson"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    before = (out / "done.ndjson").stat().st_mtime_ns
    assert interop("bulk", *command).returncode == 0
    assert (out / "done.ndjson").stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["documents.ndjson", "report.ndjson", "done.ndjson"])
def test_what_was_half_written_is_cut_off(tmp_path: Path, name: str) -> None:
    source, out = source_of(tmp_path, 9), tmp_path / "out"
    task = Task("thl")
    with opened(out, [str(source)], task, 2, "a") as (plan, joined):
        steps = done(out, plan, joined, 1)
        next(steps)
        next(steps)
        steps.close()  # type: ignore[attr-defined]
    with (out / name).open("ab") as file:
        file.write(b'{"chunk": 2, "half')
    with opened(out, [str(source)], task, 2, "b") as (plan, joined):
        assert joined.next == 2
        list(done(out, plan, joined, 1))
    assert [line["number"] for line in report_of(out)] == list(range(1, 10))
    assert line_count(out / "documents.ndjson") == 9


def test_a_full_disk_is_said_plainly_and_the_run_goes_on_later(tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 30), tmp_path / "out"
    command = ("convert", source, "--to", "fhir", "-o", out, "--chunk", "6")

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))

    with begin(*command, preexec_fn=little_room) as run:
        _, said = run.communicate(timeout=60)
    assert run.returncode == 2
    assert b"no room left" in said
    assert b"Traceback" not in said
    assert interop("bulk", *command).returncode == 0
    assert [line["number"] for line in report_of(out)] == list(range(1, 31))
    assert line_count(out / "documents.ndjson") == 30


def test_a_process_that_dies_takes_no_other_work_with_it(tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 60), tmp_path / "out"
    with begin("convert", source, "--to", "thl", "-o", out, "--chunk", "4", "--jobs", "2") as run:
        wait_for(lambda: any(out.glob("parts/*.at")), "a document")
        for starter in _children(run.pid):
            for worker in _children(starter):
                os.kill(worker, signal.SIGKILL)
        _, said = run.communicate(timeout=120)
    assert (run.returncode, said) == (0, b"")
    assert [line["number"] for line in report_of(out)] == list(range(1, 61))
    assert all(line["valid"] for line in report_of(out))


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return found


def test_a_document_that_ends_its_process_each_time_is_told_of_and_passed_over(tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 6), tmp_path / "out"
    with opened(out, [str(source)], Task("thl"), 6, "a") as (plan, joined):
        ((number, offset),) = plan.places()
        do_chunk(out, offset, frozenset({2}))
        assert part_of(out, number).exists()
        list(done(out, plan, joined, 1))
    assert [line.get("fault") for line in report_of(out)] == [None, "process_ended", None, None, None, None]
    assert joined.sums.unusable == 1


def test_work_is_done_once_however_often_it_is_given(tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 6), tmp_path / "out"
    with opened(out, [str(source)], Task("thl"), 6, "a") as (plan, _):
        ((number, offset),) = plan.places()
        processes, job = Processes(2), Job(out, number, offset)
        works = [processes.begin(job) for _ in range(3)]
        for work in works:
            processes.end(job, work)
        processes.close()
    assert [one.name for one in (out / "parts").iterdir()] == ["00000000"]


def test_a_folder_holds_one_run(tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 3), tmp_path / "out"
    with opened(out, [str(source)], Task("thl"), 6, "a") as (plan, _):
        assert plan.documents == 3
        with pytest.raises(Conflict, match="already"), opened(out, [str(source)], Task("thl"), 6, "a"):
            pass
    with pytest.raises(Conflict, match="another task"), opened(out, [str(source)], Task("fhir"), 6, "a"):
        pass
    with pytest.raises(Conflict, match="not empty"), opened(source, [str(source)], Task("thl"), 6, "a"):
        pass
    with pytest.raises(NotFound), opened(tmp_path / "new", [str(tmp_path / "none")], Task("thl"), 6, "a"):
        pass
    assert interop("bulk", "validate", "-", "-o", tmp_path / "new").returncode == 2


def test_memory_does_not_grow_with_the_documents(tmp_path: Path) -> None:
    peaks = []
    for count in (300, 2400):
        source, out = tmp_path / f"{count}.ndjson", tmp_path / f"out{count}"
        source.write_bytes((PATIENT + b"\n") * count)
        tracemalloc.start()
        with opened(out, [str(source)], Task(), 100, "a") as (plan, joined):
            for _ in done(out, plan, joined, 2):
                pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert joined.sums.valid == count
    assert peaks[1] < peaks[0] + 500_000


def test_many_names_of_a_folder_are_sorted_beyond_what_is_held_in_memory(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for number in range(0, 90_000, 4):
        os.mknod(folder / f"{number * 7919 % 90_001:05}.json")
    os.mknod(folder / "00000\n.json")
    with opened(tmp_path / "out", [str(folder)], Task(), 1000, "a") as (plan, _):
        assert plan.documents == 22_501
        names = [one.path for _, offset in plan.places() for one in plan.chunk_at(tmp_path / "out", offset)[1].spans]
    assert names == sorted(names)
    assert names[0].endswith("00000\n.json")
