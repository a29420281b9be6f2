"""The residue of Effica messages: elements and attributes that a layout does not know, where its XSD allows any.

A place names elements of the plain data (`/Asiakirja/Suunnitelma/Tavoite/1/-`, `.../@{namespace}name`); the value is
the element as exclusive canonical XML. What is carried for other formats stands in `Laajennus`, the last element of
`Asiakirja`. Source: W3C XML Schema 1.0 Part 1 §3.10 (wildcards); Exclusive XML Canonicalization 1.0.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from mappings.surplus import anchor_of
from mappings.xml_tree import from_element
from schemas.issues import Issue, rules_in
from schemas.json_text import canonical, parse, pointer
from schemas.residue import RESIDUE_TYPE, Residue, residue_as_json, residue_from_json
from schemas.xml_text import line_of
from schemas.xml_text import parse as parse_xml
from schemas.xsd import Schema, Shape, named_path

__all__ = ["add_carrier", "carried_in", "foreign_in", "holds_residue", "put_elements_back"]

_RULES = rules_in("mappings")
_CARRIER = "{urn:sote-interop:residue:1}Jaannos"
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_HOLDER = ("Asiakirja", "Laajennus")
_Path = tuple[str | int, ...]


def holds_residue(schema: Schema) -> bool:
    """True when the messages of a schema have the element for what is carried along; a site's own may lack it."""
    document = schema.shape.children.get(_HOLDER[0])
    return document is not None and _HOLDER[1] in document[0].children


def foreign_in(
    element: etree._Element, shape: Shape, path: _Path = (), anchor: str = ""
) -> Iterator[tuple[str, Residue]]:
    """What a message holds beside what its shape knows: each with its XPath. Out: residue of the format `effica`."""
    for name, value in ((str(name), str(value)) for name, value in element.attrib.items()):
        if f"@{name}" not in shape.attributes and not name.startswith(_INSTANCE):
            place = pointer((*path, f"@{name}"))
            yield f"{named_path(element)}/@{etree.QName(name).localname}", Residue("effica", place, value, anchor)
    if not shape.is_group:
        return
    seen: dict[str, int] = {}
    for child in element:
        name = etree.QName(child).localname
        inner, repeats = shape.children.get(name, (None, False))
        if inner is None:
            if child.tag != _CARRIER:
                yield named_path(child), Residue("effica", pointer((*path, "-")), _text(child), anchor)
            continue
        seen[name] = index = seen.get(name, -1) + 1
        here = (*path, name, index) if repeats else (*path, name)
        own = anchor_of(from_element(child, inner)) if repeats and not anchor else anchor
        yield from foreign_in(child, inner, here, own)


def put_elements_back(root: etree._Element, shape: Shape, residue: Sequence[Residue]) -> list[Residue]:
    """Adds elements and attributes at their places in a message of ours. Out: those whose place is not there."""
    found = [(one, _at(root, shape, one)) for one in residue]
    return [one for one, element in found if element is None or not _put(element, one)]


def _at(element: etree._Element, shape: Shape, one: Residue) -> etree._Element | None:
    """The element that takes a residue; the one for foreign elements is made when it is not there."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in one.place.split("/")[1:-1]]
    if steps and steps[-1].startswith("@"):
        steps.pop()
    anchor, at = one.anchor, 0
    while at < len(steps):
        inner, repeats = shape.children.get(steps[at], (None, False))
        if inner is None:
            return None
        twins = [child for child in element if etree.QName(child).localname == steps[at]]
        if not twins and tuple(steps[: at + 1]) == _HOLDER:
            twins = [etree.SubElement(element, f"{{{etree.QName(element).namespace}}}{_HOLDER[1]}")]
        chosen = _chosen(
            twins, steps[at + 1] if repeats and at + 1 < len(steps) else "0", anchor if repeats else "", inner
        )
        if chosen is None:
            return None
        element, shape, at = chosen, inner, at + 1 + repeats
        anchor = "" if repeats else anchor
    return element


def _chosen(twins: list[etree._Element], step: str, anchor: str, shape: Shape) -> etree._Element | None:
    """The element of a number among its twins; by its anchor when it has one."""
    index = int(step) if step.isdecimal() and len(step) < 9 else len(twins)
    if not anchor:
        return twins[index] if index < len(twins) else None
    first = twins[index : index + 1]
    return next((twin for twin in [*first, *twins] if anchor_of(from_element(twin, shape)) == anchor), None)


def _put(element: etree._Element, one: Residue) -> bool:
    last = one.place.rpartition("/")[2]
    if not isinstance(one.value, str):
        return False
    if last == "-":
        foreign, issues = parse_xml(one.value.encode())
        if foreign is None or issues:
            return False
        element.append(foreign)
        foreign.tail = "\n"
        return True
    name = _attribute(one.place)
    if not name or name in element.attrib:
        return False
    element.set(name, one.value)
    return True


def _attribute(place: str) -> str:
    """The name of the attribute at the end of a place, in the form of lxml; empty when it is none."""
    name = place.rpartition("/@")[2].replace("~1", "/").replace("~0", "~") if "/@" in place else ""
    try:
        return str(etree.QName(name).text) if name else ""
    except ValueError:
        return ""


def add_carrier(root: etree._Element, residue: tuple[Residue, ...]) -> None:
    """Adds the element that carries residue."""
    document = root.find(f"{{*}}{_HOLDER[0]}")
    if document is None:
        return
    holder = document.find(f"{{*}}{_HOLDER[1]}")
    if holder is None:
        holder = etree.SubElement(document, f"{{{etree.QName(root).namespace}}}{_HOLDER[1]}")
    nsmap: Any = {None: etree.QName(_CARRIER).namespace}
    element = etree.SubElement(holder, _CARRIER, nsmap=nsmap)
    element.set("laji", RESIDUE_TYPE)
    element.text = b64encode(canonical(residue_as_json(residue))).decode()


def carried_in(root: etree._Element) -> tuple[tuple[Residue, ...], list[Issue]]:
    """The residue that a message carries. Issues: residue_can_be_read"""
    element = root.find(f"{{*}}{_HOLDER[0]}/{{*}}{_HOLDER[1]}/{_CARRIER}")
    if element is None:
        return (), []
    residue = residue_from_json(_json(element.text or ""))
    if residue is None:
        return (), [_RULES["residue_can_be_read"].at(named_path(element), line=line_of(element))]
    return residue, []


def _json(text: str) -> Any:
    try:
        return parse(b64decode("".join(text.split()), validate=True))[0]
    except (Base64Error, ValueError):
        return None


def _text(element: etree._Element) -> str:
    data: bytes = etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)
    return data.decode()
