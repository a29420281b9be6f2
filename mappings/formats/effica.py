"""The Effica document message: XML in Effica's own local layout.

Provisional: no interface of the product is public. The layouts written by hand stand in `schemas/effica/` and
`mappings/tables/effica/`, which a site replaces without touching this file; any other structure has a derived layout.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from lxml import etree

from mappings.effica_residue import add_carrier, carried_in, foreign_in, holds_residue, put_elements_back
from mappings.effica_schema import frame_schema, schema_of_layout
from mappings.formats.base import Decoded, Format, Parsed, Place, WriteResult, no_table
from mappings.outline import plain_text
from mappings.report import Entry, Report
from mappings.shipped import mapping_of
from mappings.surplus import Surplus, carried, divided
from mappings.table_error import TableError
from mappings.xml_tree import element_at, from_element, text_at, to_element, to_xml
from schemas import xml_text
from schemas.issues import rules_in
from schemas.limits import DEFAULT_LIMITS, Limits
from schemas.record import Record
from schemas.structures import shipped
from schemas.xml_text import line_of
from schemas.xsd import Schema, load_schema, named_path

__all__ = ["Effica"]

_RULES = rules_in("mappings")
_NO_SCHEMA = (
    "The table names no XSD: add [settings] with schema, the name of a file in schemas/effica. "
    "`interop mappings new --format effica -o DIR` writes both."
)


class Effica(Format):
    """XML document messages of SosiaaliEffica."""

    name = "effica"
    media_type = "application/xml"
    suffix = ".xml"

    @property
    def schema(self) -> Schema:
        """The XSD of the message that is written by hand; every other layout has the same frame."""
        return load_schema("effica", "effica.xsd")

    def schema_for(self, structure: str) -> Schema:
        """The XSD of a structure's messages; of a structure that is not known, one that judges the frame alone."""
        return _schema(structure if structure in shipped() else "")

    def schema_of(self, parsed: Parsed) -> Schema:
        """The XSD of the structure that the message names."""
        return _schema(_structure(parsed.tree))

    def recognises(self, data: bytes, value: Any) -> bool:
        """True for XML that names the message's namespace near its start."""
        return value is None and b"urn:sote-interop:effica:" in data[:4096]

    def parse(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Parsed:
        """The root element of the message."""
        return Parsed(data, *xml_text.parse(data, limits))

    def decode(self, parsed: Parsed, *, traced: bool = False) -> Decoded:
        """The record of a message.

        Issues: document_structure_is_known, residue_can_be_read, and those of the codecs.
        """
        structure = _structure(parsed.tree)
        mapping = mapping_of(self.name, structure)
        if mapping is None:
            place = self.place(parsed, "/Asiakirja/Tiedot/Rakenne")
            return Decoded(None, [_RULES["document_structure_is_known"].at(place.path, line=place.line)])
        outcome = mapping.read(from_element(parsed.tree, _schema(structure).shape), traced=traced)
        root = shipped()[structure].root
        residue, unread = carried_in(parsed.tree)
        record = Record(outcome.tree.get("envelope", {}), {root: outcome.tree.get("content", {})}, residue)
        decoded = self.decoded(parsed, record, outcome)
        return replace(decoded, issues=[*decoded.issues, *unread])

    def write(self, record: Record, *, traced: bool = False) -> WriteResult:
        """The message of a record; what XML or a local code list cannot hold is in the issues and the report."""
        mapping = mapping_of(self.name, record.structure)
        if mapping is None:
            return no_table(self.name)
        identity = {"@juuri": _printable(record.document), "@paate": str(record.version)}
        frame = {
            "Otsake": {"Tunnus": identity, "Luontiaika": _stamp(record)},
            "Asiakirja": {"Nakyma": _view(record)},
        }
        outcome = mapping.write({"envelope": record.envelope, "content": record.body}, frame, traced=traced)
        root = to_element(outcome.tree, _schema(record.structure))
        report = outcome.report + _with_residue(root, _schema(record.structure), record)
        return WriteResult(to_xml(root), report, outcome.issues)

    def surplus(self, parsed: Parsed, record: Record) -> Surplus:
        """The elements and attributes that the message's XSD allows, and its layout does not know."""
        return Surplus(tuple(foreign_in(parsed.tree, _schema(record.structure).shape)))

    def place(self, parsed: Parsed, pointer: str) -> Place:
        """The XPath and line of a place in the message."""
        element = element_at(parsed.tree, pointer)
        return Place(named_path(element, parsed.steps), line_of(element))


def _with_residue(root: etree._Element, schema: Schema, record: Record) -> Report:
    """Puts the residue of Effica back into a message, and adds the element that carries all other residue."""
    shape = schema.shape
    along, back = divided(record.residue, Effica.name, lambda own: put_elements_back(root, shape, own))
    if along and not holds_residue(schema):
        lost = tuple(Entry(f"{one.format}:{one.place}", "The site's XSD has no element for residue.") for one in along)
        return carried((), back) + Report(lost=lost)
    if along:
        add_carrier(root, along)
    return carried(along, back)


def _structure(root: etree._Element) -> str:
    """The OID of the structure that a message names, empty when it is none that is known."""
    named = text_at(root, "Asiakirja", "Tiedot", "Rakenne").strip()
    return named if named in shipped() else ""


@cache
def _schema(structure: str) -> Schema:
    """The schema of a structure's messages: the one that its table names, or the one of its derived layout."""
    mapping = mapping_of(Effica.name, structure)
    if mapping is None:
        return frame_schema()
    settings = mapping.table.settings
    if "schema" in settings:
        return load_schema("effica", settings["schema"])
    if "layout" not in settings:
        raise TableError(f"{mapping.table.name}.toml", 1, _NO_SCHEMA)
    return schema_of_layout(settings["layout"], structure)


def _stamp(record: Record) -> str:
    """The time of drafting as the V3 frame writes it: yyyyMMddHHmmss in the document's own offset."""
    digits = re.sub(r"[^0-9]", "", str(record.envelope.get("created", "")).partition("+")[0])
    return digits[:14].ljust(14, "0")


def _view(record: Record) -> str:
    """The rendered view: the document as plain text, without what XML cannot hold."""
    return _printable(plain_text(record, shipped()[record.structure]))


def _printable(text: str) -> str:
    return re.sub("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
