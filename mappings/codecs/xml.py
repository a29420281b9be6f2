"""The codecs of values in XML: an element `<X luokitus="system" koodi="code">display</X>`, and its kin."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from mappings.codecs.values import Codec, Untranslatable, code_of, text

__all__ = ["XML_CODECS", "xml_text"]

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})(\.[0-9]{1,99})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(value: Any) -> str:
    """The text when XML can hold it. Raises: Untranslatable."""
    if not isinstance(value, str):
        raise Untranslatable("value_has_the_kind_of_its_field")
    if _NOT_XML.search(value):
        raise Untranslatable("text_can_stand_in_xml")
    return value


def _to_xml_code(value: Any) -> dict[str, str]:
    """A THL code as an XML element: `<X luokitus="system" koodi="code">display</X>`."""
    coded = code_of(value)
    return {
        "@luokitus": _without_urn(coded["system"]),
        "@koodi": xml_text(coded["code"]),
        "#text": xml_text(coded["display"]),
    }


def _from_xml_code(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or "@koodi" not in value or "@luokitus" not in value:
        raise Untranslatable("value_has_the_kind_of_its_field")
    return {
        "system": _with_urn(str(value["@luokitus"])),
        "code": str(value["@koodi"]),
        "display": str(value.get("#text", "")),
    }


def _to_xml_identifier(value: Any) -> dict[str, str]:
    """An identifier as an XML element: `<X juuri="system">value</X>`."""
    if not isinstance(value, dict) or not isinstance(value.get("value"), str):
        raise Untranslatable("value_has_the_kind_of_its_field")
    element = {"#text": xml_text(value["value"])}
    if "system" in value:
        element["@juuri"] = _without_urn(value["system"])
    return element


def _from_xml_identifier(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise Untranslatable("value_has_the_kind_of_its_field")
    identifier = {"value": str(value.get("#text", ""))}
    return {"system": _with_urn(str(value["@juuri"]))} | identifier if "@juuri" in value else identifier


def _to_xml_number(value: Any) -> str:
    """A number with the digits it was recorded with, as JSON writes it."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise Untranslatable("value_has_the_kind_of_its_field")
    # Python gives no text for an integer of thousands of digits, and no receiver would take one.
    number = "" if isinstance(value, int) and value.bit_length() > 400 else str(value)
    if not _NUMBER.fullmatch(number):
        raise Untranslatable("value_has_the_kind_of_its_field")
    return number


def _from_xml_number(value: Any) -> int | Decimal:
    parts = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if not parts:
        raise Untranslatable("value_has_the_kind_of_its_field")
    # As JSON is read: beyond 64 bits as a decimal.
    return Decimal(parts[0]) if any(parts.groups()) or len(parts[0]) > 18 else int(parts[0])


def _to_xml_quantity(value: Any) -> dict[str, str]:
    """A quantity as an XML element: `<X yksikko="unit">number</X>`."""
    if not isinstance(value, dict):
        raise Untranslatable("value_has_the_kind_of_its_field")
    return {"@yksikko": xml_text(value.get("code")), "#text": _to_xml_number(value.get("value"))}


def _from_xml_quantity(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or "@yksikko" not in value:
        raise Untranslatable("value_has_the_kind_of_its_field")
    return {"value": _from_xml_number(value.get("#text")), "code": str(value["@yksikko"])}


def _without_urn(system: Any) -> str:
    """An OID without its prefix; any other system after a `=`."""
    name = xml_text(system)
    return name.removeprefix("urn:oid:") if name.startswith("urn:oid:") else "=" + name


def _with_urn(name: str) -> str:
    return name[1:] if name.startswith("=") else "urn:oid:" + name


XML_CODECS = (
    Codec("xml_text", xml_text, text),
    Codec("xml_code", _to_xml_code, _from_xml_code),
    Codec("xml_identifier", _to_xml_identifier, _from_xml_identifier),
    Codec("xml_number", _to_xml_number, _from_xml_number),
    Codec("xml_quantity", _to_xml_quantity, _from_xml_quantity),
)
