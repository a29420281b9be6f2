"""The sheet of a copy: a document as its client or a service provider gets it, in the language that its reader uses.

A plan of a Finnish-speaking worker may go to a Swedish-speaking client: the names of fields are then Swedish, and what
the worker has written stays as it is. Source: act 703/2023 § 19 and act 423/2003 (language of documents); THL
Sosmeta, `asiointikieli`, `aidinkieli` (code system 1.2.246.537.5.40175).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from mappings.sheet import SHEET_LANGUAGES, Sheet, filled_sheet, words_of
from schemas.record import Record
from schemas.structures import Structure

__all__ = ["Reader", "copy_sheet", "language_of_client"]

Reader = Literal["client", "provider"]

_LANGUAGE_FIELDS = ("asiointikieli", "aidinkieli")
"""What may tell a client's language, the language of dealings before the mother tongue."""


def copy_sheet(
    record: Record, structure: Structure, reader: Reader, language: str = "", *, shortened: bool = False
) -> Sheet:
    """The sheet, with a word to its reader on top.

    In: `language` is that of the site's settings; without it a client's copy is in the client's language if the record
    tells it, and any copy in the document's own. `shortened` says that something was left out of the record.
    """
    spoken = language_of_client(record) if reader == "client" else ""
    sheet = filled_sheet(record, structure, language or spoken)
    words: Mapping[str, str] = words_of(sheet.language)["copy"]
    intro = [*words[reader]]
    if record.version > 1:
        intro.append(words["newer"].format(version=record.version))
    if shortened:
        intro.append(words["shortened"])
    return replace(sheet, intro=tuple(intro), note=words["note"])


def language_of_client(record: Record) -> str:
    """The language of the record's clients, fi or sv; empty when it is another, not told, or not the same for all."""
    people = record.body.get("asiakas")
    told = {_language_of(one) for one in people} if isinstance(people, list) else set()
    found = told.pop() if len(told) == 1 else ""
    return found if found in SHEET_LANGUAGES else ""


def _language_of(person: object) -> str:
    for name in _LANGUAGE_FIELDS:
        told = person.get(name) if isinstance(person, Mapping) else None
        code = told.get("code") if isinstance(told, Mapping) else None
        if isinstance(code, str):
            return code.lower()
    return ""
