"""SosiaaliEffica's drop folder over SFTP: one message a file, each answered by an acknowledgement file.

    in/     what we send: `<document OID>_<version>.xml`; it stays there until its acknowledgement stands in ack/
    out/    what Effica sends: `<id>.xml`
    ack/    `<name>.ack.xml`: Effica's word on what stands in in/, and ours on what stands in out/
    error/  what Effica could not take at all

Files are ISO-8859-15, with numeric character references for what stands outside it. The vendor publishes no interface;
the profile is provisional. Source: HL7 V3 acknowledgement types (AA, AE, AR, CA); ISO/IEC 8859-15:1999.
"""

from __future__ import annotations

import io
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lxml import etree

from interop.errors import Conflict, NotFound, Unavailable
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from interop.systems.effica_messages import MESSAGE_LIMIT, NAMESPACE, checked, receipt_of, wire_id
from interop.systems.sftp import Entry, Sftp, SftpPlace
from interop.systems.statements import timed, tried
from schemas import xml_text

__all__ = ["EfficaSftp", "EfficaSftpSettings"]

_FOLDERS = ("in", "out", "ack", "error")
_WRITTEN = ("in", "ack")
_ENCODING = "ISO-8859-15"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_TYPES = frozenset({"AA", "AE", "AR", "CA"})


@dataclass(frozen=True, slots=True)
class EfficaSftpSettings:
    """Where the server is, and in which of its folders the four folders stand."""

    place: SftpPlace
    folder: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """An acknowledgement file."""

    message: str
    type: str
    code: str
    reference: str


class EfficaSftp:
    """The adapter; `format` is the XML document message."""

    name = "effica"
    format = "effica"

    def __init__(self, settings: EfficaSftpSettings) -> None:
        self._files = Sftp("SosiaaliEffica", settings.place)
        self._folder = settings.folder.strip("/")
        self._ahead: float | None = None

    def capabilities(self) -> Capabilities:
        """What the profile offers; a folder has no way to be asked."""
        return Capabilities(
            reads_plans=True,
            writes_structured=True,
            writes_documents=True,
            notifies=False,
            versions=True,
            attaches=True,
        )

    def check(self) -> Sequence[Finding]:
        """Whether the server lets us in, the four folders may be read, and two of them written to.

        A file of a temporary name, which nobody takes up, is written into each of the two and taken away again; its
        time is what the server's clock says.
        """
        found = [*tried("login", "let in", self._entered)]
        if not all(one.ok for one in found):
            return found
        for name in _FOLDERS:
            found += tried(f"{name}/", "a folder that we may read", partial(self._found, name))
        for name in _WRITTEN:
            found += tried(f"{name}/ written to", "a folder that we may write to", partial(self._written_to, name))
        return [*found, *timed(self._ahead)]

    def arrivals(self) -> Sequence[Arrival]:
        """The messages that we have not acknowledged, oldest first. Raises: Unavailable, Forbidden."""
        answered = {one.name for one in self._files.files(self._at("ack"))}
        waiting = [one for one in self._files.files(self._at("out")) if _is_message(one)]
        waiting.sort(key=lambda one: (one.modified, one.name))
        names = [one.name.removesuffix(".xml") for one in waiting]
        return tuple(Arrival(name, name) for name in names if f"{name}.ack.xml" not in answered)

    def fetch(self, arrival: Arrival) -> bytes:
        """The message as it stands in its file. Raises: NotFound, Unavailable, Forbidden."""
        path = self._message(arrival)
        said = self._said(arrival.id)
        if said is not None and said.type == "AA":
            raise NotFound("The message from SosiaaliEffica has been taken care of already.")
        before = self._files.size(path)
        message = self._files.read(path, MESSAGE_LIMIT)
        if before != len(message):
            raise Unavailable("A message of SosiaaliEffica was still being written; it is read again later.")
        return message

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Tells what became of a message; telling the same twice does no harm.

        Raises: NotFound, Conflict (it was told otherwise before), Unavailable, Unknown, Forbidden.
        """
        message = self._message(arrival)
        earlier = self._said(arrival.id)
        if earlier is not None and earlier.type == acknowledgement.type:
            return
        if earlier is not None and earlier.type == "AA":
            raise Conflict("SosiaaliEffica has another acknowledgement of this message already.")
        if earlier is None and self._files.size(message) is None:
            raise NotFound("SosiaaliEffica knows no message by this id.")
        path = self._at("ack", f"{arrival.id}.ack.xml")
        if earlier is not None:
            self._files.remove(path)
        self._files.write(path, _acknowledgement(arrival.id, acknowledgement))

    def send(self, outgoing: Outgoing) -> Receipt:
        """Accepted, when the message stands in its folder; one that stands there already is not put there again.

        Raises: Unavailable, Unknown, Forbidden; Fault when the message carries another identity than it is sent under.
        """
        rejection = checked(outgoing)
        if rejection is not None:
            return rejection
        told = self.settle(outgoing)
        if told is not None and told.state != "accepted":
            return told
        message = _encoded(outgoing.payload)
        if len(message) > MESSAGE_LIMIT:
            return Receipt(
                "rejected", reason=f"The message is longer than SosiaaliEffica takes, {MESSAGE_LIMIT} bytes."
            )
        path = self._at("in", f"{_file_name(outgoing)}.xml")
        if told is None:
            self._files.write(path, message)
        elif self._files.size(path) is not None and self._files.read(path, MESSAGE_LIMIT) != message:
            return Receipt("rejected", reason="SosiaaliEffica holds this document version with other content.")
        return Receipt("accepted")

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """What stands in the acknowledgement file; without one, whether the message is still in its folder.

        Raises: Unavailable, Forbidden; Conflict when the file acknowledges another message.
        """
        name = _file_name(outgoing)
        said = self._said(name)
        if said is not None and said.message != wire_id(outgoing):
            raise Conflict("An acknowledgement of SosiaaliEffica names another message than its file does.")
        if said is not None:
            return receipt_of(said.type, said.code, said.reference)
        if self._files.size(self._at("in", f"{name}.xml")) is not None:
            return Receipt("accepted")
        refused = self._files.size(self._at("error", f"{name}.xml")) is not None
        return Receipt("rejected", reason="SosiaaliEffica put the message into its error folder.") if refused else None

    def close(self) -> None:
        """Nothing; the connection is closed."""
        self._files.close()

    def _entered(self) -> Sequence[Finding]:
        self._files.size(".")
        return (Finding("login", "let in", "let in", ok=True),)

    def _found(self, folder: str) -> Sequence[Finding]:
        self._files.files(self._at(folder))
        return (Finding(f"{folder}/", "a folder that we may read", "readable", ok=True),)

    def _written_to(self, folder: str) -> Sequence[Finding]:
        path = self._at(folder, f"check-{secrets.token_hex(8)}")
        self._ahead = self._files.probe(path) - time.time()
        return (Finding(f"{folder}/ written to", "a folder that we may write to", "writable", ok=True),)

    def _at(self, *steps: str) -> str:
        return "/".join(filter(None, (self._folder, *steps)))

    def _message(self, arrival: Arrival) -> str:
        if not _NAME.fullmatch(arrival.id):
            raise NotFound("SosiaaliEffica knows no message by this id.")
        return self._at("out", f"{arrival.id}.xml")

    def _said(self, name: str) -> _Said | None:
        """The acknowledgement file of a name, or None. Raises: Unavailable when it cannot be understood."""
        try:
            data = self._files.read(self._at("ack", f"{name}.ack.xml"), MESSAGE_LIMIT)
        except NotFound:
            return None
        root, _ = xml_text.parse(data)
        said = _Said(*(_text(root, part) for part in ("Sanomatunnus", "Laji", "Koodi", "Viite")))
        if root is None or root.tag != f"{{{NAMESPACE}}}Kuittaus" or said.type not in _TYPES:
            raise Unavailable("An acknowledgement file of SosiaaliEffica cannot be understood.")
        return said


def _is_message(entry: Entry) -> bool:
    return entry.name.endswith(".xml") and _NAME.fullmatch(entry.name.removesuffix(".xml")) is not None


def _file_name(outgoing: Outgoing) -> str:
    return wire_id(outgoing).replace(":", "_")


def _encoded(message: bytes) -> bytes:
    """The message in the folder's encoding."""
    root, _ = xml_text.parse(message)
    return message if root is None else _written(root)


def _written(root: etree._Element) -> bytes:
    """XML in the folder's encoding; what stands outside it is written as numeric character references."""
    out = io.BytesIO()
    etree.ElementTree(root).write(out, encoding=_ENCODING, xml_declaration=True)
    return out.getvalue()


def _text(root: etree._Element | None, name: str) -> str:
    return ((root.findtext(f"{{{NAMESPACE}}}{name}") if root is not None else None) or "").strip()


def _acknowledgement(name: str, said: Acknowledgement) -> bytes:
    root = etree.Element(f"{{{NAMESPACE}}}Kuittaus", nsmap={"e": NAMESPACE})
    for part, text in (("Sanomatunnus", name), ("Laji", said.type), ("Koodi", said.code), ("Teksti", said.text)):
        if text:
            etree.SubElement(root, f"{{{NAMESPACE}}}{part}").text = text
    return _written(root)
