"""What both of SosiaaliEffica's doors do with a message, whether it comes over SOAP or into a folder.

Source: HL7 V3 acknowledgement types; the profile in docs/systems.md, which is provisional.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from interop.sandboxes.faults import Switchboard
from schemas import xml_text

__all__ = [
    "MESSAGE_LIMIT",
    "MOST_ATTACHMENTS",
    "NAMESPACE",
    "Said",
    "judged",
    "message_id",
    "refused",
    "spoilt",
    "written",
]

MESSAGE_LIMIT = 5 * 1024 * 1024
MOST_ATTACHMENTS = 3
NAMESPACE = "urn:sote-interop:effica:1"


@dataclass(frozen=True, slots=True)
class Said:
    """One acknowledgement."""

    type: Literal["CA", "AA", "AE", "AR"]
    code: str = ""
    text: str = ""
    reference: str = ""


def message_id(message: bytes) -> str:
    """The id that a message names itself by, `document OID:version`; empty when it names none."""
    root, _ = xml_text.parse(message)
    identity = root.find("e:Otsake/e:Tunnus", {"e": NAMESPACE}) if root is not None else None
    if root is None or root.tag != f"{{{NAMESPACE}}}Sanoma" or identity is None:
        return ""
    document, version = identity.get("juuri"), identity.get("paate")
    return f"{document}:{version}" if document and version else ""


def refused(message: bytes) -> Said | None:
    """The refusal of what cannot be taken at all, or None."""
    if len(message) > MESSAGE_LIMIT:
        return Said("AR", "too-large", "Sanoma on liian suuri.")
    if not message_id(message):
        return Said("AR", "not-a-message", "Tämä ei ole asiakirjasanoma.")
    root, _ = xml_text.parse(message)
    if root is not None and sum(1 for _ in root.iter(f"{{{NAMESPACE}}}Liite")) > MOST_ATTACHMENTS:
        return Said("AR", "too-many-attachments", "Sanomassa on liikaa liitteitä.")
    return None


def judged(message: bytes, schema: etree.XMLSchema | None, reference: str) -> Said:
    """The application acknowledgement that the content of a taken message earns."""
    root, _ = xml_text.parse(message)
    if schema is not None and (root is None or not schema.validate(root)):
        return Said("AE", "schema", "Sanoma ei ole skeeman mukainen.")
    return Said("AA", reference=reference)


def spoilt(message: bytes, faults: Switchboard) -> bytes:
    """The message as the faults leave it that are on."""
    if faults.met("truncated_message"):
        return message[: len(message) * 2 // 3]
    root, _ = xml_text.parse(message)
    if root is None or not faults.met("wrong_prolog"):
        return message
    return written(root).replace(b"ISO-8859-15", b"UTF-8", 1)


def written(root: etree._Element) -> bytes:
    """XML as it stands in the drop folder's files."""
    out = io.BytesIO()
    etree.ElementTree(root).write(out, encoding="ISO-8859-15", xml_declaration=True)
    return out.getvalue()
