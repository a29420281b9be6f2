"""One code system as a file: a FHIR CodeSystem in JSON, or a CSV file as a code server or a spreadsheet writes it.

Source: FHIR R4 4.0.1 CodeSystem, https://hl7.org/fhir/R4/codesystem.html; RFC 4180 (CSV).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.identity import is_oid
from schemas.json_text import dump, parse
from schemas.limits import Limits

__all__ = [
    "CODE_COLUMNS",
    "LIMITS",
    "NAME_COLUMNS",
    "CodeSystem",
    "NotACodeSystem",
    "code_system_to_json",
    "read_code_system",
]

CODE_COLUMNS = ("code", "koodi", "koodiarvo", "codeid", "code_id")
"""The names of the column of codes in a CSV file, in lower case; the first that is there is taken."""
NAME_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "fi": ("fi", "display", "display_fi", "nimi", "pitkä nimi", "longname", "long_name", "shortname", "short_name"),
    "sv": ("sv", "display_sv", "nimi_sv", "longname_sv", "shortname_sv"),
}
"""The names of the columns of displays by language, in lower case."""

LIMITS = Limits(size=64 * 1024 * 1024, nodes=5_000_000)
"""A whole code system, such as ICD-10, is greater than a document."""
_PREFIX = "urn:oid:"
_CODE = re.compile(r"\S+( \S+)*")


class NotACodeSystem(ValueError):
    """The file is not a code system that can be read; `str(error)` says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """The codes of one code system, with their displays by language. `complete`: there are no others."""

    oid: str
    title: Mapping[str, str]
    complete: bool
    codes: Mapping[str, Mapping[str, str]]


def read_code_system(name: str, data: bytes) -> CodeSystem:
    """The code system in a file. In: `name` tells the form: `*.json` is a FHIR CodeSystem; a CSV is called `<OID>.csv`.

    A CSV file is UTF-8, separated by comma, semicolon or tab, its first row names the columns, and it is taken to be
    whole. Raises: NotACodeSystem.
    """
    try:
        return _from_csv(name, data) if name.lower().endswith(".csv") else _from_fhir(data)
    except NotACodeSystem as error:
        raise NotACodeSystem(f"{name}: {error}") from error


def _from_fhir(data: bytes) -> CodeSystem:
    resource, issues = parse(data, LIMITS)
    if issues:
        raise NotACodeSystem(issues[0].message("en"))
    if not isinstance(resource, dict) or resource.get("resourceType") != "CodeSystem":
        raise NotACodeSystem("The file is not a FHIR CodeSystem.")
    content = resource.get("content")
    if content not in ("complete", "fragment", "not-present"):
        raise NotACodeSystem("CodeSystem.content must be complete, fragment or not-present.")
    language = str(resource.get("language", "fi")).partition("-")[0]
    codes: dict[str, Mapping[str, str]] = {}
    for code, names in _concepts(resource.get("concept", []), language):
        if code in codes:
            raise NotACodeSystem("A code stands twice in the code system.")
        codes[code] = names
    if content == "complete" and not codes:
        raise NotACodeSystem("The code system is called complete and has no codes.")
    title = _names(resource.get("title"), resource.get("_title"), language)
    return CodeSystem(_oid_in(resource), title, content == "complete", codes)


def _oid_in(resource: Mapping[str, Any]) -> str:
    """The OID of a CodeSystem: its URL, or else one of its identifiers."""
    identifiers = resource.get("identifier", [])
    several = identifiers if isinstance(identifiers, list) else [identifiers]
    named = [resource.get("url"), *(one.get("value") for one in several if isinstance(one, dict))]
    for name in named:
        if isinstance(name, str) and name.startswith(_PREFIX) and is_oid(name.removeprefix(_PREFIX)):
            return name.removeprefix(_PREFIX)
    raise NotACodeSystem("Neither the URL nor an identifier of the CodeSystem is urn:oid: and an OID.")


def _concepts(concepts: Any, language: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every concept at every depth. The hierarchy is not needed to judge a code."""
    level = [concepts]
    while level:
        listed = level.pop()
        if not isinstance(listed, list):
            raise NotACodeSystem("A list of concepts is not a list.")
        for concept in listed:
            code = concept.get("code") if isinstance(concept, dict) else None
            if not isinstance(code, str) or not _CODE.fullmatch(code):
                raise NotACodeSystem("A concept has no code, or its code begins or ends with a space.")
            yield code, _designated(concept, language)
            if "concept" in concept:
                level.append(concept["concept"])


def _designated(concept: Mapping[str, Any], language: str) -> Mapping[str, str]:
    """The display and the first designation in each other language: later ones are synonyms."""
    names = _names(concept.get("display"), None, language)
    designations = concept.get("designation", [])
    for other in designations if isinstance(designations, list) else ():
        match other:
            case {"language": str(tongue), "value": str(text)}:
                names.setdefault(tongue.partition("-")[0], text)
    return names


def _names(text: Any, element: Any, language: str) -> dict[str, str]:
    """A text by language, with the translations that stand beside it as extensions."""
    names = {language: text} if isinstance(text, str) and text else {}
    extensions = element.get("extension", []) if isinstance(element, dict) else []
    for extension in extensions if isinstance(extensions, list) else ():
        match extension:
            case {"extension": [{"valueCode": str(tongue)}, {"valueString": str(translated)}]}:
                names.setdefault(tongue.partition("-")[0], translated)
    return names


def _from_csv(name: str, data: bytes) -> CodeSystem:
    oid = name[: -len(".csv")]
    if not is_oid(oid):
        raise NotACodeSystem(
            "A CSV file of codes bears the OID of its code system as its name: 1.2.246.537.6.1222.csv."
        )
    if len(data) > LIMITS.size:
        raise NotACodeSystem(f"The file is larger than the {LIMITS.size} bytes allowed.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotACodeSystem("The file holds bytes that are not UTF-8. Save it as UTF-8.") from error
    header, _, _ = text.partition("\n")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count), strict=True)
    try:
        return CodeSystem(oid, {}, complete=True, codes=_rows(rows))
    except csv.Error as error:
        raise NotACodeSystem(f"The row at line {rows.line_num} cannot be read as CSV.") from error


def _rows(rows: Any) -> Mapping[str, Mapping[str, str]]:
    columns = [column.strip().lower() for column in next(rows, [])]
    at = _column(columns, CODE_COLUMNS)
    if at is None:
        raise NotACodeSystem(f"The first row names no column of codes. Name it one of {', '.join(CODE_COLUMNS)}.")
    names = {language: _column(columns, known) for language, known in NAME_COLUMNS.items()}
    codes: dict[str, Mapping[str, str]] = {}
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        code = row[at].strip() if len(row) == len(columns) else ""
        if not code or code in codes:
            why = "its code stands twice" if code else "it has no code, or more or fewer cells than the first row"
            raise NotACodeSystem(f"The row at line {rows.line_num} cannot be used: {why}.")
        codes[code] = {lang: row[i].strip() for lang, i in names.items() if i is not None and row[i].strip()}
    if not codes:
        raise NotACodeSystem("The file has no codes.")
    return codes


def _column(columns: list[str], known: Iterable[str]) -> int | None:
    return next((columns.index(name) for name in known if name in columns), None)


def code_system_to_json(system: CodeSystem) -> bytes:
    """The FHIR CodeSystem of a code system, as a file. The same code system gives the same bytes."""
    title: dict[str, Any] = {"title": system.title["fi"]} if "fi" in system.title else {}
    if title and "sv" in system.title:
        parts = [{"url": "lang", "valueCode": "sv"}, {"url": "content", "valueString": system.title["sv"]}]
        url = "http://hl7.org/fhir/StructureDefinition/translation"
        title["_title"] = {"extension": [{"url": url, "extension": parts}]}
    concepts = [_concept(code, names) for code, names in system.codes.items()]
    content = "complete" if system.complete else "fragment" if concepts else "not-present"
    resource = {
        "resourceType": "CodeSystem",
        "id": system.oid,
        "language": "fi",
        "url": _PREFIX + system.oid,
        **title,
        "status": "active",
        "content": content,
        "concept": concepts,
    }
    return dump({key: value for key, value in resource.items() if value}, indent=True)


def _concept(code: str, names: Mapping[str, str]) -> dict[str, Any]:
    concept: dict[str, Any] = {"code": code}
    if "fi" in names:
        concept["display"] = names["fi"]
    others = [{"language": language, "value": text} for language, text in names.items() if language != "fi"]
    return concept | {"designation": others} if others else concept
