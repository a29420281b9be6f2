"""Does one chunk of a bulk run: its documents are judged and written into a part of the run's folder.

A part has its name when it is whole and not before, so that a process can end at any moment; and whoever does the same
chunk makes the same part. Runs in a process of its own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from interop.bulk.inputs import Input
from interop.bulk.judging import options_of
from interop.bulk.planning import Chunk, Plan
from interop.bulk.reporting import Outcome, Sums
from interop.bulk.room import room
from interop.bulk.task import Task
from interop.documents import convert, examine
from schemas import json_text

__all__ = ["DOCUMENTS", "DOCUMENT_FILES", "REPORT", "SUMS", "begun_in", "do_chunk", "part_of"]

DOCUMENTS, DOCUMENT_FILES, REPORT, SUMS = "documents.ndjson", "documents", "report.ndjson", "sums.json"


def part_of(folder: Path, number: int) -> Path:
    """Where a chunk's part stands once it is whole."""
    return folder / "parts" / f"{number:08}"


def begun_in(folder: Path, number: int) -> int | None:
    """The document of a chunk that was begun last, by its number in the run; None when none was."""
    try:
        return int(_mark(folder, number).read_text("ascii") or 0) or None
    except (OSError, ValueError):
        return None


def do_chunk(folder: Path, offset: int, ended: Collection[int] = ()) -> None:
    """Nothing; the part of the chunk whose line stands at the place in the plan is whole.

    In: `ended` are the documents that a process ended with each time, and which are only told of. Raises: Invalid,
    Unavailable when a disk does not answer or is full.
    """
    task, chunk = Plan.chunk_at(folder, offset)
    whole = part_of(folder, chunk.number)
    if whole.exists():
        return
    own = whole.with_name(f"{whole.name}.{os.uname().nodename}.{os.getpid()}.part")
    try:
        with room(folder):
            own.mkdir(parents=True)
            _write(own, task, _outcomes(folder, chunk, task, ended))
            _name(own, whole)
            _mark(folder, chunk.number).unlink(missing_ok=True)
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _outcomes(folder: Path, chunk: Chunk, task: Task, ended: Collection[int]) -> Iterator[Outcome]:
    with _mark(folder, chunk.number).open("w", encoding="ascii") as mark:
        for number, one in enumerate(chunk.documents(), chunk.first):
            os.pwrite(mark.fileno(), f"{number:12}".encode(), 0)
            yield Outcome(number, one.name, fault="process_ended") if number in ended else _outcome(number, one, task)


def _outcome(number: int, one: Input, task: Task) -> Outcome:
    options = options_of(task.recipe)
    try:
        if not task.to:
            examined = examine(one.data, task.format, options)
            return Outcome(number, one.name, examined, examined.issues)
        converted = convert(one.data, task.to, task.format, options)
    except Exception as error:  # noqa: BLE001 - the outermost loop: one document must not stop all the others
        return Outcome(number, one.name, fault="program_failed", cause=type(error).__name__)
    examined, written = converted.examined, converted.written
    if written is None:
        return Outcome(number, one.name, examined, examined.issues)
    return Outcome(number, one.name, examined, [*examined.issues, *written.issues], written.data, written.report)


def _write(part: Path, task: Task, outcomes: Iterator[Outcome]) -> None:
    sums = Sums()
    with ExitStack() as files:
        report = files.enter_context((part / REPORT).open("wb"))
        lines = files.enter_context((part / DOCUMENTS).open("wb")) if task.as_lines else None
        if task.to and lines is None:
            (part / DOCUMENT_FILES).mkdir()
        for one in outcomes:
            sums.count(one)
            output = _document(part, task, lines, one) if one.data else ""
            report.write(json_text.dump(one.line(output)) + b"\n")
        for file in (report, lines):
            if file is not None:
                _to_disk(file)
    with (part / SUMS).open("wb") as file:
        file.write(json_text.dump(sums.as_json()))
        _to_disk(file)


def _document(part: Path, task: Task, lines: IO[bytes] | None, one: Outcome) -> str:
    """Where the written document will stand in the run's folder."""
    if lines is not None:
        lines.write(_one_line(one.data) + b"\n")
        return DOCUMENTS
    name = f"{one.number:09}{task.ending}"
    with (part / DOCUMENT_FILES / name).open("wb") as file:
        file.write(one.data)
        _to_disk(file)
    return f"{DOCUMENT_FILES}/{part.name[:8]}/{name}"


def _one_line(data: bytes) -> bytes:
    stripped = data.strip()
    return stripped if b"\n" not in stripped else json_text.dump(json_text.parse(stripped)[0])


def _name(own: Path, whole: Path) -> None:
    try:
        own.rename(whole)
    except OSError:
        # Another process has done the same chunk meanwhile, and its part is as good.
        if not whole.exists():
            raise


def _mark(folder: Path, number: int) -> Path:
    return part_of(folder, number).with_suffix(".at")


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
