"""Joins the parts of a bulk run, in order, into the files that it was made for, and keeps the manifest.

`done.ndjson`, the manifest, has a line for each chunk that has been joined: how long the files were then. What lies
beyond the last line is cut off when a run goes on, so that nothing stands there twice, and nothing half.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interop.bulk.chunks import DOCUMENT_FILES, DOCUMENTS, REPORT, SUMS, part_of
from interop.bulk.planning import Plan
from interop.bulk.reporting import Sums
from interop.bulk.room import room
from interop.errors import Invalid
from schemas import json_text

__all__ = ["Joined"]

_TAIL = 2**20
"""The last line of a manifest is no longer than this."""
_BUFFER = 2**20


class Joined:
    """The joined output of a run. Raises, from every method: Unavailable when the folder cannot be written."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder, self._plan = folder, plan
        self._files = (REPORT, DOCUMENTS) if plan.task.as_lines else (REPORT,)
        with room(folder):
            told = self._last()
            self.next: int = told["chunk"] + 1
            self.sums = Sums.read(told["sums"])
            for name in self._files:
                _cut(folder / name, told["lengths"].get(name, 0))

    def is_waiting(self) -> bool:
        """True when the part that comes next is whole."""
        return part_of(self._folder, self.next).exists()

    @property
    def is_whole(self) -> bool:
        """True when every chunk has been joined."""
        return self.next >= self._plan.chunks

    def join(self) -> None:
        """Nothing; the part that comes next has been joined."""
        part = part_of(self._folder, self.next)
        with room(self._folder):
            lengths = {name: _append(self._folder / name, part / name) for name in self._files}
            self._move(part)
            self.sums.add(Sums.read(_object((part / SUMS).read_bytes())))
            told = {"chunk": self.next, "lengths": lengths, "sums": self.sums.as_json()}
            _append_bytes(self._folder / _MANIFEST, json_text.dump(told) + b"\n")
            shutil.rmtree(part, ignore_errors=True)
        self.next += 1

    def tidy(self) -> None:
        """Nothing; what is only needed while a run is under way is gone."""
        shutil.rmtree(self._folder / "parts", ignore_errors=True)

    def _move(self, part: Path) -> None:
        files = part / DOCUMENT_FILES
        if not files.exists():
            return
        place = self._folder / DOCUMENT_FILES / part.name
        place.parent.mkdir(exist_ok=True)
        # A run that ended between the two steps left it half told: the same files come again.
        shutil.rmtree(place, ignore_errors=True)
        files.rename(place)

    def _last(self) -> Mapping[str, Any]:
        """The last whole line of the manifest; what stands after it is cut off."""
        file = self._folder / _MANIFEST
        none = {"chunk": -1, "lengths": {}, "sums": Sums().as_json()}
        if not file.exists():
            return none
        with file.open("rb") as stream:
            length = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, length - _TAIL))
            tail = stream.read()
        whole, _, rest = tail.rpartition(b"\n")
        _cut(file, length - len(rest))
        return _object(whole.rpartition(b"\n")[2]) if whole else none


_MANIFEST = "done.ndjson"


def _append(file: Path, part: Path) -> int:
    """How long the file is with the part."""
    with file.open("ab") as stream, part.open("rb") as source:
        shutil.copyfileobj(source, stream, _BUFFER)
        return _flushed(stream)


def _append_bytes(file: Path, data: bytes) -> None:
    with file.open("ab") as stream:
        stream.write(data)
        _flushed(stream)


def _flushed(stream: Any) -> int:
    stream.flush()
    os.fsync(stream.fileno())
    return int(stream.tell())


def _cut(file: Path, length: int) -> None:
    if file.exists() or length:
        with file.open("r+b") as stream:
            there = stream.seek(0, os.SEEK_END)
            if there < length:
                raise Invalid(f"The file '{file}' is shorter than its manifest says; begin in another folder.")
            if there > length:
                stream.truncate(length)


def _object(data: bytes) -> Any:
    value, issues = json_text.parse(data)
    if issues or not isinstance(value, dict):
        raise Invalid("The manifest of the run is damaged; begin in another folder.")
    return value
