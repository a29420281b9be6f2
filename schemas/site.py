"""A site's own files, laid over ours by name: tables, code maps, XSDs, structures, code systems, profiles.

The site's folder has the shape of our packages: `mappings/tables/effica/15003.toml` in it takes the place of ours, and
a name that we do not have is added. It is set once, before the first document; files are looked up when they are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO, Any

__all__ = ["laid_over", "lay_over", "resource"]

_SITE: list[Path] = []


def lay_over(folder: Path | None) -> None:
    """Lays a folder over the shipped files; None takes it away. To be called before anything is read."""
    _SITE[:] = [folder] if folder else []


def laid_over() -> Path | None:
    """The folder that lies over the shipped files, for another process to be given."""
    return _SITE[0] if _SITE else None


def resource(package: str, *names: str) -> Traversable:
    """A file or folder of a package, with the site's laid over it."""
    return _Laid(package, names)


class _Laid(Traversable):
    """A place of the package; the site is asked first each time that it is read."""

    def __init__(self, package: str, names: tuple[str, ...]) -> None:
        self._package, self._names = package, names

    @property
    def name(self) -> str:
        """The last part of the place's name."""
        return self._names[-1] if self._names else self._package

    def __repr__(self) -> str:
        return "/".join((self._package, *self._names))

    def _ours(self) -> Traversable:
        return files(self._package).joinpath(*self._names)

    def _theirs(self) -> Path | None:
        theirs = _SITE[0].joinpath(self._package, *self._names) if _SITE else None
        return theirs if theirs is not None and theirs.exists() else None

    def _file(self) -> Traversable:
        return self._theirs() or self._ours()

    def iterdir(self) -> Iterator[Traversable]:
        """What the folder holds, ours and the site's, each name once."""
        theirs = self._theirs()
        ours = self._ours()
        names = {entry.name for entry in ours.iterdir()} if ours.is_dir() else set()
        names |= {entry.name for entry in theirs.iterdir()} if theirs else set()
        return (self.joinpath(name) for name in sorted(names))

    def joinpath(self, *descendants: Any) -> Traversable:
        """A place below this one."""
        parts = [part for name in descendants for part in str(name).split("/") if part]
        return _Laid(self._package, (*self._names, *parts))

    def __truediv__(self, child: Any) -> Traversable:
        return self.joinpath(child)

    def is_dir(self) -> bool:
        """True for a folder, ours or the site's."""
        theirs = self._theirs()
        return self._ours().is_dir() or (theirs is not None and theirs.is_dir())

    def is_file(self) -> bool:
        """True for a file, ours or the site's."""
        return self._file().is_file()

    def read_bytes(self) -> bytes:
        """The bytes of the file."""
        return self._file().read_bytes()

    def read_text(self, encoding: str | None = "utf-8", errors: str | None = None) -> str:
        """The text of the file."""
        return self._file().read_bytes().decode(encoding or "utf-8", errors or "strict")

    def open(self, mode: str = "r", *arguments: Any, **more: Any) -> IO[Any]:
        """The open file."""
        return self._file().open(mode, *arguments, **more)  # type: ignore[call-overload, no-any-return]
