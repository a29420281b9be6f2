"""Identifiers of Finland: the personal identity code, OIDs and temporary identifiers, judged by form alone.

Source: decree 128/2010 § 2 as amended by 690/2022 (personal identity code); JHS 159 (OIDs of organisations);
HL7 Finland base profiles 2.0.0-rc2, Patient (systems of identifiers).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from typing import Literal

__all__ = [
    "IDENTITY_CODE_SYSTEM",
    "CodeFault",
    "fault_of_identity_code",
    "is_artificial",
    "is_oid",
    "is_temporary_system",
]

IDENTITY_CODE_SYSTEM = "urn:oid:1.2.246.21"
"""The system of personal identity codes (henkilötunnus)."""

CodeFault = Literal["form", "date", "check_character"]
"""What is wrong with an identity code."""

_FORM = re.compile(r"(\d{2})(\d{2})(\d{2})([-+A-FU-Y])(\d{3})([0-9A-FHJ-NPR-Y])", re.ASCII)
_CENTURIES: Mapping[str, int] = dict.fromkeys("+", 1800) | dict.fromkeys("-YXWVU", 1900) | dict.fromkeys("ABCDEF", 2000)
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+", re.ASCII)
_TEMPORARY = re.compile(r"urn:oid:1\.2\.246\.10\.[1-9][0-9]*(\.10\.[0-9]+)?\.22\.[0-9]{4}", re.ASCII)


def fault_of_identity_code(code: str) -> CodeFault | None:
    """What is wrong with a personal identity code, or None. Lower case is a fault of form: normalise on reading."""
    parts = _FORM.fullmatch(code)
    if not parts:
        return "form"
    day, month, year, sign, number, check = parts.groups()
    century = _CENTURIES[sign]
    if not 1 <= int(month) <= 12 or not 1 <= int(day) <= monthrange(century + int(year), int(month))[1]:
        return "date"
    if int(number) < 2:
        return "form"
    return None if _CHECK[int(day + month + year + number) % 31] == check else "check_character"


def is_artificial(code: str) -> bool:
    """True for a code of the 900 series, which no real person has."""
    parts = _FORM.fullmatch(code)
    return parts is not None and parts[5].startswith("9")


def is_oid(text: str) -> bool:
    """True for a dotted OID without a prefix, whose first two arcs the standard allows. Source: ITU-T X.660 §7.6."""
    if not _OID.fullmatch(text):
        return False
    first, second = text.split(".")[:2]
    # Compared by length first: Python refuses to read a number of thousands of digits.
    return first == "2" or (len(second) <= 2 and int(second) < 40)


def is_temporary_system(system: str) -> bool:
    """True for the system of an organisation's temporary identifiers: `urn:oid:1.2.246.10.<organisation>.22.<year>`."""
    return _TEMPORARY.fullmatch(system) is not None
