"""What a command is given: files, directories, globs, zip archives, NDJSON or standard input, as single documents."""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NoReturn
from zipfile import BadZipFile, ZipFile, ZipInfo

from interop.errors import Invalid, NotFound, why
from schemas.limits import DEFAULT_LIMITS

__all__ = ["SUFFIXES", "Input", "inputs", "lines_of", "members_of", "number_of", "one_document", "paths_of", "unpacked"]

SUFFIXES = (".xml", ".json", ".ndjson", ".xhtml", ".zip")
"""How the names of the files of a folder end that are read."""

_MOST_MEMBERS = 100_000
_DAMAGED = (BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError, ValueError, OverflowError)
"""What the library raises for an archive that is damaged, encrypted, or packed in a way that it does not know."""
_DAMAGE = "The file '{path}' is not a zip archive, or it is damaged or encrypted."


@dataclass(frozen=True, slots=True)
class Input:
    """One document, and the name under which findings about it are shown."""

    name: str
    data: bytes


def inputs(names: Iterable[str], most: int = DEFAULT_LIMITS.size) -> Iterator[Input]:
    """Every document that the names stand for, in order. Raises: NotFound, also when there is none at all; Invalid.

    In: `most` is the limit on a document's size; one byte more is read, so that its reader can say what is wrong.
    """
    named = list(names)
    found = chain.from_iterable(_named(name, most + 1) for name in named)
    first = next(found, None)
    if first is None:
        raise NotFound(
            f"There is no document in {', '.join(map(repr, named))}. Of a folder the files are read whose names end "
            f"with {', '.join(SUFFIXES)}."
        )
    yield first
    yield from found


def one_document(name: str) -> Input:
    """The one document that a name stands for. Raises: NotFound for none, Invalid for more than one."""
    found = list(islice(inputs([name]), 2))
    if len(found) > 1:
        raise Invalid(f"'{name}' holds more than one document; give one.")
    return found[0]


def _named(name: str, read: int) -> Iterator[Input]:
    if name == "-":
        yield from _standard_input(sys.stdin.buffer, read)
        return
    for path in paths_of(name):
        yield from _documents(path, read)


def number_of(names: Iterable[str]) -> int | None:
    """How many documents the names stand for; None when that shows only as they are read."""
    number = 0
    for name in names:
        if name == "-":
            return None
        for path in paths_of(name):
            found = _inner(path) if path.is_dir() else [path]
            if any(one.suffix in (".ndjson", ".zip") for one in found):
                return None
            number += len(found)
    return number


def paths_of(name: str) -> list[Path]:
    """The files and folders that a name or pattern stands for. Raises: NotFound."""
    path = Path(name)
    paths = [path] if name and path.exists() else sorted(Path(found) for found in glob(name, recursive=True))  # noqa: PTH207 - the pattern may be absolute
    if not paths:
        raise NotFound(f"There is no file '{name}'.")
    return paths


def _inner(folder: Path) -> list[Path]:
    """The files of a folder and of the folders in it that are read. Raises: Invalid for one that is closed to us."""

    def refuse(error: OSError) -> NoReturn:
        raise Invalid(f"The folder '{error.filename}' cannot be read: {why(error)}.") from error

    listed = (Path(place, name) for place, _, names in os.walk(folder, onerror=refuse) for name in names)
    return sorted(path for path in listed if path.suffix in SUFFIXES)


def _documents(path: Path, read: int) -> Iterator[Input]:
    if path.is_dir():
        for inner in _inner(path):
            yield from _documents(inner, read)
        return
    try:
        if path.suffix == ".zip":
            yield from _members(path, read)
            return
        with path.open("rb") as file:
            if path.suffix == ".ndjson":
                yield from lines_of(str(path), file, read)
            else:
                yield Input(str(path), file.read(read))
    except OSError as error:
        raise Invalid(f"The file '{path}' cannot be read: {why(error)}.") from error


def _standard_input(stream: BinaryIO, read: int) -> Iterator[Input]:
    """One document; or one for each line, when the first line is a whole JSON object and another follows."""
    first = stream.readline(read)
    second = stream.readline(read) if _is_object(first) else b""
    if second.lstrip()[:1] == b"{":
        yield Input("-:1", first)
        yield Input("-:2", second)
        yield from lines_of("-", stream, read, 3)
    else:
        yield Input("-", first + second + stream.read(max(read - len(first) - len(second), 0)))


def _is_object(line: bytes) -> bool:
    try:
        return line.lstrip()[:1] == b"{" and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def lines_of(name: str, file: BinaryIO, read: int, start: int = 1) -> Iterator[Input]:
    """The lines that are not blank, each named by its number. In: the first one's number is `start`."""
    for number, line in enumerate(iter(lambda: file.readline(read), b""), start):
        if line.strip():
            yield Input(f"{name}:{number}", line)


def _members(path: Path, read: int) -> Iterator[Input]:
    archive, members = members_of(path)
    with archive:
        for member in members:
            yield Input(f"{path}!{member.filename}", unpacked(archive, member, read))


def members_of(path: Path) -> tuple[ZipFile, list[ZipInfo]]:
    """An archive and the files in it. Raises: Invalid for one that is damaged or too long, OSError."""
    try:
        archive = ZipFile(path)
        members = [member for member in archive.infolist() if not member.is_dir()]
    except _DAMAGED as error:
        raise Invalid(_DAMAGE.format(path=path)) from error
    if len(members) > _MOST_MEMBERS:
        archive.close()
        raise Invalid(f"The archive '{path}' holds more than {_MOST_MEMBERS} files.")
    return archive, members


def unpacked(archive: ZipFile, member: ZipInfo, read: int) -> bytes:
    """A file of an archive, read no further than the limit, whatever size the archive claims. Raises: Invalid."""
    try:
        with archive.open(member) as file:
            return file.read(read)
    except _DAMAGED as error:
        raise Invalid(_DAMAGE.format(path=archive.filename)) from error
