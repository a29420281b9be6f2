"""The XSD of a derived Effica layout: the frame of the hand-written one, with the layout's own elements in it.

Source: W3C XML Schema 1.0 Part 1; the frame stands in `schemas/effica/effica.xsd`. Provisional, as that is.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from mappings.effica_layout import Element, Layout
from schemas.site import resource
from schemas.xsd import Schema

__all__ = ["frame_schema", "schema_of_layout"]

_XS = "http://www.w3.org/2001/XMLSchema"
_CONTENT = "Suunnitelma"
"""The element of the hand-written frame that holds the content."""


def schema_of_layout(layout: Layout, name: str) -> Schema:
    """The schema of messages in a derived layout. In: `name` tells in the schema's `version` which layout it is."""
    document = _frame(name)
    content = _content_of(document)
    content.set("name", layout.content)
    _hold(content, layout.elements)
    return _compiled(document)


def frame_schema() -> Schema:
    """The schema of a message whose content is of no known structure: the frame is judged, the content is not."""
    document = _frame("frame")
    content = _content_of(document)
    content.tag = f"{{{_XS}}}any"
    content.attrib.clear()
    content.set("processContents", "skip")
    return _compiled(document)


def _frame(name: str) -> etree._Element:
    """The hand-written schema with all its types and those of further values, as a tree of its own."""
    folder = resource("schemas", "effica")
    document, values = (_parsed(folder.joinpath(file).read_bytes()) for file in ("effica.xsd", "values.xsd"))
    document.extend([deepcopy(type_) for type_ in values])
    document.set("version", f"{document.get('version', '')} {name}".strip())
    return document


def _parsed(text: bytes) -> etree._Element:
    return etree.fromstring(text, etree.XMLParser(remove_comments=True, remove_blank_text=True))


def _content_of(document: etree._Element) -> etree._Element:
    found = document.find(f".//{{{_XS}}}element[@name='{_CONTENT}']")
    if found is None:
        raise ValueError(f"The frame has no element {_CONTENT}.")
    found.attrib.pop("type")
    return found


def _hold(declaration: etree._Element, elements: tuple[Element, ...]) -> None:
    """Makes a declared element one that holds others, in their order."""
    sequence = etree.SubElement(etree.SubElement(declaration, f"{{{_XS}}}complexType"), f"{{{_XS}}}sequence")
    for element in elements:
        inner = etree.SubElement(sequence, f"{{{_XS}}}element", name=element.name)
        if element.field.is_group:
            _hold(inner, element.children)
        else:
            inner.set("type", element.type)
        if not element.field.required:
            inner.set("minOccurs", "0")
        if element.field.repeats:
            inner.set("maxOccurs", "unbounded")


def _compiled(document: etree._Element) -> Schema:
    """The schema with those types alone that its root leads to."""
    known = {str(type_.get("name")): type_ for type_ in document if type_.tag != f"{{{_XS}}}element"}
    used: set[str] = set()
    rest = [str(document[0].get("type"))]
    while rest:
        name = rest.pop()
        if name in known and name not in used:
            used.add(name)
            rest += [value for part in known[name].iter() for value in (part.get("type"), part.get("base")) if value]
    for name, type_ in known.items():
        if name not in used:
            document.remove(type_)
    etree.indent(document)
    return Schema(etree.tostring(document, encoding="UTF-8", xml_declaration=True))
