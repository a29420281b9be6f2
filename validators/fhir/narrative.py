"""Judges the XHTML of a narrative: well-formed, one `div`, and only the elements and attributes that FHIR allows.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/narrative.html#xhtml (txt-1, txt-2)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

__all__ = ["has_content", "is_allowed"]

_XHTML = "{http://www.w3.org/1999/xhtml}"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _words(
    """a abbr acronym address area b bdo big blockquote br caption center cite code col colgroup dd del dfn dir div dl
    dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li map menu ol p pre q s samp small span strike strong style sub sup
    table tbody td tfoot th thead tr tt u ul var"""
)
_QUALIFIED: Mapping[Any, str] = {_XHTML + tag: tag for tag in _TAGS}
_EVERYWHERE = _words("title style class id lang xml:lang dir accesskey tabindex")
_TABLE = _words("align char charoff valign span width rowspan colspan abbr axis headers scope bgcolor")
_OF_TAG: Mapping[str, frozenset[str]] = {
    "a": _words("charset type name href hreflang rel rev shape coords target"),
    "area": _words("shape coords href nohref alt"),
    "img": _words("src alt longdesc height width usemap ismap border align"),
    "map": _words("name"),
    "table": _words("summary width border frame rules cellspacing cellpadding bgcolor align"),
    "font": _words("color size face"),
    "style": _words("type media"),
    "br": _words("clear"),
    "pre": _words("width xml:space"),
    **dict.fromkeys(("q", "blockquote", "ins", "del"), _words("cite datetime")),
    **dict.fromkeys(("td", "th", "tr", "tbody", "thead", "tfoot", "col", "colgroup"), _TABLE | {"nowrap", "height"}),
    **dict.fromkeys(("ol", "ul", "li"), _words("type start value compact")),
    **dict.fromkeys(("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "caption", "hr"), _words("align width")),
}
_SCRIPTED = re.compile(r"\s*(?:javascript|vbscript)\s*:|\s*data\s*:\s*text/", re.IGNORECASE)
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}"


def is_allowed(root: etree._Element) -> bool:
    """True when the narrative is one `div` that holds only what FHIR allows: no script, no form, no event handler."""
    if root.tag != _XHTML + "div":
        return False
    for element in root.iter():
        name = _QUALIFIED.get(element.tag)
        if name is None:
            return False
        if element.attrib and not all(_attribute_is_allowed(name, str(k), str(v)) for k, v in element.attrib.items()):
            return False
    return True


def has_content(root: etree._Element) -> bool:
    """True when the narrative holds text or an image."""
    return any(text.strip() for text in root.itertext()) or root.find(f".//{_XHTML}img") is not None


def _attribute_is_allowed(tag: str, name: str, value: str) -> bool:
    name = name.replace(_LANGUAGE, "xml:")
    if name not in _EVERYWHERE and name not in _OF_TAG.get(tag, ()):
        return False
    return not (name in ("href", "src", "cite", "longdesc") and _SCRIPTED.match(value))
