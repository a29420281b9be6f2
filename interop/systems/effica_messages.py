"""What the SOAP port and the drop folder of SosiaaliEffica share: a message's identity, its limits, and what its
acknowledgement means.

The vendor publishes no interface; the profile is provisional. Source: HL7 V3 acknowledgement types (AA, AE, AR, CA).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from interop.errors import Fault
from interop.systems.base import Outgoing, Receipt
from schemas import xml_text

__all__ = [
    "MESSAGE_LIMIT",
    "MOST_ATTACHMENTS",
    "NAMESPACE",
    "TOO_LONG",
    "checked",
    "message_id",
    "receipt_of",
    "wire_id",
]

NAMESPACE = "urn:sote-interop:effica:1"
MESSAGE_LIMIT = 5 * 1024 * 1024
"""Bytes of one message."""
MOST_ATTACHMENTS = 3
TOO_LONG = Receipt("rejected", reason=f"The message is longer than SosiaaliEffica takes, {MESSAGE_LIMIT} bytes.")

_PLAIN_CODE = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_REFUSALS: Mapping[str, str] = {
    "AE": "SosiaaliEffica found an error in the document",
    "AR": "SosiaaliEffica refused the document",
}


def wire_id(outgoing: Outgoing) -> str:
    """The id that a document version goes by on the wire."""
    return f"{outgoing.document}:{outgoing.version}"


def message_id(message: bytes) -> str | None:
    """The id that a message names itself by, `document OID:version`; None when it names none.

    In: an XML document message, `Sanoma/Otsake/Tunnus` with the attributes `juuri` and `paate`.
    """
    root, _ = xml_text.parse(message)
    if root is None or root.tag != f"{{{NAMESPACE}}}Sanoma":
        return None
    identity = root.find("e:Otsake/e:Tunnus", {"e": NAMESPACE})
    if identity is None or not identity.get("juuri") or not identity.get("paate"):
        return None
    return f"{identity.get('juuri')}:{identity.get('paate')}"


def checked(outgoing: Outgoing) -> Receipt | None:
    """The rejection of a message that SosiaaliEffica is known not to take, or None: it is not sent for nothing.

    Raises: Fault when the message carries another identity than it is sent under.
    """
    if message_id(outgoing.payload) != wire_id(outgoing):
        raise Fault("The message for SosiaaliEffica does not carry its document OID and version in Otsake/Tunnus.")
    if len(outgoing.payload) > MESSAGE_LIMIT:
        return TOO_LONG
    root, _ = xml_text.parse(outgoing.payload)
    if root is not None and sum(1 for _ in root.iter(f"{{{NAMESPACE}}}Liite")) > MOST_ATTACHMENTS:
        return Receipt("rejected", reason=f"SosiaaliEffica takes {MOST_ATTACHMENTS} attachments in a message at most.")
    return None


def receipt_of(kind: str, code: str | None, reference: str | None) -> Receipt:
    """What an acknowledgement means. Its text stays behind: the other side may have quoted the document in it."""
    named = reference or ""
    if kind in ("AA", "CA"):
        return Receipt("delivered" if kind == "AA" else "accepted", named)
    shown = f", code {code}" if code and _PLAIN_CODE.fullmatch(code) else ""
    return Receipt("rejected", named, f"{_REFUSALS[kind]} ({kind}{shown}).")
