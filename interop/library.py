"""The Python API: a document read, written, validated, converted or explained in one call, as the command line does it.

A document is given as its bytes or as the path of a file. Its format is recognised from the bytes unless it is named.
A bad document is never an exception, except to `read`, which has nothing else to give.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from interop import documents
from interop.documents import Converted, Examined, Explained, Options, Written
from interop.errors import Invalid, NotFound, why
from mappings.formats import FORMATS
from schemas.codesystems import shipped_code_systems
from schemas.issues import Issue
from schemas.limits import DEFAULT_LIMITS
from schemas.record import Record

__all__ = [
    "Converted",
    "Examined",
    "Explained",
    "Issue",
    "Record",
    "Written",
    "convert",
    "explain",
    "read",
    "validate",
    "write",
]

Source = bytes | str | PathLike[str]


def read(source: Source, format_name: str | None = None, *, envelope: Mapping[str, Any] | None = None) -> Record:
    """The record that a document holds, whether or not it is valid.

    In: `envelope` stands in for what a bare content lacks. Raises: Invalid when it cannot be read as a record, or for a
    format that does not exist; NotFound.
    """
    data = _bytes(source)
    examined, _ = documents.with_residue(data, validate(data, format_name, envelope=envelope))
    return documents.record_of(examined, "The document")


def write(record: Record, format_name: str) -> Written:
    """The record in a format: `data`, the `report` of what the format could not hold, and `issues`.

    Raises: Invalid for a format that does not exist.
    """
    return documents.write(record, _known(format_name))


def validate(source: Source, format_name: str | None = None, *, envelope: Mapping[str, Any] | None = None) -> Examined:
    """What is wrong in a document: `valid`, `issues`, and the `record` when it could be read.

    Raises: Invalid for a format that does not exist or a file that cannot be read; NotFound.
    """
    return documents.examine(_bytes(source), _named(format_name), _options(envelope))


def convert(
    source: Source,
    to: str,
    format_name: str | None = None,
    *,
    envelope: Mapping[str, Any] | None = None,
) -> Converted:
    """The document in another format: `written`, and `examined` with the findings about the source.

    Raises: Invalid for a format that does not exist or a file that cannot be read; NotFound.
    """
    return documents.convert(_bytes(source), _known(to), _named(format_name), _options(envelope))


def explain(
    source: Source,
    to: str,
    format_name: str | None = None,
    *,
    envelope: Mapping[str, Any] | None = None,
) -> Explained:
    """Where every value of a converted document came from: `ways`, in display order; no way holds a value.

    Raises: Invalid for a format that does not exist or a file that cannot be read; NotFound.
    """
    return documents.explain(_bytes(source), _known(to), _named(format_name), _options(envelope))


def _options(envelope: Mapping[str, Any] | None) -> Options:
    return Options(envelope=envelope or {}, code_systems=shipped_code_systems())


def _named(name: str | None) -> str | None:
    return None if name is None else _known(name)


def _known(name: str) -> str:
    names = sorted(form.name for form in FORMATS)
    if name not in names:
        raise Invalid(f"There is no such format. The formats are {', '.join(names)}.")
    return name


def _bytes(source: Source) -> bytes:
    """The document's bytes; of a file one byte more than allowed at most, for the reader to say so."""
    if isinstance(source, bytes):
        return source
    try:
        with Path(source).open("rb") as file:
            return file.read(DEFAULT_LIMITS.size + 1)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file '{source}'.") from error
    except OSError as error:
        raise Invalid(f"The file '{source}' cannot be read: {why(error)}.") from error
