"""Judges a Kanta document that is being read: its markup, and whether display and data are of one content.

Source: Sosiaalihuollon asiakirjastandardi 3.3 (27.9.2023), display form and structured form; `profile.toml`, display.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from mappings.display import XHTML, displayed, in_xml, view
from mappings.kanta.metadata import Where
from mappings.kanta.profile import Profile
from mappings.kanta.rules import KANTA_RULES
from mappings.sheet import SHEET_LANGUAGES, Sheet, filled_sheet, words_of
from schemas.issues import Issue
from schemas.record import Record, envelope_structure
from schemas.residue import RESIDUE_TYPE
from schemas.structures import Field, Structure
from schemas.xml_text import line_of

__all__ = ["check_display", "check_markup"]

MOST_ISSUES = 100
"""How many issues of one kind are told of one document; a hostile one could have a million."""
_MOST_WORK = 1_000_000_000
"""How many characters are looked through for values that do not stand where they are expected."""
_INLINE = frozenset({"span", "strong", "em", "b", "i"})
_SPACE = re.compile(r"\s+")
_STYLESHEET = b"<?xml-stylesheet"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One value that must be seen: its text, the pointer under the content's root, and the name of its field."""

    text: str
    path: str
    label: Mapping[str, str]


def check_markup(root: etree._Element, data: bytes, profile: Profile) -> list[Issue]:
    """What in a document is outside the markup that the profile allows.

    Issues: kanta_display_has_allowed_markup_only, kanta_stylesheet_is_that_of_the_profile
    """
    issues: list[Issue] = []
    if _STYLESHEET in data:
        line = data.count(b"\n", 0, data.index(_STYLESHEET)) + 1
        issues.append(KANTA_RULES["kanta_stylesheet_is_that_of_the_profile"].at("/", line=line))
    for element in root.iter():
        rule = _fault(element, profile)
        if rule:
            issues.append(KANTA_RULES[rule].at(_path(element, profile), line=line_of(element)))
        if len(issues) >= MOST_ISSUES:
            break
    return issues


def check_display(
    body: etree._Element, record: Record, structure: Structure, place: Callable[[str], Where], *, ours: bool
) -> list[Issue]:
    """Where the display and the data of a document are not of one content.

    In: `place` gives the path and line in the document for a pointer under the content's root; `ours` when the
    document names the edition of this profile, whose display is made from the data and nothing else.
    Issues: kanta_display_shows_all_data, kanta_display_says_no_more_than_the_data, kanta_display_can_be_checked_wholly,
    kanta_display_is_made_from_the_data
    """
    sheets = [filled_sheet(record, structure, language) for language in SHEET_LANGUAGES]
    text = _shown(body)
    language = body.getroottree().getroot().get("lang", record.language)
    own = sheets[SHEET_LANGUAGES.index(language) if language in SHEET_LANGUAGES else 0]
    if text == _shown(view(displayed(own))):
        return []
    issues: list[Issue] = []
    missing, whole = _missing(list(_leaves(own, structure)), text)
    for leaf in missing[:MOST_ISSUES]:
        path, line = place(leaf.path)
        issues.append(KANTA_RULES["kanta_display_shows_all_data"].at(path, line=line, field=leaf.label))
    if not whole:
        issues.append(KANTA_RULES["kanta_display_can_be_checked_wholly"].at("/html/body", line=line_of(body)))
    issues += _surplus(body, sheets)
    if ours and not issues:
        issues.append(KANTA_RULES["kanta_display_is_made_from_the_data"].at("/html/body", line=line_of(body)))
    return issues


def _fault(element: etree._Element, profile: Profile) -> str:
    """The rule that an element breaks, if it breaks one."""
    name = _name(element)
    if name == profile.data_element and _is_data(element, profile):
        return ""
    if name == "style":
        own = (
            _is_in(element, "head")
            and (element.text or "") == profile.style
            and not element.attrib
            and not len(element)
        )
        return "" if own else "kanta_stylesheet_is_that_of_the_profile"
    allowed = name in profile.elements and all(profile.allows(name, str(key)) for key in element.attrib)
    return "" if allowed else "kanta_display_has_allowed_markup_only"


def _is_data(element: etree._Element, profile: Profile) -> bool:
    known = ({"type": profile.data_type, "id": profile.data_id}, {"type": RESIDUE_TYPE, "id": profile.residue_id})
    return _is_in(element, "head") and {str(k): v for k, v in element.attrib.items()} in known and not len(element)


def _is_in(element: etree._Element, name: str) -> bool:
    parent = element.getparent()
    return parent is not None and _name(parent) == name


def _name(element: etree._Element) -> str:
    """The local name of an XHTML element; empty for one of another namespace."""
    tag = str(element.tag)
    return tag.removeprefix(f"{{{XHTML}}}") if tag.startswith(f"{{{XHTML}}}") else ""


def _path(element: etree._Element, profile: Profile) -> str:
    """The XPath of an element. A name that the profile does not know is not repeated: it could hold anything."""
    steps: list[str] = []
    at: etree._Element | None = element
    while at is not None:
        name = _name(at)
        twins = sum(1 for _ in at.itersiblings(at.tag, preceding=True)) + 1
        known = name in profile.elements or name in ("style", profile.data_element)
        steps.append(f"{name}[{twins}]" if known else f"*[{sum(1 for _ in at.itersiblings(preceding=True)) + 1}]")
        at = at.getparent()
    return "/" + "/".join(step.removesuffix("[1]") if step != "*[1]" else step for step in reversed(steps))


def _shown(body: etree._Element) -> str:
    """The text that a reader sees, with one space for any white space and between blocks."""
    pieces: list[str] = []
    for event, element in etree.iterwalk(body, events=("start", "end")):
        block = _name(element) not in _INLINE
        if event == "start":
            pieces.append(f" {element.text or ''}" if block else element.text or "")
        elif element is not body:
            pieces.append(f" {element.tail or ''}" if block else element.tail or "")
    return _plain("".join(pieces))


def _plain(text: str) -> str:
    return _SPACE.sub(" ", in_xml(text)).strip()


def _leaves(sheet: Sheet, structure: Structure) -> Iterator[_Leaf]:
    """Every value of a sheet, in the order in which it is shown."""
    for part in sheet:
        if part.kind != "value":
            continue
        field = _field(structure, part.path)
        repeats = field is not None and field.repeats
        for index, value in enumerate(part.values):
            text = _plain(value)
            if text:
                label = field.label if field else {"fi": part.label}
                yield _Leaf(text, f"{part.path}/{index}" if repeats else part.path, label)


def _field(structure: Structure, path: str) -> Field | None:
    return structure.by_path.get("/".join(step for step in path.split("/") if step and not step.isdecimal()))


def _missing(leaves: list[_Leaf], text: str) -> tuple[list[_Leaf], bool]:
    """The values that do not stand in the text, and whether all could be looked for.

    A document as we write it has its values in order, and is checked in one pass; a value out of order is looked for
    in the whole text, as far as the work allowed.
    """
    missing: list[_Leaf] = []
    known: dict[str, bool] = {}
    at = work = 0
    for leaf in leaves:
        if work > _MOST_WORK:
            return missing, False
        next_at = text.find(leaf.text, at)
        work += (next_at if next_at >= 0 else len(text)) - at
        if next_at >= 0:
            at = next_at + len(leaf.text)
            continue
        if leaf.text not in known:
            known[leaf.text] = text.find(leaf.text, 0, at + len(leaf.text)) >= 0
            work += at
        if not known[leaf.text]:
            missing.append(leaf)
    return missing, True


def _surplus(body: etree._Element, sheets: list[Sheet]) -> Iterator[Issue]:
    """The texts of a display that are neither a value nor a name: reading the data alone would lose them."""
    known = {_plain(text) for sheet in sheets for text in _texts(sheet)}
    left = MOST_ISSUES
    numbers: dict[str, int] = {}
    for element in body.iter():
        name = _name(element) or "*"
        numbers[name] = numbers.get(name, 0) + 1
        for text in (element.text, element.tail if element is not body else None):
            if text and not _is_known(text, known) and left:
                left -= 1
                path = f"/html/body/descendant::{name}[{numbers[name]}]"
                yield KANTA_RULES["kanta_display_says_no_more_than_the_data"].at(path, line=line_of(element))


def _is_known(text: str, known: set[str]) -> bool:
    """True for a text that is known as a whole or line by line; with or without a colon after a name."""
    plain = _plain(text)
    return (
        not plain
        or plain in known
        or plain.removesuffix(":") in known
        or all(not line.strip() or _plain(line) in known for line in text.splitlines())
    )


def _texts(sheet: Sheet) -> Iterator[str]:
    """Every text that a sheet shows; of a value also each line."""
    words = words_of(sheet.language)
    yield from (sheet.title, sheet.note, words["facts"], *sheet.intro)
    yield from (field.label.get(sheet.language, "") for field in envelope_structure())
    for label, value in sheet.facts:
        yield from (label, value)
    for part in sheet:
        yield part.label
        for value in part.values:
            yield from (value, *value.splitlines())
