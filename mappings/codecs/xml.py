"""The codecs of values in XML: an element `<X luokitus="system" koodi="code">display</X>`, and its kin."""

from __future__ import annotations

import re
from typing import Any

from mappings.codecs.values import Codec, Untranslatable, code_of, text

__all__ = ["XML_CODECS", "xml_text"]

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
)
