"""An XML Schema as this service uses it: the verdict, and the shape that turns elements into plain data and back.

The schema files are our own and stand in the package; what a document says about schemas is never followed. The shape
is read from the XSD itself: named complex types with a sequence of elements, as our schemas are written.
Source: W3C XML Schema 1.0 Part 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Lock

from lxml import etree

from schemas.site import resource

__all__ = ["Schema", "Shape", "Steps", "load_schema", "named_path"]

Steps = dict[etree._Element, str]
"""The last step of the path of each element that was looked at."""

_XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, slots=True)
class Shape:
    """What an element holds: its attributes, and its child elements in their order."""

    attributes: tuple[str, ...] = ()
    children: Mapping[str, tuple[Shape, bool]] = field(default_factory=dict)
    """The shape of each child element, and whether it repeats."""
    is_group: bool = False
    """True for an element that holds elements or nothing, and no text: an empty group is one too."""

    @property
    def is_leaf(self) -> bool:
        """True for an element that is plain text: no attributes and no child elements."""
        return not self.attributes and not self.is_group


class Schema:
    """One compiled XSD. One thread at a time asks it, as libxml2's error log belongs to the schema.

    Raises: ValueError for a text that is no schema of the kind that this reader follows.
    """

    def __init__(self, text: bytes) -> None:
        try:
            self._document = etree.fromstring(text)
            self._verdict = etree.XMLSchema(self._document)
        except etree.XMLSyntaxError as error:
            raise ValueError("The XSD is not well-formed XML.") from error
        except etree.XMLSchemaParseError as error:
            raise ValueError("The XML is not an XML Schema.") from error
        self._lock = Lock()
        self.namespace = self._document.get("targetNamespace", "")
        self.text = text
        root = self._document.find(f"{_XS}element")
        if root is None:
            raise ValueError("The XSD declares no root element.")
        self.root = root.get("name", "")
        self.shape = self._shape(root, ())

    def accepts(self, root: etree._Element) -> bool:
        """True when the document is valid."""
        with self._lock:
            return bool(self._verdict.validate(root))

    def _shape(self, declaration: etree._Element, above: tuple[str, ...]) -> Shape:
        type_ = self._type(declaration)
        if type_ is None:
            return Shape()
        name = type_.get("name", "")
        if name and name in above:
            raise ValueError(f"The type {name} holds itself, which this reader does not follow.")
        text = type_.find(f"{_XS}simpleContent/{_XS}extension")
        own = type_ if text is None else text
        attributes = tuple(f"@{a.get('name')}" for a in own.findall(f"{_XS}attribute"))
        children = {
            str(child.get("name")): (self._shape(child, (*above, name)), child.get("maxOccurs", "1") != "1")
            for child in own.findall(f"{_XS}sequence/{_XS}element")
        }
        return Shape(attributes, children, is_group=text is None)

    def _type(self, declaration: etree._Element) -> etree._Element | None:
        """The complex type of an element, inline or by name; None for simple content without attributes."""
        inline = declaration.find(f"{_XS}complexType")
        if inline is not None:
            return inline
        name = (declaration.get("type") or "").split(":")[-1]
        return self._document.find(f"{_XS}complexType[@name='{name}']")


def named_path(element: etree._Element, steps: Steps | None = None) -> str:
    """The XPath of an element by local names, with positions among siblings of the same name: `/a/b[2]/c`.

    In: `steps` keeps what was found on the way, for many paths of one document.
    """
    steps = {} if steps is None else steps
    path: list[str] = []
    at: etree._Element | None = element
    while at is not None:
        parent = at.getparent()
        if at not in steps:
            steps |= _steps([at] if parent is None else list(parent.iterchildren(etree.Element)))
        path.append(steps[at])
        at = parent
    return "/" + "/".join(reversed(path))


def _steps(siblings: Sequence[etree._Element]) -> Steps:
    """The last step of the path of each element among its siblings."""
    whole = Counter(one.tag for one in siblings)
    so_far: Counter[str] = Counter()
    steps: Steps = {}
    for one in siblings:
        so_far[one.tag] += 1
        name = etree.QName(one).localname
        steps[one] = f"{name}[{so_far[one.tag]}]" if whole[one.tag] > 1 else name
    return steps


@cache
def load_schema(folder: str, name: str) -> Schema:
    """The schema that is shipped as `schemas/<folder>/<name>`, compiled once. Raises: ValueError for a broken one."""
    return Schema(resource("schemas", folder, name).read_bytes())
