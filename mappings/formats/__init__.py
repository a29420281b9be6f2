"""The written forms of a record, one file each, in one registry."""

from __future__ import annotations

import orjson

from mappings.formats.apotti import Apotti
from mappings.formats.base import Decoded, Format, Parsed, Place, ReadResult, WriteResult
from mappings.formats.effica import Effica
from mappings.formats.fhir import Fhir
from mappings.formats.kanta import Kanta
from mappings.formats.omni360 import Omni360
from mappings.formats.thl import Thl

__all__ = [
    "FORMATS",
    "Decoded",
    "Format",
    "Parsed",
    "Place",
    "ReadResult",
    "WriteResult",
    "format_named",
    "sniffed",
]

FORMATS: tuple[Format, ...] = (Thl(), Fhir(), Effica(), Omni360(), Apotti(), Kanta())
"""Every format, in the order in which their marks are looked for."""


def format_named(name: str) -> Format:
    """The format of a name. Raises: KeyError."""
    for known in FORMATS:
        if known.name == name:
            return known
    raise KeyError(name)


def sniffed(data: bytes) -> Format | None:
    """The format that the bytes look like, or None."""
    try:
        value = orjson.loads(data.removeprefix(b"\xef\xbb\xbf")) if data.lstrip()[:1] in (b"{", b"[", b"\xef") else None
    except orjson.JSONDecodeError:
        value = None
    return next((known for known in FORMATS if known.recognises(data, value)), None)
