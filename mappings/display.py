"""The sheet as XHTML: what the Kanta document shows, and the page of a form on a screen.

Source: HTML Living Standard, the XML syntax; XML 1.0 §2.2 (characters).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from lxml import etree

from mappings.sheet import Part, Sheet, words_of

__all__ = ["XHTML", "child", "displayed", "in_xml", "page", "view", "with_head", "written"]

XHTML = "http://www.w3.org/1999/xhtml"
"""The namespace of XHTML."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_WIDTHS = {"date": 3, "instant": 4}
_BOX = "☐ "
_VOID = frozenset({"meta", "br", "hr"})
"""Elements that are never closed. Every other one is, even when empty, so that a reader of HTML reads the same."""


def page(sheet: Sheet, style: str) -> bytes:
    """A page for a browser: the same as HTML and as XHTML. In: `style` is the style sheet that stands in it."""
    root, _ = with_head(sheet, style)
    root.append(view(sheet))
    return b"<!DOCTYPE html>\n" + written(root).partition(b"\n")[2]


def with_head(sheet: Sheet, style: str) -> tuple[etree._Element, etree._Element]:
    """An XHTML document of a sheet that has only its head yet. Out: the root and the head."""
    nsmap: Any = {None: XHTML}
    root = etree.Element(f"{{{XHTML}}}html", nsmap=nsmap)
    root.set("lang", sheet.language)
    root.set(_LANG, sheet.language)
    head = child(root, "head")
    child(head, "meta").set("charset", "utf-8")
    child(head, "title", sheet.title)
    child(head, "style", style)
    return root, head


def view(sheet: Sheet) -> etree._Element:
    """The `body` element of a sheet. Loses: characters that XML cannot hold; the sign � stands for them."""
    body = etree.Element(f"{{{XHTML}}}body")
    main = child(body, "main")
    header = child(main, "header")
    child(header, "h1", sheet.title)
    for line in sheet.intro:
        child(header, "p", line, "note")
    if sheet.facts:
        facts = child(header, "dl", kind="facts")
        for label, value in sheet.facts:
            child(facts, "dt", label)
            child(facts, "dd", value)
    _parts(main, sheet.parts, 2, sheet.language)
    if sheet.written_in != sheet.language:
        for element in main.iter(_tag("dd"), _tag("p")):
            if element.tag == _tag("dd") or element.get("class") == "value":
                element.set("lang", sheet.written_in)
                element.set(_LANG, sheet.written_in)
    if sheet.note:
        child(child(main, "footer"), "p", sheet.note, "note")
    return body


def displayed(sheet: Sheet) -> Sheet:
    """The sheet without the words for a reader of a printout: what is left is the document itself."""
    return replace(sheet, intro=(), note="")


def child(parent: etree._Element, name: str, text: str = "", kind: str = "") -> etree._Element:
    """A new XHTML element in a parent, with text and class."""
    element = etree.SubElement(parent, _tag(name))
    if name not in _VOID:
        element.text = in_xml(text)
    if kind:
        element.set("class", kind)
    return element


def in_xml(text: str) -> str:
    """The text with the sign � for every character that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def written(root: etree._Element) -> bytes:
    """The bytes of an XHTML document, each block on a line of its own, so that a line number means something."""
    for element in root.iterdescendants():
        if element.tag != _tag("span"):
            element.tail = "\n"
    text: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


@cache
def _tag(name: str) -> str:
    return f"{{{XHTML}}}{name}"


def _parts(parent: etree._Element, parts: Sequence[Part], level: int, language: str) -> None:
    terms: etree._Element | None = None
    for part in parts:
        if part.kind == "value" and part.label:
            terms = child(parent, "dl") if terms is None else terms
            child(terms, "dt", part.label)
            for value in part.values:
                child(terms, "dd", value)
            continue
        terms = None
        if part.kind == "group":
            _group(parent, part, level, language)
        elif part.kind == "value":
            for value in part.values:
                child(parent, "p", value, "value")
        else:
            _room(parent, part, language)


def _group(parent: etree._Element, part: Part, level: int, language: str) -> None:
    section = child(parent, "section")
    if part.label:
        child(section, f"h{min(level, 6)}", part.label)
    _parts(section, part.parts, level + bool(part.label), language)


def _room(parent: etree._Element, part: Part, language: str) -> None:
    """Room to write one field by hand."""
    words = words_of(language)
    field = child(parent, "div", kind="field")
    if part.label:
        child(field, "p", part.label, "label")
    match part.kind:
        case "choose_one" | "choose_any":
            if len(part.choices) > 2 or part.kind == "choose_any":
                child(field, "p", words[part.kind], "hint")
            choices = child(field, "ul", kind="choices")
            for choice in part.choices:
                child(choices, "li", _BOX + choice)
        case "pick":
            child(field, "p", words["pick_from"], "hint")
            child(field, "p", " · ".join(part.choices), "hint")
    if part.kind in ("date", "instant", "quantity"):
        _short_lines(field, part, str(words["unit" if part.kind == "quantity" else part.kind]))
    for _ in range(part.size if part.kind in ("text", "line", "pick") else 0):
        child(field, "div", kind="line")


def _short_lines(field: etree._Element, part: Part, hint: str) -> None:
    row = child(field, "div", kind="parts")
    for _ in range(_WIDTHS.get(part.kind, 1)):
        child(row, "div", kind="line")
    child(row, "span", hint, "hint")
