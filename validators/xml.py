"""Judges an XML message by its XSD: libxml2 gives the verdict, and xmlschema explains a document that failed.

Both libraries quote values in their texts, so only the kind and the place of an error are taken from them.
Source: W3C XML Schema 1.0.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

from lxml import etree

from schemas.issues import Issue, rules_in
from schemas.xml_text import line_of
from schemas.xsd import Schema, named_path

if TYPE_CHECKING:
    import xmlschema

__all__ = ["check_xml"]

_RULES = rules_in("validators")
_MOST = 100
"""How many errors of one document are explained."""


def check_xml(schema: Schema, root: etree._Element) -> list[Issue]:
    """The findings about a message, at XPaths by local names with lines.

    Issues: xml_root_is_the_message, xml_element_is_present, xml_element_is_expected, xml_group_holds_elements_only,
    xml_attribute_is_right, xml_value_is_in_its_list, xml_value_has_its_form, xml_follows_its_schema
    """
    if schema.accepts(root):
        return []
    if root.tag != f"{{{schema.namespace}}}{schema.root}":
        return [_RULES["xml_root_is_the_message"].at(named_path(root), line=line_of(root), expected=schema.root)]
    found = {
        (issue.rule.id, issue.path, issue.line): issue for issue in map(_explained, _errors(schema, root), repeat(root))
    }
    return list(found.values()) or [_RULES["xml_follows_its_schema"].at(named_path(root), line=line_of(root))]


def _errors(schema: Schema, root: etree._Element) -> list[Any]:
    errors = []
    for error in _explainer(schema.text).iter_errors(root):
        errors.append(error)
        if len(errors) == _MOST:
            break
    return errors


@cache
def _explainer(text: bytes) -> xmlschema.XMLSchema:
    """The schema in the library that explains. It takes a third of a second to load, and only a failure needs it."""
    import xmlschema  # noqa: PLC0415

    return xmlschema.XMLSchema(text.decode(), allow="none", defuse="always")


def _explained(error: Any, root: etree._Element) -> Issue:
    element = error.elem if isinstance(error.elem, etree._Element) else root
    rule, slots = _rule(error, element)
    return replace(_RULES[rule].at(named_path(element), line=line_of(element)), slots=slots)


def _rule(error: Any, element: etree._Element) -> tuple[str, dict[str, str]]:
    """Which rule an error breaks, and the words of the schema (never of the document) that explain it."""
    name = etree.QName(element).localname
    judge = type(error.validator).__name__
    if type(error).__name__ == "XMLSchemaChildrenValidationError":
        names = _names(error.expected)
        if error.invalid_child is None or (names and _comes_later(error.invalid_child, error.expected)):
            return "xml_element_is_present", {"names": names}
        return "xml_element_is_expected", {"names": names}
    if judge == "XsdGroup":
        return "xml_group_holds_elements_only", {"name": name}
    if judge == "XsdAttributeGroup" or (error.reason or "").startswith("attribute "):
        return "xml_attribute_is_right", {"name": name}
    if judge == "XsdEnumerationFacets":
        allowed = ", ".join(str(value) for value in error.validator.enumeration)
        return "xml_value_is_in_its_list", {"name": name, "allowed": allowed}
    return "xml_value_has_its_form", {"name": name}


def _comes_later(child: etree._Element, expected: Any) -> bool:
    """True when the group knows the child at a later place, so that something is missing before it."""
    groups = [getattr(element, "parent", None) for element in expected or ()]
    return any(child.tag == getattr(known, "name", None) for group in groups if group is not None for known in group)


def _names(expected: Any) -> str:
    """The local names of the elements that could have stood there."""
    names = [getattr(e, "local_name", None) or "" for e in expected or ()]
    return ", ".join(dict.fromkeys(name for name in names if name)) or "-"
