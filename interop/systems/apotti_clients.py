"""The clients who are enrolled in the exchange with Apotti, out of a file that the site keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from interop.errors import Fault

__all__ = ["EnrolledClients"]

_NATIONAL = "urn:oid:1.2.246.21"


class EnrolledClients:
    """The clients of a file, each `system|value`: one a line, a bare identity code or both parts, `#` for a remark.

    The file is read again when it has changed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._clients: Sequence[str] = ()

    def __call__(self) -> Sequence[str]:
        """The clients, each once. Raises: Fault when the file cannot be read."""
        try:
            state = self._path.stat()
            if (state.st_mtime_ns, state.st_size) != self._read_at:
                lines = self._path.read_text("utf-8").splitlines()
                self._read_at = (state.st_mtime_ns, state.st_size)
                named = [line.partition("#")[0].strip() for line in lines]
                self._clients = tuple(
                    dict.fromkeys(one if "|" in one else f"{_NATIONAL}|{one}" for one in named if one)
                )
        except (OSError, UnicodeDecodeError) as error:
            raise Fault("The file that the setting clients_file names cannot be read.") from error
        return self._clients
