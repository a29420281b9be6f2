"""Reads foreign XML as hostile: no DTD, no entities, no network, bounded size and depth.

Source: XML 1.0 (Fifth Edition) §2.1, §2.8, §4.3.3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from lxml import etree

from schemas.issues import Issue, rules_in
from schemas.limits import DEFAULT_LIMITS, Limits

__all__ = ["declared_encoding", "line_of", "parse", "parse_part"]

_RULES = rules_in("schemas")
_DECLARATION = re.compile(rb"""^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_SINGLE_BYTE = frozenset({"ISO-8859-1", "ISO-8859-15", "WINDOWS-1252"})
_ENCODINGS = _SINGLE_BYTE | {"UTF-8", "US-ASCII"}
_ERRORS: Mapping[int, str] = {
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: "document_is_xml",
    etree.ErrorTypes.ERR_DOCUMENT_END: "xml_has_one_root",
    etree.ErrorTypes.ERR_INVALID_ENCODING: "xml_characters_are_as_declared",
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: "xml_is_complete",
    etree.ErrorTypes.ERR_GT_REQUIRED: "xml_is_complete",
    etree.ErrorTypes.ERR_ATTRIBUTE_NOT_STARTED: "xml_is_well_formed",
    etree.ErrorTypes.ERR_ATTRIBUTE_NOT_FINISHED: "xml_is_complete",
    etree.ErrorTypes.ERR_LTSLASH_REQUIRED: "xml_is_complete",
    etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING: "xml_encoding_is_supported",
    etree.ErrorTypes.ERR_UNKNOWN_ENCODING: "xml_encoding_is_supported",
}


def parse(data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[etree._Element | None, list[Issue]]:
    """The root element, or None with the issues that forbid reading the document.

    Issues: document_is_within_size_limit, document_is_not_empty, document_is_xml, xml_encoding_is_supported,
    xml_characters_are_as_declared, xml_has_no_dtd, xml_has_one_root, xml_is_complete, xml_is_well_formed,
    document_is_within_depth_limit, document_is_within_node_limit, element_is_within_attribute_limit
    """
    issues = _check_bytes(data, limits)
    if issues:
        return None, issues
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        return None, [_why_unreadable(error, limits)]
    issues = _check_tree(root, limits)
    return (None if issues else root), issues


def parse_part(text: str, limits: Limits = DEFAULT_LIMITS) -> etree._Element | None:
    """The root element of XML that stands as text within a document, or None when it is not well-formed.

    In: a text of a document whose size has been judged. Its depth is bounded by libxml2, at 256.
    """
    text = text.strip()
    if len(text) > limits.size or "<!DOCTYPE" in text or "<!ENTITY" in text or text.startswith("<?xml"):
        return None
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), _parser())
    except etree.XMLSyntaxError:
        return None


def declared_encoding(data: bytes) -> str:
    """The encoding that the document says it has, in capitals; UTF-8 when it says nothing."""
    found = _DECLARATION.match(data.removeprefix(b"\xef\xbb\xbf"))
    return found[1].decode().upper() if found else "UTF-8"


def line_of(element: etree._Element) -> int | None:
    """The line on which an element starts, counted from 1."""
    line = getattr(element, "sourceline", None)
    return line if isinstance(line, int) else None


@cache
def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


def _check_bytes(data: bytes, limits: Limits) -> list[Issue]:
    if len(data) > limits.size:
        return [_RULES["document_is_within_size_limit"].at(limit=str(limits.size))]
    if not data.strip():
        return [_RULES["document_is_not_empty"].at()]
    encoding = declared_encoding(data)
    if encoding not in _ENCODINGS or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return [_RULES["xml_encoding_is_supported"].at(line=1, allowed=", ".join(sorted(_ENCODINGS)))]
    if encoding in _SINGLE_BYTE and _is_really_utf8(data):
        return [_RULES["xml_characters_are_as_declared"].at(line=1)]
    dtd = re.search(rb"<!(DOCTYPE|ENTITY)", data)
    if dtd:
        return [_RULES["xml_has_no_dtd"].at(line=data.count(b"\n", 0, dtd.start()) + 1)]
    return []


def _is_really_utf8(data: bytes) -> bool:
    """True when bytes that are declared as a single-byte encoding make sense as UTF-8 only."""
    if data.isascii():
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _why_unreadable(error: etree.XMLSyntaxError, limits: Limits) -> Issue:
    """The rule that unreadable XML breaks. The library's text may quote the document, so only its code is used."""
    line, column = error.position
    code: int = getattr(error, "code", 0)
    if code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
        return _RULES["document_is_within_depth_limit"].at(line=line, limit=str(limits.depth))
    rule = _RULES[_ERRORS.get(code, "xml_is_well_formed")]
    return rule.at(line=line, column=column or None, allowed=", ".join(sorted(_ENCODINGS)))


def _check_tree(root: etree._Element, limits: Limits) -> list[Issue]:
    if root.getroottree().docinfo.internalDTD is not None:
        return [_RULES["xml_has_no_dtd"].at(line=1)]
    level, depth, nodes = [root], 0, 0
    while level:
        depth, nodes = depth + 1, nodes + len(level)
        if depth > limits.depth:
            return [_RULES["document_is_within_depth_limit"].at(line=line_of(level[0]), limit=str(limits.depth))]
        if nodes > limits.nodes:
            return [_RULES["document_is_within_node_limit"].at(limit=str(limits.nodes))]
        crowded = next((element for element in level if len(element.attrib) > limits.attributes), None)
        if crowded is not None:
            limit = str(limits.attributes)
            return [_RULES["element_is_within_attribute_limit"].at(line=line_of(crowded), limit=limit)]
        level = [child for element in level for child in element]
    return []
