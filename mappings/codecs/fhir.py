"""The codecs of FHIR data types: Coding, Identifier, date, the parts of a name.

Source: FHIR R4 4.0.1 datatypes; HL7 Finland base profiles 2.0.0-rc2, Patient and Information Custodian.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from mappings.codecs.values import Codec, Untranslatable, code_of, text
from schemas.canonical import CANONICAL
from schemas.dates import exists
from schemas.identity import IDENTITY_CODE_SYSTEM

__all__ = ["FHIR_CODECS", "coding_of", "fhir_text", "from_coding"]

_TEXT = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\U0010ffff]*[^\t\n\r ][\t\n\r\u0020-\ud7ff\ue000-\U0010ffff]*")
_CODE = re.compile(r"[^\s]+( [^\s]+)*")
_URI = re.compile(r"[^\s]+")
_STRUCTURE = re.compile(r"(1\.2\.246\.(?:537\.6\.\d+|10\.\d+(?:\.\d+)+))\.(\d+)\.(\d{4}\.\d+\.\d+)", re.ASCII)
"""The OID of a structure: of THL's branch of code systems, or of an organisation's own branch."""
_INTERNAL = f"{CANONICAL}/CodeSystem/"
_UNKNOWN = "value_has_the_kind_of_its_field"


def fhir_text(value: Any) -> str:
    """The text when a FHIR string can hold it: not empty, not blank, no control characters. Raises: Untranslatable."""
    if not _TEXT.fullmatch(text(value)):
        raise Untranslatable("text_can_stand_in_fhir")
    return str(value)


def coding_of(value: Any) -> dict[str, str]:
    """The Coding of a THL code. A list inside a document has no URI and gets one of ours. Raises: Untranslatable."""
    coded = code_of(value)
    if not _CODE.fullmatch(coded["code"]) or not _URI.fullmatch(coded["system"]):
        raise Untranslatable("text_can_stand_in_fhir")
    uri = coded["system"] if ":" in coded["system"] else _INTERNAL + coded["system"]
    coding = {"system": uri, "code": coded["code"]}
    return coding | {"display": fhir_text(coded["display"])} if coded["display"] else coding


def from_coding(value: Any) -> dict[str, str]:
    """The THL code of a Coding. Raises: Untranslatable."""
    match value:
        case {"system": str(system), "code": str(code)}:
            return {"system": system.removeprefix(_INTERNAL), "code": code, "display": str(value.get("display", ""))}
    raise Untranslatable(_UNKNOWN)


def _to_oid_identifier(value: Any) -> dict[str, str]:
    return {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{text(value)}"}


def _from_oid_identifier(value: Any) -> str:
    match value:
        case {"value": str(uri)} if uri.startswith("urn:oid:"):
            return uri.removeprefix("urn:oid:")
    raise Untranslatable("identifier_is_an_oid")


def _to_structure_coding(value: Any) -> dict[str, str]:
    parts = _STRUCTURE.fullmatch(text(value))
    if not parts:
        raise Untranslatable("document_structure_is_known")
    return {"system": f"urn:oid:{parts[1]}", "version": parts[3], "code": parts[2]}


def _from_structure_coding(value: Any) -> str:
    match value:
        case {"system": str(system), "version": str(version), "code": str(code)}:
            oid = f"{system.removeprefix('urn:oid:')}.{code}.{version}"
            if system.startswith("urn:oid:") and _STRUCTURE.fullmatch(oid):
                return oid
    raise Untranslatable("document_structure_is_known")


def _to_person_identifier(value: Any) -> dict[str, str]:
    """An identity code with use `official`; anything else never has it, as the Finnish profile slices by use."""
    identifier = _identifier(value)
    use = "official" if identifier.get("system") == IDENTITY_CODE_SYSTEM else "temp"
    return {"use": use, **identifier}


def _from_identifier(value: Any) -> dict[str, str]:
    identifier = _identifier(value)
    return {name: identifier[name] for name in ("system", "value") if name in identifier}


def _identifier(value: Any) -> dict[str, str]:
    """An identifier that FHIR can hold: an empty value or system would vanish without a word."""
    if not isinstance(value, dict) or not isinstance(value.get("value"), str):
        raise Untranslatable(_UNKNOWN)
    system = value.get("system", "urn:none")
    if not _TEXT.fullmatch(value["value"]) or not isinstance(system, str) or not _URI.fullmatch(system):
        raise Untranslatable("text_can_stand_in_fhir")
    return value


def _to_controller_identifier(value: Any) -> dict[str, Any]:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PRN"}
    return {"type": {"coding": [kind]}, **_identifier(value)}


def _to_controller_sector(value: Any) -> dict[str, str]:
    return {"system": "urn:oid:1.2.246.537.5.40172", "code": text(value)}


def _code_alone(value: Any) -> str:
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        raise Untranslatable(_UNKNOWN)
    return str(value["code"])


def _to_given_names(value: Any) -> list[str]:
    """Each given name by itself, when the names can be put together again from them."""
    names = text(value).split(" ")
    return names if all(names) and fhir_text(value) else [fhir_text(value)]


def _from_given_names(value: Any) -> str:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise Untranslatable(_UNKNOWN)
    return " ".join(value)


def _fhir_date(value: Any) -> str:
    if not exists(text(value)) or value.startswith("-"):
        raise Untranslatable("date_can_be_written_in_the_other_form")
    return str(value)


def _to_instant(value: Any) -> str:
    """A full instant: what a partial date leaves open is its first moment."""
    date = _fhir_date(value)
    return date if "T" in date else f"{date}{'-01-01'[(len(date) - 4) :]}T00:00:00Z"


def _to_placeholder(value: Any) -> dict[str, str]:
    return {"url": "field", "valueCode": text(value)}


def _from_placeholder(value: Any) -> str:
    return text(value.get("valueCode") if isinstance(value, dict) else None)


def _to_coded_value(value: Any) -> dict[str, Any]:
    return {"url": "value", "valueCoding": coding_of(value)}


def _from_coded_value(value: Any) -> dict[str, str]:
    return from_coding(value.get("valueCoding") if isinstance(value, dict) else None)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Untranslatable(_UNKNOWN)
    return value


def _decimal(value: Any) -> int | float | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Untranslatable(_UNKNOWN)
    return value


def _to_phone(value: Any) -> dict[str, str]:
    return {"system": "phone", "value": fhir_text(value)}


def _from_phone(value: Any) -> str:
    return text(value.get("value") if isinstance(value, dict) else None)


def _to_provision(value: Any) -> str:
    return "permit" if _boolean(value) else "deny"


def _from_provision(value: Any) -> bool:
    if value not in ("permit", "deny"):
        raise Untranslatable("code_is_in_the_code_map")
    return bool(value == "permit")


def _status_by(statuses: Mapping[str, str]) -> Callable[[Any], str]:
    """The FHIR status of a code of one of our own lists."""

    def write(value: Any) -> str:
        code = code_of(value)["code"]
        if code not in statuses:
            raise Untranslatable("code_is_in_the_code_map")
        return statuses[code]

    return write


def _inactive(value: Any) -> str:
    return "inactive" if text(value) else "active"


_COPIED = "The value itself stands beside it."

FHIR_CODECS = (
    Codec("fhir_text", fhir_text, text),
    Codec("coding", coding_of, from_coding),
    Codec("oid_identifier", _to_oid_identifier, _from_oid_identifier),
    Codec("structure_coding", _to_structure_coding, _from_structure_coding),
    Codec("identifier", _from_identifier, _from_identifier),
    Codec("person_identifier", _to_person_identifier, _from_identifier),
    Codec("controller_identifier", _to_controller_identifier, _from_identifier),
    Codec("controller_sector", _to_controller_sector, _code_alone),
    Codec("given_names", _to_given_names, _from_given_names),
    Codec("fhir_date", _fhir_date, _fhir_date),
    Codec("fhir_instant", _to_instant, text, "What a partial date leaves open is written as its first moment."),
    Codec("fhir_boolean", _boolean, _boolean),
    Codec("fhir_decimal", _decimal, _decimal),
    Codec("coded_value", _to_coded_value, _from_coded_value),
    Codec("phone", _to_phone, _from_phone),
    Codec("provision", _to_provision, _from_provision),
    Codec("revoked", _inactive, text, _COPIED),
    Codec(
        "joint_goal_status",
        _status_by({"1": "active", "2": "completed", "3": "active", "4": "cancelled"}),
        text,
        _COPIED,
    ),
    Codec(
        "joint_task_status",
        _status_by({"1": "requested", "2": "in-progress", "3": "completed", "4": "cancelled"}),
        text,
        _COPIED,
    ),
    Codec("placeholder", _to_placeholder, _from_placeholder),
)
