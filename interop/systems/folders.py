"""Files in folders of this machine, written so that nobody ever reads half of one and a power cut loses none.

A file is written under a temporary name, brought to the disk, and only then given its name, which is brought to the
disk too. Folders are never made here: one that is missing may be a disk that is not mounted.
Source: POSIX.1-2017, rename and fsync.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from interop.errors import Forbidden, NotFound, Unavailable, Unknown

__all__ = ["PART", "File", "Folders"]

PART = ".part"
"""How the name of a file ends that is being written."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a folder. Units: `changed` in nanoseconds since 1970."""

    name: str
    changed: int


class Folders:
    """The folders under one root. `owner` is what they are called in words. Safe to share between threads."""

    def __init__(self, owner: str, root: Path) -> None:
        self._owner = owner
        self._root = root

    def usable(self, folder: str) -> bool:
        """Whether the folder is there, and may be read and written to."""
        path = self._root / folder
        return path.is_dir() and os.access(path, os.R_OK | os.W_OK | os.X_OK)

    def files(self, folder: str) -> Sequence[File]:
        """The plain files of a folder; no links. Raises: NotFound, Unavailable, Forbidden."""
        with self._translated(), os.scandir(self._root / folder) as entries:
            names = [one.name for one in entries if one.is_file(follow_symlinks=False)]
        found = [self.file(folder, name) for name in names]
        return [one for one in found if one is not None]

    def file(self, folder: str, name: str) -> File | None:
        """A plain file by its name; None when there is none. Raises: Unavailable, Forbidden."""
        try:
            with self._translated():
                told = (self._root / folder / name).lstat()
        except NotFound:
            return None
        return File(name, told.st_mtime_ns) if stat.S_ISREG(told.st_mode) else None

    def read(self, folder: str, name: str, most: int) -> bytes:
        """The beginning of a file, `most` bytes of it. Raises: NotFound, Unavailable, Forbidden."""
        with self._translated(), (self._root / folder / name).open("rb") as file:
            return file.read(most)

    def write(self, folder: str, name: str, data: bytes) -> None:
        """Nothing; the file is there, whole, in place of an earlier one of that name.

        Raises: Unavailable, Forbidden (the file is not there); Unknown (it may be there).
        """
        place = self._root / folder
        part = place / f"{name}.{uuid4().hex}{PART}"
        try:
            with self._translated():
                self._clear(place, name)
                _written(part, data)
        except NotFound as error:
            raise Unavailable(f"{self._owner} has no such folder; its disk may not be mounted.") from error
        except (Unavailable, Forbidden):
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        self._named(part, place / name)

    def move(self, name: str, start: str, end: str, new: str) -> None:
        """Nothing; the file stands in the folder `end` under its new name. Raises: NotFound, Unavailable, Forbidden."""
        with self._translated():
            (self._root / start / name).rename(self._root / end / new)
            _settled(self._root / end)
            _settled(self._root / start)

    def _clear(self, place: Path, name: str) -> None:
        """Takes away what a run that was cut off had begun to write under this name."""
        with os.scandir(place) as entries:
            left = [one.path for one in entries if one.name.startswith(f"{name}.") and one.name.endswith(PART)]
        for path in left:
            Path(path).unlink(missing_ok=True)

    def _named(self, part: Path, path: Path) -> None:
        try:
            part.rename(path)
            _settled(path.parent)
        except FileNotFoundError as error:
            # Another run has cleared it away, and writes the same file itself.
            raise Unavailable(f"A file for {self._owner} was taken away before it had its name.") from error
        except OSError as error:
            raise Unknown(f"It is not known whether a file for {self._owner} was given its name.") from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise NotFound(f"{self._owner} does not have the file or folder.") from error
        except PermissionError as error:
            raise Forbidden(f"{self._owner} does not let us at the file or folder.") from error
        except OSError as error:
            raise Unavailable(f"{self._owner} could not do what was asked of a file.") from error


def _written(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _settled(folder: Path) -> None:
    """Brings the names of a folder to the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
