"""Converts a document from any known format to another, and tells what was lost on the way."""

from __future__ import annotations

from dataclasses import dataclass

from interop.documents.examining import Examined, Options, examine
from mappings.formats import format_named
from mappings.report import Report
from schemas.issues import Issue
from schemas.record import Record

__all__ = ["Converted", "Written", "convert", "write"]


@dataclass(frozen=True, slots=True)
class Written:
    """A record in one format. `data` is empty when the format cannot hold the record at all."""

    format: str
    data: bytes
    report: Report
    issues: list[Issue]


@dataclass(frozen=True, slots=True)
class Converted:
    """An examination, and what could be written of the record; `written` is None when there was none."""

    examined: Examined
    written: Written | None


def write(record: Record, format_name: str) -> Written:
    """The record in a format. Raises: KeyError for a format that does not exist."""
    result = format_named(format_name).write(record)
    return Written(format_name, result.data, result.report, result.issues)


def convert(data: bytes, to: str, format_name: str | None = None, options: Options | None = None) -> Converted:
    """The document in another format, with the findings about it. Raises: KeyError for a format that does not exist."""
    target = format_named(to)
    examined = examine(data, format_name, options)
    if examined.record is None:
        return Converted(examined, None)
    return Converted(examined, write(examined.record, target.name))
