"""What a command writes: files that are whole or not there, and standard output. The seam for what a disk refuses."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping
from io import TextIOWrapper
from pathlib import Path

from interop.errors import Unavailable, why

__all__ = ["coloured", "hand_over", "prepare_streams", "write_file", "write_files"]


_STANDARD_OUTPUT = Path("-")


def prepare_streams() -> None:
    """Nothing; the three standard streams are there, and what is printed cannot fail over a letter from now on.

    Files and pipes get UTF-8 whatever the locale is, and a terminal that has no sign for a letter gets its number.
    A stream that the caller has closed is one with nothing in it, and nobody at its end.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - it stays open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def coloured() -> bool:
    """Whether standard output is a terminal that colours are wanted on. Source: https://no-color.org"""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def hand_over(data: bytes | Iterable[bytes], out: Path | None) -> None:
    """Writes to a file, or to standard output when none is named. Raises: Unavailable when the file is refused."""
    write_file(out or _STANDARD_OUTPUT, data)


def write_file(file: Path, data: bytes | Iterable[bytes], mode: int = 0o666) -> None:
    """Writes a file whole or not at all; its folder has to be there. `-` is standard output.

    In: `mode` is what a new file may be used for before the process's umask. Raises: Unavailable.
    """
    parts = (data,) if isinstance(data, bytes) else data
    if file == _STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.writelines(parts)
        return
    try:
        _write(file, parts, mode)
    except OSError as error:
        raise Unavailable(f"The file '{file}' cannot be written: {why(error)}.") from error


def write_files(contents: Mapping[str, bytes], into: Path) -> None:
    """Writes files by name into a folder, which is made when it is not there. Raises: Unavailable."""
    try:
        for name, data in contents.items():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            _write(into / name, (data,), 0o666)
    except OSError as error:
        raise Unavailable(f"The folder '{into}' cannot be written: {why(error)}. Name another.") from error


def _write(file: Path, parts: Iterable[bytes], mode: int) -> None:
    """Writes beside the file and renames, so that a reader sees the old file or the new one and never a part."""
    if file.is_symlink() or (file.exists() and not (file.is_file() and os.access(file.parent, os.W_OK))):
        # A link, a device such as /dev/stdout, or a file of a folder that is not ours is written through.
        with file.open("wb") as stream:
            stream.writelines(parts)
        return
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb", opener=lambda path, flags: os.open(path, flags | os.O_EXCL, mode)) as stream:
            stream.writelines(parts)
        if file.exists():
            beside.chmod(stat.S_IMODE(file.stat().st_mode))
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
