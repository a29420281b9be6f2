"""Turns XML elements into plain data and back, after the shape that the XSD gives.

An element with attributes or children is a dict: `@name` for an attribute, `#text` for the text, a list for an element
that repeats. A plain text element is a string.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from schemas.xsd import Schema, Shape

__all__ = ["element_at", "from_element", "text_at", "to_element", "to_xml"]


def from_element(element: etree._Element, shape: Shape) -> Any:
    """The plain data of an element. What the shape does not know is left out: the schema check has named it."""
    if shape.is_leaf:
        return element.text or ""
    tree: dict[str, Any] = {name: value for name in shape.attributes if (value := element.get(name[1:])) is not None}
    if not shape.is_group:
        return tree | {"#text": element.text} if element.text else tree
    for child in element:
        name = etree.QName(child).localname
        known = shape.children.get(name)
        if known is None:
            continue
        inner, repeats = known
        value = from_element(child, inner)
        if repeats:
            tree.setdefault(name, []).append(value)
        else:
            tree.setdefault(name, value)
    return tree


def to_element(tree: dict[str, Any], schema: Schema) -> etree._Element:
    """The XML of plain data as a tree, indented, its elements in the order of the schema."""
    nsmap: Any = {None: schema.namespace}
    root = etree.Element(f"{{{schema.namespace}}}{schema.root}", nsmap=nsmap)
    _fill(root, tree, schema.shape, f"{{{schema.namespace}}}")
    etree.indent(root)
    return root


def to_xml(root: etree._Element, encoding: str = "UTF-8") -> bytes:
    """The XML document of a tree."""
    text: bytes = etree.tostring(root, encoding=encoding, xml_declaration=True)  # type: ignore[assignment]
    return text + b"\n"


def _fill(element: etree._Element, tree: Any, shape: Shape, namespace: str) -> None:
    if not isinstance(tree, dict):
        element.text = tree
        return
    for name in shape.attributes:
        if name in tree:
            element.set(name[1:], tree[name])
    if "#text" in tree:
        element.text = tree["#text"]
    for name, (inner, _) in shape.children.items():
        values = tree.get(name, [])
        for value in values if isinstance(values, list) else [values]:
            _fill(etree.SubElement(element, namespace + name), value, inner, namespace)


def element_at(root: etree._Element, pointer: str) -> etree._Element:
    """The element that a JSON Pointer into the plain data stands for, or the nearest one above it."""
    element = root
    for step in pointer.split("/")[1:]:
        if step.startswith(("@", "#")):
            break
        if step.isdecimal():
            for _, twin in zip(range(int(step)), element.itersiblings(element.tag), strict=False):
                element = twin
            continue
        child = next((c for c in element if etree.QName(c).localname == step), None)
        if child is None:
            break
        element = child
    return element


def text_at(root: etree._Element, *names: str) -> str:
    """The text of the element to which the local names lead from the root down, empty when there is none."""
    element: etree._Element | None = root
    for name in names:
        element = next((c for c in element if etree.QName(c).localname == name), None) if element is not None else None
    return (element.text or "") if element is not None else ""
