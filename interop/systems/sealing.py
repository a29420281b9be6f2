"""Seals a copy for its receiver: a PDF that opens with a password, or a file that opens with the receiver's age key.

Source: ISO 32000-2:2020, 7.6 (AES-256, revision 6); https://age-encryption.org/v1 (X25519 recipients).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Literal

import pikepdf
import pyrage

from interop.errors import Fault, Invalid

__all__ = ["Sealed", "Sealer"]

_REVISION: Literal[6] = 6
"""AES-256; what is older does not withstand a search for the password."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed copy, with the ending of its file's name and its media type."""

    data: bytes = field(repr=False)
    ending: str
    media: str


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with a receiver's public age key, else with a password, else not at all.

    The password reaches the receiver by another way than the copy. Raises, when made: Invalid for what is no age key.
    """

    password: str = field(default="", repr=False)
    age_key: str = ""

    def __post_init__(self) -> None:
        """Reads the key, so that one that is mistyped is found before anything is sent."""
        if self.age_key:
            _recipient(self.age_key)

    def seal(self, pdf: bytes) -> Sealed:
        """The copy as it goes out. Raises: Fault for what is no PDF."""
        if self.age_key:
            return Sealed(pyrage.encrypt(pdf, [_recipient(self.age_key)]), ".pdf.age", "application/octet-stream")
        return Sealed(_with_password(pdf, self.password) if self.password else pdf, ".pdf", "application/pdf")


def _recipient(key: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError as error:
        raise Invalid("The setting copy_age_key is no public age key (age1...).") from error


def _with_password(pdf: bytes, password: str) -> bytes:
    """The PDF, readable and printable for who has the password; its tags stay open to aids for reading."""
    sealed = BytesIO()
    try:
        with pikepdf.open(BytesIO(pdf)) as opened:
            lock = pikepdf.Encryption(owner=password, user=password, R=_REVISION)
            opened.save(sealed, encryption=lock)
    except pikepdf.PdfError as error:
        raise Fault("A copy could not be sealed: it is no PDF.") from error
    return sealed.getvalue()
