"""A folder that disclosure notices are put into, one file a notice, for the connector that hands them to Kanta.

    <id>.json     the notice, a FHIR R4 transaction Bundle
    taken/        where the connector may move what it has handed over, so that it is known to have been there

The name is the disclosure's id and tells nothing of a person. A file that stands in either place is never written
again; the connector signs what it hands over, and tells Kanta who it is. Source: as `folders`.
"""

from __future__ import annotations

from pathlib import Path

from interop.errors import NotFound, Unavailable
from interop.systems.folders import Folders

__all__ = ["NoticeFolder"]

_HERE, _TAKEN = ".", "taken"


class NoticeFolder:
    """The folder."""

    def __init__(self, root: Path) -> None:
        self._files = Folders("The folder of disclosure notices", root)

    def is_usable(self) -> bool:
        """Whether the folder is there and may be written to."""
        return self._files.usable(_HERE)

    def put(self, disclosure: str, notice: bytes) -> None:
        """Nothing; the notice stands in the folder whole, unless it has been there before.

        In: the disclosure's id. Raises: Unavailable, Unknown, Forbidden.
        """
        if not self.is_usable():
            raise Unavailable("The folder of disclosure notices is missing, or does not let us in.")
        name = f"{disclosure}.json"
        if not any(self._holds(folder, name) for folder in (_HERE, _TAKEN)):
            self._files.write(_HERE, name, notice)

    def _holds(self, folder: str, name: str) -> bool:
        try:
            return self._files.file(folder, name) is not None
        except NotFound:
            return False
