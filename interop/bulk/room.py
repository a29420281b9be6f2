"""What is said when a run's folder cannot be written: the one seam where the operating system's errors become ours."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interop.errors import Unavailable

__all__ = ["room"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def room(folder: Path) -> Iterator[None]:
    """Writes into a run's folder. Raises: Unavailable when it is full or cannot be written."""
    try:
        yield
    except OSError as error:
        why = "there is no room left for it" if error.errno in _FULL else "the disk or network failed, or forbids it"
        raise Unavailable(
            f"The run in '{folder}' cannot be written: {why}. Mend that and give the same command again: "
            "the run goes on where it stopped."
        ) from error
