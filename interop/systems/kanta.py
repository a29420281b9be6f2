"""The Kanta archive of social welfare, behind folders: one document a file, in the national format.

    outbox/    what we write: `<document OID>_<version>.xhtml`; the connector to Kanta takes it from there
    archived/  where the connector moves what Kanta has filed
    refused/   where it moves what Kanta has refused
    inbox/     what the connector has fetched from Kanta: `*.xhtml`
    done/      what we have taken care of, each with `<name>.ack.json`
    rejected/  what we have refused, each with `<name>.ack.json`, which names the rules that it breaks

Kanta is joined by HL7 V3 Medical Records messages through a certified connector, whose interaction ids are not public:
the exchange ends where it begins. A file is moved from folder to folder and never deleted.
Source: act 703/2023 § 69 (one original); Sosiaalihuollon asiakirjastandardi 3.3; HL7 V3 acknowledgement types (AA, AE,
AR).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import count
from pathlib import Path

from interop.errors import Conflict, Fault, NotFound, Unavailable
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from interop.systems.folders import File, Folders
from mappings.display import XHTML
from mappings.kanta.metadata import read_metadata
from mappings.kanta.profile import load_profile
from schemas import json_text, xml_text
from schemas.limits import DEFAULT_LIMITS

__all__ = ["FOLDERS", "KantaFolder"]

FOLDERS = ("outbox", "archived", "refused", "inbox", "done", "rejected")
"""The folders that a site makes, before anything is exchanged."""
_SUFFIX = ".xhtml"
_NAME = re.compile(r"[^.\x00-\x1f/\ud800-\udfff][^\x00-\x1f/\ud800-\udfff]{0,99}\.xhtml")
# In the order in which a document passes through them, so that one that is moved while we look is not missed.
_WORDS = (
    ("outbox", Receipt("accepted")),
    ("archived", Receipt("delivered")),
    ("refused", Receipt("rejected", reason="Kanta has refused the document: it stands in the folder refused.")),
)
_OTHER_CONTENT = Receipt("rejected", reason="The folders of Kanta hold this document version with other content.")


class KantaFolder:
    """The adapter; `format` is the national XHTML document."""

    name = "kanta"
    format = "kanta"

    def __init__(self, root: Path) -> None:
        self._files = Folders("Kanta", root)

    def close(self) -> None:
        """Nothing; a folder holds no connection."""

    def capabilities(self) -> Capabilities:
        """What the profile offers; a folder has no way to be asked."""
        return Capabilities(
            reads_plans=True, writes_structured=True, writes_documents=True, notifies=False, versions=True
        )

    def check(self) -> Sequence[Finding]:
        """Whether each folder is there and may be written to, and whether every name in the inbox is one we take."""
        states = {name: self._files.usable(name) for name in FOLDERS}
        needed = "a folder to read and write"
        found = [Finding(f"{name}/", needed, needed if ok else "none", ok) for name, ok in states.items()]
        if not states["inbox"]:
            return found
        others = sum(not _NAME.fullmatch(one.name) for one in self._files.files("inbox"))
        return [*found, Finding("names in inbox", f"*{_SUFFIX}", f"{others} other" if others else "all", not others)]

    def arrivals(self) -> Sequence[Arrival]:
        """The documents in the inbox, oldest first. Raises: Unavailable, Forbidden."""
        try:
            waiting = [one for one in self._files.files("inbox") if _NAME.fullmatch(one.name)]
        except NotFound as error:
            raise Unavailable("Kanta has no inbox; its disk may not be mounted.") from error
        waiting.sort(key=lambda one: (one.changed, one.name))
        return tuple(Arrival(one.name, _message_id(one)) for one in waiting)

    def fetch(self, arrival: Arrival) -> bytes:
        """The document as it stands in its file; of one that is too long to be read, enough to see that.

        Raises: NotFound, also for a file that has been changed meanwhile; Unavailable, Forbidden.
        """
        self._find(arrival)
        data = self._files.read("inbox", arrival.id, DEFAULT_LIMITS.size + 1)
        self._find(arrival)
        return data

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Nothing; the document stands in done or rejected, beside our word on it. Telling the same twice does no harm.

        Raises: NotFound, Conflict (it was told otherwise before), Unavailable, Unknown, Forbidden.
        """
        folder, other = ("done", "rejected") if acknowledgement.type == "AA" else ("rejected", "done")
        if self._is_in(folder, arrival):
            return
        if self._is_in(other, arrival):
            raise Conflict("A document from Kanta has been answered otherwise before.")
        self._find(arrival)
        name = next(one for one in _names(arrival.id) if self._files.file(folder, one) is None)
        said = {"file": arrival.id, **asdict(acknowledgement)}
        self._files.write(folder, f"{name}.ack.json", json_text.dump(said, indent=True))
        self._files.move(arrival.id, "inbox", folder, name)

    def send(self, outgoing: Outgoing) -> Receipt:
        """Accepted, when the document stands in the outbox; one that stands in a folder already is not put there again.

        Raises: Unavailable, Unknown, Forbidden; Fault when the document carries another identity than it is sent under.
        """
        name = _file_name(outgoing)
        if _identity(outgoing.payload) != (outgoing.document, outgoing.version):
            raise Fault("The document for Kanta does not carry its OID and version in its metadata.")
        self._mounted()
        for folder, receipt in _WORDS:
            with contextlib.suppress(NotFound):
                held = self._files.read(folder, name, len(outgoing.payload) + 1)
                return receipt if held == outgoing.payload else _OTHER_CONTENT
        self._files.write("outbox", name, outgoing.payload)
        return Receipt("accepted")

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """What the folder says that the document stands in; None when it is in none. Raises: Unavailable, Forbidden."""
        self._mounted()
        name = _file_name(outgoing)
        return next((receipt for folder, receipt in _WORDS if self._files.file(folder, name) is not None), None)

    def _mounted(self) -> None:
        """Nothing. Raises: Unavailable, for a disk that is not mounted says nothing of what it holds."""
        if not all(self._files.usable(folder) for folder, _ in _WORDS):
            raise Unavailable("A folder of Kanta is missing, or does not let us in; its disk may not be mounted.")

    def _find(self, arrival: Arrival) -> File:
        """The file of an arrival in the inbox, as it was listed. Raises: NotFound, Unavailable, Forbidden."""
        found = self._files.file("inbox", arrival.id) if _NAME.fullmatch(arrival.id) else None
        if found is None or _message_id(found) != arrival.message_id:
            raise NotFound("The inbox of Kanta does not hold this document, or holds it changed.")
        return found

    def _is_in(self, folder: str, arrival: Arrival) -> bool:
        if not _NAME.fullmatch(arrival.id):
            return False
        for name in _names(arrival.id):
            found = self._files.file(folder, name)
            if found is None:
                return False
            if _message_id(File(arrival.id, found.changed)) == arrival.message_id:
                return True
        return False


def _message_id(file: File) -> str:
    """One name may come again with another document: it is another message, by the time of the file."""
    return f"{file.name}@{file.changed}"


def _names(name: str) -> Iterator[str]:
    """The name, and what it is called when there is such a file already."""
    yield name
    stem = name.removesuffix(_SUFFIX)
    yield from (f"{stem}.{number}{_SUFFIX}" for number in count(2))


def _file_name(outgoing: Outgoing) -> str:
    if not re.fullmatch(r"[0-9.]{1,200}", outgoing.document):
        raise Fault("A document for Kanta is named by an OID.")
    return f"{outgoing.document}_{outgoing.version}{_SUFFIX}"


def _identity(payload: bytes) -> tuple[object, object]:
    """The OID and the version that the metadata of a document tell."""
    root, _ = xml_text.parse(payload)
    head = root.find(f"{{{XHTML}}}head") if root is not None else None
    envelope = read_metadata(head, load_profile())[0] if head is not None else {}
    return envelope.get("document"), envelope.get("version")
