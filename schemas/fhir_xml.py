"""Writes and reads FHIR resources in XML, in the order and with the types that the definitions give.

The digits of decimals, `id` and `url` as attributes, extensions on primitives and narratives survive there and back.
Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/xml.html, json.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from html.entities import name2codepoint
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

from schemas import xml_text
from schemas.fhir_definitions import Definitions
from schemas.issues import Issue, rules_in
from schemas.xml_text import line_of

__all__ = ["parse_narrative", "read_xml", "write_xml"]

_RULES = rules_in("schemas", "fhir_xml")
_FHIR = "http://hl7.org/fhir"
_XHTML = "http://www.w3.org/1999/xhtml"
_SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_NUMBERS = frozenset({"integer", "unsignedInt", "positiveInt"})
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})


@dataclass(slots=True)
class _Child:
    """One JSON name: the type behind it, whether JSON has an array for it, and its place in the order of XML."""

    code: str
    repeats: bool
    attribute: bool
    rank: int
    inner: _Kind | None = None


@dataclass(slots=True)
class _Kind:
    """The children of a type or a backbone element, by JSON name, in the order of XML."""

    name: str
    children: dict[str, _Child] = field(default_factory=dict)


def write_xml(resource: Mapping[str, Any], definitions: Definitions) -> bytes:
    """The resource as a UTF-8 XML document. In: a resource that is valid in its structure.

    Loses: elements that R4 does not know. Raises: ValueError when the type is unknown or a value has no place in XML.
    """
    body = "".join(_resource(resource, definitions, f' xmlns="{_FHIR}"'))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def read_xml(root: etree._Element, definitions: Definitions) -> tuple[dict[str, Any] | None, list[Issue]]:
    """The resource that an XML document holds, as its JSON, or None with the issues that forbid reading it.

    In: a root that was parsed as hostile. Out: what is not known is kept under its name, for the validator to tell.
    Issues: fhir_xml_root_is_a_resource, fhir_xml_element_is_of_fhir, fhir_xml_holds_no_text,
    fhir_xml_attribute_is_known, fhir_xml_elements_are_in_order, fhir_xml_resource_is_one
    """
    reader = _Reader(definitions)
    return reader.resource(root), reader.issues


def _kind(definitions: Definitions, name: str) -> _Kind | None:
    """The children of a type of FHIR; made once."""
    key = ("xml", name)
    if key not in definitions.compiled:
        found = definitions.type(name)
        definitions.compiled[key] = _compiled(found) if found is not None else None
    kind: _Kind | None = definitions.compiled[key]
    return kind


def _compiled(structure: Mapping[str, Any]) -> _Kind:
    kinds: dict[str, _Kind] = {}
    references: list[tuple[_Child, str]] = []
    elements = structure["snapshot"]["element"]
    for rank, element in enumerate(elements):
        path = str(element["path"])
        parent, _, name = path.rpartition(".")
        kinds[path] = kinds.get(path) or _Kind(path)
        if not parent:
            continue
        repeats = str(element.get("base", {}).get("max", element.get("max"))) not in ("0", "1")
        attribute = "xmlAttr" in element.get("representation", ())
        for key, code in _names(name, element.get("type", ())):
            child = _Child(code, repeats, attribute, rank)
            if reference := element.get("contentReference"):
                references.append((child, str(reference).rpartition("#")[2]))
            elif any(str(other["path"]).startswith(path + ".") for other in elements[rank + 1 : rank + 2]):
                child.inner = kinds[path]
            kinds[parent].children[key] = child
    for child, target in references:
        child.inner = kinds[target]
    return kinds[str(elements[0]["path"])]


def _names(name: str, types: Any) -> Iterator[tuple[str, str]]:
    codes = [str(entry.get("code")) for entry in types] or [""]
    if not name.endswith("[x]"):
        yield name, codes[0]
        return
    for code in codes:
        yield name.removesuffix("[x]") + code[:1].upper() + code[1:], code


def _resource(resource: Mapping[str, Any], definitions: Definitions, attributes: str = "") -> Iterator[str]:
    name = resource.get("resourceType")
    kind = _kind(definitions, name) if isinstance(name, str) and definitions.resource_type(name) else None
    if kind is None:
        raise ValueError("The type of the resource is not one of FHIR R4.")
    yield f"<{name}{attributes}>"
    yield from _children(resource, kind, definitions)
    yield f"</{name}>"


def _children(node: Mapping[str, Any], kind: _Kind, definitions: Definitions) -> Iterator[str]:
    for key, child in kind.children.items():
        if child.attribute or (key not in node and "_" + key not in node):
            continue
        for value, shadow in _pairs(node.get(key), node.get("_" + key), repeats=child.repeats):
            yield from _element(key, child, value, shadow, definitions)


def _pairs(value: Any, shadow: Any, *, repeats: bool) -> Iterator[tuple[Any, Any]]:
    """Each value of an element with the extensions that stand beside it."""
    if not repeats:
        yield value, shadow
        return
    values = value if isinstance(value, list) else []
    shadows = shadow if isinstance(shadow, list) else []
    for index in range(max(len(values), len(shadows))):
        yield (values[index] if index < len(values) else None), (shadows[index] if index < len(shadows) else None)


def _element(key: str, child: _Child, value: Any, shadow: Any, definitions: Definitions) -> Iterator[str]:
    if child.code == "xhtml":
        yield _narrative(value)
    elif isinstance(value, dict) and "resourceType" in value:
        yield f"<{key}>"
        yield from _resource(value, definitions)
        yield f"</{key}>"
    elif child.inner is None and child.code[:1].islower():
        yield from _primitive(key, value, shadow, definitions)
    else:
        kind = child.inner or _kind(definitions, child.code)
        if kind is None or not isinstance(value, dict):
            raise ValueError(f"The element {key} has no place in XML.")
        yield f"<{key}{_attributes(value, kind)}>"
        yield from _children(value, kind, definitions)
        yield f"</{key}>"


def _primitive(key: str, value: Any, shadow: Any, definitions: Definitions) -> Iterator[str]:
    given = shadow if isinstance(shadow, dict) else {}
    element = _kind(definitions, "Element")
    attributes = _attributes(given, element) if element is not None else ""
    if value is not None:
        attributes += f" value={_quoted(_text(value))}"
    inner = "".join(_children(given, element, definitions)) if element is not None else ""
    yield f"<{key}{attributes}>{inner}</{key}>" if inner else f"<{key}{attributes}/>"


def _attributes(node: Mapping[str, Any], kind: _Kind) -> str:
    return "".join(
        f" {key}={_quoted(str(node[key]))}" for key, child in kind.children.items() if child.attribute and key in node
    )


def _quoted(text: str) -> str:
    """The text as an attribute. White space is written so that a reader of XML does not even it out."""
    return quoteattr(text, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float, Decimal)):
        return str(value)
    raise ValueError("A value is not one of a primitive type.")


def _narrative(value: Any) -> str:
    root = parse_narrative(value)
    if root is None or root.tag != f"{{{_XHTML}}}div":
        raise ValueError("The narrative is not a div of XHTML.")
    return _ENTITY.sub(_character, value).strip()


def parse_narrative(text: Any) -> etree._Element | None:
    """The root element of a narrative, or None when it is not well-formed. HTML's named characters are understood."""
    if not isinstance(text, str):
        return None
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    return xml_text.parse_part(text)


def _character(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name in _OF_XML or name not in name2codepoint else f"&#{name2codepoint[name]};"


class _Reader:
    """Reads one document."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self.issues: list[Issue] = []

    def resource(self, element: etree._Element) -> dict[str, Any] | None:
        qualified = etree.QName(element)
        name = qualified.localname if qualified.namespace == _FHIR else ""
        kind = _kind(self._definitions, name) if name and self._definitions.resource_type(name) else None
        if kind is None:
            self._say("fhir_xml_root_is_a_resource", element)
            return None
        self._check_attributes(element, frozenset({_SCHEMA_LOCATION}))
        return {"resourceType": name, **self._members(element, kind)}

    def _members(self, element: etree._Element, kind: _Kind) -> dict[str, Any]:
        found: dict[str, Any] = {key: str(element.get(key)) for key in _own(kind) if element.get(key) is not None}
        if (element.text or "").strip():
            self._say("fhir_xml_holds_no_text", element)
        latest = -1
        for one in element.iterchildren(tag=etree.Element):
            if (one.tail or "").strip():
                self._say("fhir_xml_holds_no_text", element)
            name = self._name(one, narrative="div" in kind.children)
            if not name:
                continue
            child = kind.children.get(name)
            if child is None:
                found.setdefault(name, one.get("value", ""))
                continue
            if child.rank < latest:
                self._say("fhir_xml_elements_are_in_order", one)
            latest = max(latest, child.rank)
            self._put(found, name, child, one)
        return _trimmed(found, kind)

    def _put(self, found: dict[str, Any], name: str, child: _Child, element: etree._Element) -> None:
        if child.code == "xhtml":
            value: Any = etree.tostring(element, encoding="unicode", with_tail=False)
            shadow = None
        elif child.inner is None and child.code[:1].islower():
            value, shadow = self._primitive(element, child.code)
        else:
            value, shadow = self._complex(element, child), None
        if not child.repeats:
            if name in found or "_" + name in found:
                # One too many: as an array, for the validator to tell.
                value = [*(found[name] if isinstance(found.get(name), list) else [found.get(name)]), value]
            if value is not None:
                found[name] = value
            if shadow:
                found["_" + name] = shadow
            return
        found.setdefault(name, []).append(value)
        found.setdefault("_" + name, []).append(shadow)

    def _primitive(self, element: etree._Element, code: str) -> tuple[Any, dict[str, Any] | None]:
        self._check_attributes(element, frozenset({"id", "value"}))
        text = element.get("value")
        value = None if text is None else _value(str(text), code)
        if not len(element) and element.get("id") is None:
            if (element.text or "").strip():
                self._say("fhir_xml_holds_no_text", element)
            return value, None
        kind = _kind(self._definitions, "Element")
        return value, self._members(element, kind) if kind is not None else None

    def _complex(self, element: etree._Element, child: _Child) -> Any:
        kind = child.inner or _kind(self._definitions, child.code)
        structure = self._definitions.type(child.code) if child.inner is None else None
        if structure is not None and structure["kind"] == "resource":
            inner = list(element.iterchildren(tag=etree.Element))
            if len(inner) != 1:
                self._say("fhir_xml_resource_is_one", element)
                return {}
            return self.resource(inner[0])
        if kind is None:
            return {}
        self._check_attributes(element, frozenset(_own(kind)))
        return self._members(element, kind)

    def _name(self, element: etree._Element, *, narrative: bool = False) -> str:
        name = etree.QName(element)
        if name.namespace == _FHIR or (narrative and name.namespace == _XHTML and name.localname == "div"):
            return name.localname
        self._say("fhir_xml_element_is_of_fhir", element)
        return ""

    def _check_attributes(self, element: etree._Element, known: frozenset[str]) -> None:
        if any(str(key) not in known for key in element.attrib):
            self._say("fhir_xml_attribute_is_known", element)

    def _say(self, rule: str, element: etree._Element) -> None:
        path = element.getroottree().getelementpath(element)
        plain = re.sub(r"\{[^}]*\}", "", path)
        self.issues.append(_RULES[rule].at("/" + plain, line=line_of(element)))


def _own(kind: _Kind) -> list[str]:
    return [key for key, child in kind.children.items() if child.attribute]


def _trimmed(found: dict[str, Any], kind: _Kind) -> dict[str, Any]:
    """The members without the arrays that hold nothing but nulls."""
    return {
        key: value
        for key, value in found.items()
        if not isinstance(value, list)
        or key.removeprefix("_") not in kind.children
        or any(v is not None for v in value)
    }


def _value(text: str, code: str) -> Any:
    """The JSON value of a text; a text that is not of its type stays a text, for the validator to tell."""
    if code == "boolean" and text in ("true", "false"):
        return text == "true"
    if code in _NUMBERS and _WHOLE.fullmatch(text) and len(text) < 20:
        return int(text)
    if code == "decimal" and _DECIMAL.fullmatch(text):
        try:
            return Decimal(text) if not _WHOLE.fullmatch(text) or len(text) > 19 else int(text)
        except InvalidOperation:
            return text
    return text
