"""Where the documents of a bulk run stand: places that can be told to another process, which reads them there.

However many documents there are, they are never all in memory: the names of a large folder are sorted on disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Literal
from zipfile import ZipFile, ZipInfo

from interop.bulk.inputs import SUFFIXES, Input, lines_of, members_of, paths_of, unpacked
from interop.errors import Invalid, Unavailable, why
from schemas.limits import DEFAULT_LIMITS

__all__ = ["Span", "read_spans", "spans"]

_IN_MEMORY = 20_000
"""So many names of a folder are sorted in memory at once."""
_READ = DEFAULT_LIMITS.size + 1
_GONE = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, Invalid)
"""What is told of a document alone; another failure of reading is one of the disk, and ends the run for now."""

_Kind = Literal["file", "lines", "members"]


@dataclass(frozen=True, slots=True)
class Span:
    """Documents that stand side by side: a file; `count` lines from the byte `start` on; members from `start` on.

    `line` is the number of the first line.
    """

    path: str
    kind: _Kind = "file"
    start: int = 0
    count: int = 1
    line: int = 0

    def as_json(self) -> list[Any]:
        """Out: its facts in the order of the class."""
        return [self.path, self.kind, self.start, self.count, self.line]


def spans(sources: Sequence[str], most: int) -> Iterator[Span]:
    """Every document that the sources stand for, in the order of `interop validate`.

    In: `most` is how many documents a span holds at most. Raises: NotFound, Invalid.
    """
    for source in sources:
        for path in paths_of(source):
            yield from _spans_of(path.absolute(), most)


def read_spans(held: Sequence[Span]) -> Iterator[Input]:
    """The documents of some spans, in order. One that is not there any more, or is damaged, is empty.

    Raises: Unavailable when the disk does not answer.
    """
    for span in held:
        read = 0
        try:
            for one in islice(_READERS[span.kind](span), span.count):
                yield one
                read += 1
        except _GONE:
            # The source has changed under the run: that is told of these documents, and the others are not lost.
            pass
        except OSError as error:
            raise Unavailable(f"The source '{span.path}' cannot be read: the disk or network failed.") from error
        for lost in range(read, span.count):
            yield Input(f"{span.path}:{lost + 1}" if span.count > 1 else span.path, b"")


def _spans_of(path: Path, most: int) -> Iterator[Span]:
    try:
        if path.is_dir():
            for name in _sorted_names(path):
                inner = path / name
                if inner.suffix in SUFFIXES or (inner.is_dir() and not inner.is_symlink()):
                    yield from _spans_of(inner, most)
        elif path.suffix == ".ndjson":
            yield from _spans_of_lines(path, most)
        elif path.suffix == ".zip":
            yield from _spans_of_archive(path, most)
        else:
            yield Span(str(path))
    except OSError as error:
        raise Invalid(f"The file or folder '{path}' cannot be read: {why(error)}.") from error


def _spans_of_archive(path: Path, most: int) -> Iterator[Span]:
    """The members in spans; an archive that cannot be opened is one document, which cannot be read as any format."""
    try:
        archive, members = members_of(path)
    except Invalid:
        yield Span(str(path))
        return
    archive.close()
    for start in range(0, len(members), most):
        yield Span(str(path), "members", start, min(most, len(members) - start))


def _spans_of_lines(path: Path, most: int) -> Iterator[Span]:
    """The lines of an NDJSON file that are not blank; blank ones are passed over again when they are read."""
    with path.open("rb") as file:
        start = at = count = 0
        first = number = 1
        for line in iter(lambda: file.readline(_READ), b""):
            at += len(line)
            number += 1
            count += bool(line.strip())
            if count == most:
                yield Span(str(path), "lines", start, count, first)
                start, first, count = at, number, 0
        if count:
            yield Span(str(path), "lines", start, count, first)


def _sorted_names(folder: Path) -> Iterator[str]:
    """The names in a folder in order; runs of them are sorted in files and merged, so that any number will do."""
    runs: list[IO[str]] = []
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) >= _IN_MEMORY:
                    runs.append(_written(sorted(names)))
                    names = []
        yield from merge(sorted(names), *(_read_again(one) for one in runs))
    finally:
        for one in runs:
            one.close()


def _written(names: Sequence[str]) -> IO[str]:
    file = TemporaryFile("w+", encoding="utf-8", errors="surrogateescape", newline="\n")  # noqa: SIM115 - closed with the runs
    # No name holds a slash, but it may hold an end of line.
    file.writelines(name.replace("\n", "/") + "\n" for name in names)
    file.seek(0)
    return file


def _read_again(file: IO[str]) -> Iterator[str]:
    return (line.removesuffix("\n").replace("/", "\n") for line in file)


def _file(span: Span) -> Iterator[Input]:
    with Path(span.path).open("rb") as file:
        yield Input(span.path, file.read(_READ))


def _lines(span: Span) -> Iterator[Input]:
    with Path(span.path).open("rb") as file:
        file.seek(span.start)
        yield from lines_of(span.path, file, _READ, span.line)


def _members(span: Span) -> Iterator[Input]:
    archive, members = _archive(span.path)
    for member in members[span.start : span.start + span.count]:
        try:
            data = unpacked(archive, member, _READ)
        except Invalid:
            data = b""
        yield Input(f"{span.path}!{member.filename}", data)


@lru_cache(maxsize=1)
def _archive(path: str) -> tuple[ZipFile, list[ZipInfo]]:
    """An archive and its members: the list of them is long, and a process needs the same one again and again."""
    return members_of(Path(path))


_READERS: Mapping[_Kind, Callable[[Span], Iterator[Input]]] = {"file": _file, "lines": _lines, "members": _members}
