"""A site's folder, looked through before the first document: each file is one that something reads, and can be read.

What stands in a file is judged where it is used; here every file is opened once, so that whoever wrote the folder is
told all of it at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from interop.errors import Invalid, why
from mappings.kanta.profile import profile_from_toml
from schemas import json_text
from schemas.structures import structure_from_json
from schemas.xsd import Schema

__all__ = ["check_site"]

_PACKAGES = ("mappings", "schemas", "validators")
_LINE = re.compile(r"line (\d+)", re.ASCII)


class _Fault(Exception):
    """One file cannot be used; the text goes on after its name."""


def check_site(folder: Path) -> None:
    """Nothing, when every file of a site's folder, which lies over ours by now, is one that is read and can be.

    Raises: Invalid with every fault, each with the file's name.
    """
    present = [name for name in _PACKAGES if (folder / name).is_dir()]
    if not present:
        raise Invalid(f"The site's folder '{folder}' holds none of the folders {', '.join(_PACKAGES)}.")
    faults = [fault for name in present for file in _files(folder / name) for fault in _faults(file, folder)]
    if faults:
        raise Invalid("\n".join([f"The site's folder '{folder}' cannot be used:", *(f"- {one}" for one in faults)]))


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, without hidden ones, notes and what editors leave."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith((".md", "~")):
            yield path


def _faults(file: Path, folder: Path) -> Iterator[str]:
    name = file.relative_to(folder).as_posix()
    pattern = next((one for one in _READ if fnmatchcase(name, one)), None)
    if pattern is None:
        yield f"{name}: nothing reads this file. docs/how-to/overlay-a-site-profile.md names those that are read."
        return
    try:
        _READ[pattern](file.read_bytes())
    except _Fault as fault:
        yield f"{name}{fault}"
    except OSError as error:
        yield f"{name}: it cannot be read: {why(error)}."


def _toml(data: bytes) -> None:
    try:
        tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _Fault(": the file is not in UTF-8.") from error
    except (ValueError, RecursionError) as error:
        line = _LINE.search(str(error))
        at = f", line {line[1]}" if line else ""
        raise _Fault(f"{at}: This is not TOML: look at the quotes and commas.") from error


def _profile(data: bytes) -> None:
    _toml(data)
    try:
        profile_from_toml(data.decode("utf-8"))
    except KeyError as error:
        raise _Fault(f": {error} is missing; begin with a copy of ours.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise _Fault(": it has not the form of a profile; begin with a copy of ours.") from error


def _json(data: bytes) -> None:
    _, issues = json_text.parse(data)
    for issue in issues:
        raise _Fault(f", line {issue.line}: {issue.message('en')}" if issue.line else f": {issue.message('en')}")


def _structure(data: bytes) -> None:
    _json(data)
    try:
        structure_from_json(data)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise _Fault(": it is not a structure of this service; `interop structures import` writes them.") from error


def _xsd(data: bytes) -> None:
    try:
        Schema(data)
    except ValueError as error:
        raise _Fault(f": {error}") from error


def _as_it_is(_: bytes) -> None:
    """Read as bytes, or judged where it is used."""


_READ: Mapping[str, Callable[[bytes], None]] = {
    "mappings/tables/effica/*.toml": _toml,
    "mappings/tables/fhir/*.toml": _toml,
    "mappings/tables/next/*.toml": _toml,
    "mappings/tables/omni360/*.toml": _toml,
    "mappings/code_maps/*.toml": _toml,
    "mappings/cases/*/*/*": _as_it_is,
    "mappings/kanta/profile.toml": _profile,
    "mappings/kanta/*.css": _as_it_is,
    "mappings/reviews.toml": _toml,
    "mappings/sheet.toml": _toml,
    "mappings/themes.toml": _toml,
    "schemas/effica/values.xsd": _as_it_is,
    "schemas/effica/*.xsd": _xsd,
    "schemas/structures/*.json": _structure,
    "schemas/codesystems/*.json": _json,
    "schemas/codesystems/known.toml": _toml,
    "validators/gate/documents.toml": _toml,
    "validators/gate/municipalities.toml": _toml,
    "validators/gate/places.toml": _toml,
}
"""The files of a site's folder, and what reads each before the first document does."""
