"""The Kanta document: one XHTML file with the display of a document, its data as JSON, and its metadata.

Source: Sosiaalihuollon asiakirjastandardi 3.3 (27.9.2023), XHTML+JSON documents. How the parts are embedded is not
public: that is provisional, and stands in `mappings/kanta/profile.toml` alone.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from lxml import etree

from mappings.display import XHTML, child, displayed, in_xml, view, with_head, written
from mappings.formats.base import Decoded, Format, Parsed, Place, WriteResult, no_table
from mappings.kanta.checks import MOST_ISSUES, check_display, check_markup
from mappings.kanta.metadata import Where, leaves, read_metadata, write_metadata
from mappings.kanta.profile import Profile, load_profile
from mappings.kanta.rules import KANTA_RULES
from mappings.report import Entry, Link, Report
from mappings.sheet import Sheet, filled_sheet
from mappings.surplus import carried
from schemas import xml_text
from schemas.issues import Issue, rules_in
from schemas.json_text import canonical, dump, parse, pointer, positions
from schemas.limits import DEFAULT_LIMITS, Limits
from schemas.record import Record
from schemas.residue import RESIDUE_TYPE, Residue, residue_as_json, residue_from_json
from schemas.structures import shipped
from schemas.xml_text import line_of

__all__ = ["Kanta"]

_RULES = rules_in("mappings")
_SYNTAX = rules_in("schemas")
_MOST_DATA = 10_000_000
"""The longest text in one element that a careful XML reader takes, in bytes."""
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u007f\u2028\u2029\ufffe\uffff"}


class Kanta(Format):
    """XHTML documents with JSON for the Kanta archive of social welfare."""

    name = "kanta"
    media_type = "application/xhtml+xml"
    suffix = ".xhtml"

    def recognises(self, data: bytes, value: Any) -> bool:
        """True for bytes whose start has an `html` element and the namespace of XHTML."""
        return value is None and b"<html" in data[:4096] and XHTML.encode() in data[:4096]

    def parse(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Parsed:
        """The root element of the document."""
        return Parsed(data, *xml_text.parse(data, limits))

    def decode(self, parsed: Parsed, *, traced: bool = False) -> Decoded:
        """The record of a document, with every way in which display, data and metadata are not as they should be.

        Issues: kanta_document_is_xhtml, kanta_document_has_one_data_part, kanta_data_is_an_object,
        document_structure_is_known, residue_can_be_read, those of the metadata, of the checks and of reading JSON
        """
        carrier, issue = _carrier(parsed.tree)
        if carrier is None:
            return Decoded(None, [issue] if issue else [])
        content, issues = parse((carrier.text or "").encode())
        if issues or not isinstance(content, dict):
            issues = issues or [KANTA_RULES["kanta_data_is_an_object"].at()]
            return Decoded(None, [_in_data(issue, carrier) for issue in issues])
        profile = load_profile()
        envelope, found, issues = read_metadata(carrier.getparent(), profile)  # type: ignore[arg-type]
        residue, unread = _residue(parsed.tree, profile)
        record = Record(envelope, content, residue)
        issues = [*issues[:MOST_ISSUES], *check_markup(parsed.tree, parsed.data, profile), *unread]
        if record.structure not in shipped():
            path, line = found.get("/structure", ("/html/head", line_of(carrier)))
            return Decoded(None, [*issues, _RULES["document_structure_is_known"].at(path, line=line)])
        issues += _check(parsed.tree, record)
        sources = {path: path for path in _places(parsed.tree)} if traced else {}
        links = tuple(Link(path, path, "same") for path in _told(record)) if traced else ()
        return Decoded(record, issues, sources, Report(links=links))

    def write(self, record: Record, *, traced: bool = False) -> WriteResult:
        """The document of a record. The data are whole; what metadata or display cannot hold is told.

        Issues: document_structure_is_known, document_is_within_size_limit, kanta_display_can_show_the_text, those of
        the metadata
        """
        if record.structure not in shipped():
            return no_table(self.name)
        profile = load_profile()
        data = dump(record.content, indent=True).decode().strip().translate(_ESCAPES)
        sheet = filled_sheet(record, shipped()[record.structure])
        root, head = with_head(sheet, profile.style)
        edition = child(head, "meta")
        edition.set("name", profile.edition_name)
        edition.set("content", profile.edition)
        unwritten = write_metadata(head, record.envelope, profile)
        carrier = child(head, profile.data_element, data)
        carrier.set("type", profile.data_type)
        carrier.set("id", profile.data_id)
        if record.residue:
            along = child(head, profile.data_element, b64encode(canonical(residue_as_json(record.residue))).decode())
            along.set("type", RESIDUE_TYPE)
            along.set("id", profile.residue_id)
        root.append(view(displayed(sheet)))
        text = written(root)
        if len(data.encode()) > _MOST_DATA or len(text) > DEFAULT_LIMITS.size:
            return _too_large()
        lost = tuple(Entry(place, issue.message("en")) for place, issue in unwritten)
        unreachable = {place for place, _ in unwritten}
        links = tuple(Link(path, path, "same") for path in _told(record) if path not in unreachable) if traced else ()
        issues = [*(issue for _, issue in unwritten), *_unshown(sheet)]
        return WriteResult(text, Report(lost=lost, links=links) + carried(record.residue), issues)

    def place(self, parsed: Parsed, pointer: str) -> Place:
        """Where a place of the record stands: the metadata of the envelope, or the data part and the place in it.

        A place that the document does not have is looked for at the nearest one above it.
        """
        places = _places(parsed.tree)
        while pointer not in places and pointer:
            pointer = pointer.rpartition("/")[0]
        return places.get(pointer) or Place("/html/head", line_of(parsed.tree.find(f"{{{XHTML}}}head")))


def _carrier(root: etree._Element) -> tuple[etree._Element | None, Issue | None]:
    """The element with the data, or the issue that there is not exactly one in the head of an XHTML document."""
    profile = load_profile()
    heads = root.findall(f"{{{XHTML}}}head")
    bodies = root.findall(f"{{{XHTML}}}body")
    if root.tag != f"{{{XHTML}}}html" or len(heads) != 1 or len(bodies) != 1:
        return None, KANTA_RULES["kanta_document_is_xhtml"].at("/*", line=line_of(root))
    named = [element for element in root.iter(f"{{{XHTML}}}{profile.data_element}") if _is_data(element)]
    if len(named) != 1 or named[0].getparent() is not heads[0]:
        return None, KANTA_RULES["kanta_document_has_one_data_part"].at("/html/head", line=line_of(heads[0]))
    return named[0], None


def _is_data(element: etree._Element) -> bool:
    profile = load_profile()
    return element.get("type") == profile.data_type or element.get("id") == profile.data_id


def _residue(root: etree._Element, profile: Profile) -> tuple[tuple[Residue, ...], list[Issue]]:
    """The residue that a document carries, or the issue that it cannot be read."""
    name = f"{{{XHTML}}}head/{{{XHTML}}}{profile.data_element}[@id='{profile.residue_id}']"
    element = root.find(name)
    if element is None:
        return (), []
    try:
        value, _ = parse(b64decode("".join((element.text or "").split()), validate=True))
    except (Base64Error, ValueError):
        value = None
    residue = residue_from_json(value)
    if residue is None:
        return (), [_RULES["residue_can_be_read"].at(f"/html/head/{profile.data_element}", line=line_of(element))]
    return residue, []


def _in_data(issue: Issue, carrier: etree._Element) -> Issue:
    """An issue of the JSON text, at its place in the whole document."""
    start = line_of(carrier)
    line = start + issue.line - 1 if start and issue.line else start
    return issue.moved(_data_path(issue.path), line, issue.column if issue.line and issue.line > 1 else None)


def _data_path(path: str) -> str:
    return f"/html/head/{load_profile().data_element}#{path}"


@lru_cache(maxsize=4)
def _places(root: etree._Element) -> Mapping[str, Place]:
    """The place in the document of every value of the envelope and of everything in the content."""
    carrier, _ = _carrier(root)
    head = root.find(f"{{{XHTML}}}head")
    if carrier is None or head is None:
        return {}
    text = (carrier.text or "").encode()
    content, issues = parse(text)
    if issues or not isinstance(content, dict):
        return {}
    _, found, _ = read_metadata(head, load_profile())
    places = {f"/envelope{path}": Place(*where) for path, where in found.items()}
    top = pointer((next(iter(content), ""),))
    start = line_of(carrier) or 1
    for path, (line, column) in positions(text).items():
        if path == top or path.startswith(f"{top}/"):
            # The data begin in the middle of a line, so a column in their first line is not that of the document.
            place = Place(_data_path(path), start + line - 1, column if line > 1 else None)
            places[f"/content{path.removeprefix(top)}"] = place
    return places


def _check(root: etree._Element, record: Record) -> list[Issue]:
    profile = load_profile()
    editions = root.iterfind(f"{{{XHTML}}}head/{{{XHTML}}}meta[@name='{profile.edition_name}']")
    ours = any(meta.get("content") == profile.edition for meta in editions)
    body = root.find(f"{{{XHTML}}}body")

    def where(path: str) -> Where:
        place = Kanta().place(Parsed(b"", root, []), f"/content{path}")
        return place.path, place.line

    return [] if body is None else check_display(body, record, shipped()[record.structure], where, ours=ours)


def _told(record: Record) -> Iterator[str]:
    """The pointer of every value of a record."""
    for name, part in (("envelope", record.envelope), ("content", record.body)):
        for path, _ in leaves(part):
            yield f"/{name}{pointer(path)}"


def _unshown(sheet: Sheet) -> Iterator[Issue]:
    """The places whose text the display cannot show whole."""
    for part in sheet:
        if any(value != in_xml(value) for value in part.values):
            yield KANTA_RULES["kanta_display_can_show_the_text"].at(f"/content{part.path}")


def _too_large() -> WriteResult:
    issue = _SYNTAX["document_is_within_size_limit"].at("/content", limit=str(DEFAULT_LIMITS.size))
    lost = Report(lost=(Entry("/content", "The document would be larger than a reader takes."),))
    return WriteResult(b"", lost, [issue])
