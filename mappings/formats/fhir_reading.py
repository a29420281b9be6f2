"""Reads a FHIR resource from JSON or XML into its JSON, and finds where a place of it stands in the bytes.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/json.html, xml.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from lxml import etree

from mappings.formats.base import Parsed, Place
from schemas import json_text, xml_text
from schemas.fhir_definitions import Definitions, shipped_definitions
from schemas.fhir_xml import read_xml
from schemas.limits import DEFAULT_LIMITS, Limits
from schemas.xml_places import positions
from schemas.xsd import named_path

__all__ = ["is_document_xml", "is_fhir_xml", "parse_fhir", "place_in_fhir"]

_NAMESPACE = re.compile(rb"""xmlns(?::\w+)?\s*=\s*["']http://hl7\.org/fhir["']""")
_DOCUMENT = re.compile(rb"""<(?:\w+:)?Bundle\s.*?<(?:\w+:)?type\s+value\s*=\s*["']document["']""", re.DOTALL)
_XML = re.compile(rb"[\xef\xbb\xbf \t\r\n]*<")
_STEP = re.compile(r"/([^/]+)(?:/([0-9]+)(?=/|$))?")


def is_fhir_xml(data: bytes) -> bool:
    """True for XML whose start names the namespace of FHIR."""
    return _is_xml(data) and _NAMESPACE.search(data[:4096]) is not None


def is_document_xml(data: bytes) -> bool:
    """True for XML that looks like a document Bundle of FHIR."""
    return is_fhir_xml(data) and _DOCUMENT.search(data[:65536]) is not None


def parse_fhir(data: bytes, limits: Limits = DEFAULT_LIMITS, definitions: Definitions | None = None) -> Parsed:
    """The resource as its JSON. In: JSON or XML; `definitions` tell how XML is read, by default those shipped.

    Issues: those of reading JSON or XML, and those of the XML form of FHIR
    """
    if not _is_xml(data):
        return Parsed(data, *json_text.parse(data, limits))
    root, issues = xml_text.parse(data, limits)
    if root is None:
        return Parsed(data, None, issues)
    tree, found = read_xml(root, definitions or _definitions())
    return Parsed(data, tree, [*issues, *found])


def place_in_fhir(data: bytes, pointer: str) -> Place:
    """Where a JSON Pointer into the resource stands: with line and column, or at the nearest place above it.

    Out: the path is the pointer itself in JSON, and the XPath of the element in XML.
    """
    if _is_xml(data):
        path = named_path(_element_at(data, pointer))
        return Place(path, *positions(data).get(path, (None, None)))
    places = _json_positions(data)
    at = pointer
    while at and at not in places:
        at = at.rpartition("/")[0]
    return Place(pointer, *places.get(at, (None, None)))


_json_positions = lru_cache(maxsize=4)(json_text.positions)
_root = lru_cache(maxsize=4)(xml_text.parse)


def _is_xml(data: bytes) -> bool:
    """True when the first sign is that of a tag. Nothing is copied, since it is asked for each place of a document."""
    return _XML.match(data) is not None


@cache
def _definitions() -> Definitions:
    return shipped_definitions()


def _element_at(data: bytes, pointer: str) -> etree._Element:
    """The element behind a pointer. A resource within another has an element of its own inside its place."""
    at = _root(data)[0]
    if at is None:
        raise ValueError("The document is not XML that can be read.")
    for name, index in _steps(pointer):
        inner = next(iter(at), None)
        if inner is not None and len(at) == 1 and etree.QName(inner).localname[:1].isupper():
            at = inner
        twins = [child for child in at if etree.QName(child).localname == name]
        if index >= len(twins):
            break
        at = twins[index]
    return at


def _steps(pointer: str) -> Iterator[tuple[str, int]]:
    for match in _STEP.finditer(pointer):
        yield match[1].removeprefix("_"), int(match[2] or 0)
