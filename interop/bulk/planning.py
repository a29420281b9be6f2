"""The plan of a bulk run: which documents each chunk holds. It is written once, before the first document is read.

`plan.ndjson` begins with what is done and from where, goes on with a line for each chunk, and ends with how many there
are. A chunk holds places, not documents.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from interop.bulk.inputs import Input
from interop.bulk.room import room
from interop.bulk.sources import Span, read_spans, spans
from interop.bulk.task import Task
from interop.errors import Conflict, Invalid
from schemas import json_text

__all__ = ["Chunk", "Plan", "planned"]

_FORM = 1
_OURS = ("run-lock.db", "plan.ndjson")
_PIECE = 50
"""So many lines or members are one span at most, so that chunks come out of about the same size."""
_END = 200
"""The last line of a plan is no longer than this."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some documents of a run. `number` counts chunks from 0; `first` is its first document's number, from 1."""

    number: int
    first: int
    spans: tuple[Span, ...]

    @property
    def count(self) -> int:
        """How many documents it holds."""
        return sum(span.count for span in self.spans)

    def documents(self) -> Iterator[Input]:
        """Its documents, in order. Raises: Unavailable when the disk does not answer."""
        return read_spans(self.spans)

    def as_json(self) -> list[Any]:
        """Out: the line that stands for it in the plan."""
        return [self.number, self.first, [span.as_json() for span in self.spans]]

    @staticmethod
    def read(line: bytes) -> Chunk:
        """The chunk of a line of the plan."""
        number, first, held = json_text.parse(line)[0]
        return Chunk(number, first, tuple(Span(*one) for one in held))


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that has been written. `run` is a name that no other run has."""

    file: Path
    run: str
    task: Task
    documents: int
    chunks: int

    def places(self) -> Iterator[tuple[int, int]]:
        """Each chunk's number and the place of its line, in order."""
        with self.file.open("rb") as file:
            offset = len(file.readline())
            for number in range(self.chunks):
                yield number, offset
                offset += len(file.readline())

    def place(self, number: int) -> int:
        """The place of one chunk's line."""
        return next(offset for one, offset in self.places() if one == number)

    @staticmethod
    def chunk_at(folder: Path, offset: int) -> tuple[Task, Chunk]:
        """The chunk whose line stands at the place in a run's plan, and what is done with it. Raises: Invalid."""
        try:
            with _file(folder).open("rb") as stream:
                task = Task.read(_object(stream.readline())["task"])
                stream.seek(offset)
                return task, Chunk.read(stream.readline())
        except OSError as error:
            raise Invalid(f"The plan of the run in '{folder}' cannot be read from this machine.") from error


def planned(folder: Path, sources: Sequence[str], task: Task, size: int, run: str) -> Plan:
    """The plan of the run that the folder holds, made now when there is none yet.

    In: `size` is how many documents a chunk holds; `run` names a new run. Raises: Conflict when the folder holds
    another run or other files, NotFound and Invalid for a source that cannot be used, Unavailable without room.
    """
    file = _file(folder)
    head = {
        "form": _FORM,
        "task": task.as_json(),
        "sources": [str(Path(one).absolute()) for one in sources],
        "size": size,
    }
    if not file.exists():
        if any(not one.name.startswith(_OURS) for one in folder.iterdir()):
            raise Conflict(f"The folder '{folder}' is not empty and holds no bulk run; give an empty one.")
        with room(folder):
            _write(file, {**head, "run": run}, _chunks(spans(sources, min(size, _PIECE)), size))
    with file.open("rb") as stream:
        found = _object(stream.readline())
        name = found.pop("run", "")
        if found != head:
            raise Conflict(f"The folder '{folder}' holds a run of another task or source; give another folder.")
        end = _object(_last_line(stream))
    return Plan(file, name, task, end["documents"], end["chunks"])


def _file(folder: Path) -> Path:
    return folder / "plan.ndjson"


def _write(file: Path, head: Mapping[str, Any], chunks: Iterator[Chunk]) -> None:
    part = file.with_name(f"{file.name}.part")
    documents = count = 0
    with part.open("wb") as stream:
        stream.write(json_text.dump(head) + b"\n")
        for chunk in chunks:
            stream.write(json_text.dump(chunk.as_json()) + b"\n")
            documents, count = documents + chunk.count, count + 1
        stream.write(json_text.dump({"documents": documents, "chunks": count}) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    part.rename(file)


def _chunks(found: Iterator[Span], size: int) -> Iterator[Chunk]:
    number, first, held, count = 0, 1, list[Span](), 0
    for span in found:
        held.append(span)
        count += span.count
        if count >= size:
            yield Chunk(number, first, tuple(held))
            number, first, held, count = number + 1, first + count, [], 0
    if held:
        yield Chunk(number, first, tuple(held))


def _object(line: bytes) -> Any:
    value, issues = json_text.parse(line)
    if issues or not isinstance(value, dict):
        raise Invalid("The plan of the run is damaged; begin in another folder.")
    return value


def _last_line(stream: IO[bytes]) -> bytes:
    stream.seek(0, os.SEEK_END)
    stream.seek(max(0, stream.tell() - _END))
    return stream.read().splitlines()[-1]
