"""A folder that copies of documents are put into for their receiver, one file a document version.

    <name>.pdf        the copy, sealed by a password when one is set
    <name>.pdf.age    the copy, sealed for the receiver's age key

The name is drawn from the document's OID and version and tells nothing of either. Whoever fetches the file may move it
to the folder `taken` inside, so that it is known to have been there; one that is deleted counts as never written.
Source: as `folders`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from interop.errors import NotFound, Unavailable
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from interop.systems.folders import Folders
from interop.systems.sealing import Sealer

__all__ = ["TAKEN", "CopyFolder", "copy_name"]

TAKEN = "taken"
"""The folder, inside that of the copies, where the receiver may move what it has fetched."""
_HERE = "."
_ENDINGS = (".pdf", ".pdf.age")


def copy_name(outgoing: Outgoing) -> str:
    """The name of a copy: the same for the same document version, and telling nothing of it."""
    return sha256(f"copy:{outgoing.document}:{outgoing.version}".encode()).hexdigest()[:32]


class CopyFolder:
    """The adapter; what it is handed is a PDF."""

    name = "folder"
    format = "pdf"

    def __init__(self, root: Path, sealer: Sealer) -> None:
        self._files = Folders("The folder of copies", root)
        self._sealer = sealer

    def close(self) -> None:
        """Nothing; a folder holds no connection."""

    def capabilities(self) -> Capabilities:
        """It takes documents, and says nothing back."""
        return Capabilities(
            reads_plans=False, writes_structured=False, writes_documents=True, notifies=False, versions=True
        )

    def check(self) -> Sequence[Finding]:
        """Whether the folder is there and may be written to."""
        ok = self._files.usable(_HERE)
        needed = "a folder to read and write"
        return [Finding("copies/", needed, needed if ok else "none", ok)]

    def arrivals(self) -> Sequence[Arrival]:
        """None: copies go one way."""
        return ()

    def fetch(self, arrival: Arrival) -> bytes:
        """Nothing ever. Raises: NotFound."""
        raise NotFound("Nothing arrives from a folder of copies.")

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Nothing ever. Raises: NotFound."""
        raise NotFound("Nothing arrives from a folder of copies.")

    def send(self, outgoing: Outgoing) -> Receipt:
        """Delivered, when the copy stands in the folder whole; one that stands there already is not written again.

        Raises: Unavailable, Unknown, Forbidden; Fault when the payload is no PDF.
        """
        found = self.settle(outgoing)
        if found is not None:
            return found
        sealed = self._sealer.seal(outgoing.payload)
        self._files.write(_HERE, copy_name(outgoing) + sealed.ending, sealed.data)
        return Receipt("delivered", copy_name(outgoing))

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """Delivered when the copy is in the folder, or where its receiver moves it. Raises: Unavailable, Forbidden."""
        if not self._files.usable(_HERE):
            raise Unavailable("The folder of copies is missing, or does not let us in; its disk may not be mounted.")
        name = copy_name(outgoing)
        for folder in (_HERE, TAKEN):
            for ending in _ENDINGS:
                with contextlib.suppress(NotFound):
                    if self._files.file(folder, name + ending) is not None:
                        return Receipt("delivered", name)
        return None
