"""What a command is given: files, directories, globs, zip archives, NDJSON or standard input, as single documents."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from interop.errors import Invalid, NotFound
from schemas.limits import DEFAULT_LIMITS

__all__ = ["Input", "inputs"]

_MOST_MEMBERS = 100_000
_READ = DEFAULT_LIMITS.size + 1
"""How much of one document is read: one byte more than allowed, so that the reader can say that it is too large."""


@dataclass(frozen=True, slots=True)
class Input:
    """One document, and the name under which findings about it are shown."""

    name: str
    data: bytes


def inputs(names: Iterable[str]) -> Iterator[Input]:
    """Every document that the names stand for, in order. Raises: NotFound, Invalid."""
    for name in names:
        if name == "-":
            yield Input("-", sys.stdin.buffer.read(_READ))
            continue
        paths = [Path(name)] if Path(name).exists() else sorted(Path(found) for found in glob(name, recursive=True))  # noqa: PTH207 - the pattern may be absolute
        if not paths:
            raise NotFound(f"There is no file '{name}'.")
        for path in paths:
            yield from _documents(path)


def _documents(path: Path) -> Iterator[Input]:
    if path.is_dir():
        for inner in sorted(p for p in path.rglob("*") if p.suffix in (".xml", ".json", ".ndjson", ".xhtml", ".zip")):
            yield from _documents(inner)
        return
    try:
        if path.suffix == ".ndjson":
            yield from _lines(path)
        elif path.suffix == ".zip":
            yield from _members(path)
        else:
            with path.open("rb") as file:
                yield Input(str(path), file.read(_READ))
    except OSError as error:
        raise Invalid(f"The file '{path}' cannot be read.") from error


def _lines(path: Path) -> Iterator[Input]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_READ), b""), 1):
            if line.strip():
                yield Input(f"{path}:{number}", line)


def _members(path: Path) -> Iterator[Input]:
    """The documents of an archive. Each is read no further than the limit, whatever size the archive claims."""
    try:
        with ZipFile(BytesIO(path.read_bytes())) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > _MOST_MEMBERS:
                raise Invalid(f"The archive '{path}' holds more than {_MOST_MEMBERS} files.")
            for member in members:
                with archive.open(member) as file:
                    yield Input(f"{path}!{member.filename}", file.read(_READ))
    except BadZipFile as error:
        raise Invalid(f"The file '{path}' is not a zip archive, or it is damaged.") from error
