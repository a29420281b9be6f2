"""Folders of structures: reads THL's schema files, stores structures, and opens the library of several folders.

Source: THL Sosmeta, JSON Schema export.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from interop.cli.writing import write_files
from interop.errors import Conflict, Invalid, NotFound, Unavailable, why
from schemas.identity import is_oid
from schemas.json_text import parse
from schemas.limits import DEFAULT_LIMITS
from schemas.sosmeta import structure_from_sosmeta
from schemas.structures import Library, Structure, structure_from_json, structure_to_json

__all__ = ["SHIPPED", "Stored", "open_library", "read_schema", "schema_files", "store_structures"]

SHIPPED = Path(str(files("schemas").joinpath("structures")))
"""The folder of the structures that come with this service."""

Stored = Literal["new", "unchanged", "replaced"]
"""What storing a structure did."""


def open_library(folders: Iterable[Path]) -> Library:
    """The shipped structures with those of the folders laid over them, all read and found whole.

    Raises: NotFound for a folder that is not there, Invalid for a file in it that is not a structure.
    """
    folders = list(folders)
    for folder in folders:
        if not folder.is_dir():
            raise NotFound(f"The folder of structures {folder} does not exist.")
        for file in sorted(folder.glob("*.json")):
            _check_compact(file)
    return Library(SHIPPED, *folders)


def _check_compact(file: Path) -> None:
    try:
        structure = structure_from_json(file.read_bytes())
    except OSError as error:
        raise Unavailable(f"The file {file} cannot be read: {why(error)}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Invalid(
            f"The file {file} is not a structure of this service. Import THL's schema files with "
            "`interop structures import`."
        ) from error
    if file.name != f"{structure.oid}.json":
        raise Invalid(f"The file {file} does not bear the OID of the structure in it.")


def schema_files(given: Sequence[Path]) -> list[Path]:
    """The files that are meant: each file as it is, and the `*.json` files of each folder. Raises: NotFound."""
    meant: list[Path] = []
    for path in given:
        found = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not found:
            raise NotFound(f"The folder {path} holds no file whose name ends with .json.")
        meant += found
    return meant


def read_schema(file: Path) -> Structure:
    """The structure that one of THL's schema files describes.

    Raises: NotFound, Unavailable when it cannot be read; Invalid when it is not a schema that is understood whole.
    """
    try:
        with file.open("rb") as stream:
            # One byte more than the limit is enough to see that the limit is passed.
            data = stream.read(DEFAULT_LIMITS.size + 1)
    except FileNotFoundError as error:
        raise NotFound(f"The file {file} does not exist.") from error
    except OSError as error:
        raise Unavailable(f"The file {file} cannot be read: {why(error)}.") from error
    value, issues = parse(data)
    if issues:
        place = f", line {issues[0].line}, column {issues[0].column}" if issues[0].line else ""
        raise Invalid(f"{file}{place}: {issues[0].message('en')}")
    return _structure(file, value)


def _structure(file: Path, value: Any) -> Structure:
    try:
        structure = structure_from_sosmeta(value)
        same = structure_from_json(structure_to_json(structure)) == structure
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise Invalid(f"{file}: {_reason(error)}") from error
    facts = (structure.root, structure.type, structure.author, structure.subject, structure.defined)
    if not same or not is_oid(structure.oid) or not all(isinstance(fact, str) for fact in facts):
        raise Invalid(f"{file}: The names or facts in the file are not written as THL writes them.")
    return structure


def _reason(error: Exception) -> str:
    """The reader's own words, made fit for a terminal: they name a place, whose text comes from the file."""
    text = str(error) if type(error).__name__ == "NotSosmeta" else "The file is not a document structure of Sosmeta."
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:300]


def store_structures(structures: Iterable[Structure], into: Path, *, replace: bool = False) -> list[Stored]:
    """What storing each structure did. A version stands under its own OID, so that it never hides an older one.

    Nothing is written unless everything can be; a file is whole or not there.
    Raises: Conflict when another structure already bears the OID, Unavailable when the folder cannot be written.
    """
    wanted: dict[str, bytes] = {}
    for structure in structures:
        data = structure_to_json(structure)
        if wanted.setdefault(structure.oid, data) != data:
            raise Conflict(f"Two of the files describe the structure {structure.oid}, each in another way.")
    try:
        outcomes = {oid: _outcome(into / f"{oid}.json", data) for oid, data in wanted.items()}
    except OSError as error:
        raise Unavailable(f"The folder {into} cannot be read: {why(error)}.") from error
    changed = [oid for oid, outcome in outcomes.items() if outcome == "replaced"]
    if changed and not replace:
        raise Conflict(
            f"The structure {changed[0]} is there already with other contents, under the same OID. "
            "Nothing was written. Use --replace to take the new one."
        )
    write_files({f"{oid}.json": wanted[oid] for oid, outcome in outcomes.items() if outcome != "unchanged"}, into)
    return list(outcomes.values())


def _outcome(file: Path, data: bytes) -> Stored:
    if not file.exists():
        return "new"
    return "unchanged" if file.read_bytes() == data else "replaced"
