"""Compiles FHIR packages into libraries: one file each, from which single definitions are read when they are needed.

A library keeps only what validation and XML need. Its first line is a JSON index that gives, for each kind of
definition and each canonical URL, the offset and the length of the definition in the rest of the file.
Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/structuredefinition.html, codesystem.html, valueset.html
"""

from __future__ import annotations

import mmap
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from schemas.fhir_packages import Package
from schemas.fhir_soundness import is_sound

__all__ = ["KINDS", "DefinitionFolder", "Library", "library_folder", "open_libraries", "slim", "write_library"]

KINDS = ("StructureDefinition", "ValueSet", "CodeSystem", "Questionnaire")
_FORMAT = 3
_SUFFIX = ".fhirlib"
_HEADER = ("resourceType", "id", "url", "version", "name", "type", "kind", "abstract", "derivation", "baseDefinition")
_IDENTITY = ("id", "path", "sliceName", "base", "contentReference", "representation")
_ELEMENT = frozenset({*_IDENTITY, "min", "max", "type", "maxLength", "constraint", "slicing", "binding", "isModifier"})
_VALUED = re.compile(r"(?:fixed|pattern|minValue|maxValue)[A-Z]")
_MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_FILE_NAME = re.compile(r"[A-Za-z0-9.-]{1,64}")
_REGEX = "http://hl7.org/fhir/StructureDefinition/regex"


def library_folder() -> Path:
    """Where `make setup` and `interop package add` put libraries: beside the Python that runs."""
    return Path(sys.prefix) / "share" / "sote-interop" / "fhir"


class Library:
    """One compiled package, read a definition at a time."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._start = self._data.find(b"\n") + 1
        header = orjson.loads(self._data[: self._start])
        if header["format"] != _FORMAT:
            raise ValueError("The library was made by another version; add its package again.")
        self.label: str = header["label"]
        self._entries: Mapping[str, Mapping[str, list[int]]] = header["entries"]

    def get(self, kind: str, url: str) -> dict[str, Any] | None:
        """One definition in its slim form, or None."""
        entry = self._entries[kind].get(url)
        if entry is None:
            return None
        start = self._start + entry[0]
        found: dict[str, Any] = orjson.loads(self._data[start : start + entry[1]])
        return found

    def kinds(self) -> Iterator[tuple[str, Collection[str]]]:
        """The canonical URLs of each kind of which there are some."""
        return ((kind, urls.keys()) for kind, urls in self._entries.items() if urls)


class DefinitionFolder:
    """A folder of single definitions, each in the file `Type-id.json` with an id that ends its canonical URL.

    A file is read when its definition is asked for.
    """

    def __init__(self, folder: Path, label: str) -> None:
        self._folder, self.label = folder, label

    def get(self, kind: str, url: str) -> dict[str, Any] | None:
        """One definition in its slim form, or None."""
        name = url.rpartition("/")[2]
        path = self._folder / f"{kind}-{name}.json"
        if not _FILE_NAME.fullmatch(name) or not path.is_file():
            return None
        found: dict[str, Any] = orjson.loads(path.read_bytes())
        return slim(found) if found.get("url") == url else None

    def kinds(self) -> Iterator[tuple[str, Collection[str]]]:
        """The canonical URLs of each kind of which there are some."""
        for kind in KINDS:
            urls = [orjson.loads(path.read_bytes())["url"] for path in sorted(self._folder.glob(f"{kind}-*.json"))]
            if urls:
                yield kind, urls


def write_library(package: Package, folder: Path) -> Path:
    """The path of the library that is made of a package; an older one of the same name and version is replaced.

    A definition that is not sound is left out. Raises: PackageUnreadable, OSError.
    """
    entries: dict[str, dict[str, tuple[int, int]]] = {kind: {} for kind in KINDS}
    blobs: list[bytes] = []
    offset = 0
    for resource in package.resources():
        kind, url = resource["resourceType"], resource.get("url")
        if kind not in KINDS or not isinstance(url, str) or not is_sound(resource):
            continue
        blob = orjson.dumps(slim(resource))
        entries[kind][url] = (offset, len(blob))
        blobs.append(blob)
        offset += len(blob)
    header = {"format": _FORMAT, "label": package.label, "entries": entries}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (re.sub(r"[^A-Za-z0-9._#-]", "_", package.label) + _SUFFIX)
    fresh = path.with_suffix(".part")
    fresh.write_bytes(b"".join((orjson.dumps(header), b"\n", *blobs)))
    return fresh.replace(path)


def open_libraries(folder: Path) -> tuple[Library, ...]:
    """The libraries of a folder, in the order of their names; each is opened once in a process."""
    return tuple(_opened(path, path.stat().st_mtime_ns) for path in sorted(folder.glob(f"*{_SUFFIX}")))


@cache
def _opened(path: Path, _: int) -> Library:
    return Library(path)


def slim(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a definition that is used; a Questionnaire is kept whole."""
    match resource.get("resourceType"):
        case "StructureDefinition":
            return _slim_structure(resource)
        case "CodeSystem":
            return _slim_code_system(resource)
        case "ValueSet":
            kept = {key: resource[key] for key in (*_HEADER, "compose") if key in resource}
            if "compose" not in resource and "expansion" in resource:
                kept["expansion"] = resource["expansion"]
            return kept
        case _:
            return dict(resource)


def _slim_structure(resource: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: resource[key] for key in (*_HEADER, "context", "contextInvariant") if key in resource}
    view = "snapshot" if resource.get("snapshot", {}).get("element") else "differential"
    elements = resource.get(view, {}).get("element", ())
    kept[view] = {"element": [_slim_element(element) for element in elements if isinstance(element, dict)]}
    if regex := _primitive_regex(elements):
        kept["regex"] = regex
    return kept


def _slim_element(element: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in element.items() if key in _ELEMENT or _VALUED.match(key)}
    if "constraint" in kept:
        kept["constraint"] = [
            {key: c[key] for key in ("key", "severity", "human", "expression", "source") if key in c}
            for c in kept["constraint"]
            if isinstance(c, dict) and c.get("key") != "ele-1"
        ]
    if isinstance(binding := kept.get("binding"), dict):
        kept["binding"] = {key: binding[key] for key in ("strength", "valueSet") if key in binding}
        for extension in binding.get("extension", ()):
            if extension.get("url") == _MAX_VALUE_SET:
                kept["binding"]["maxValueSet"] = extension.get("valueCanonical") or extension.get("valueUri")
    if "type" in kept:
        kept["type"] = [_slim_type(entry) for entry in kept["type"] if isinstance(entry, dict)]
    return kept


def _slim_type(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: entry[key] for key in ("code", "profile", "targetProfile", "aggregation") if key in entry}
    for extension in entry.get("extension", ()):
        if str(extension.get("url", "")).endswith("structuredefinition-fhir-type"):
            kept["code"] = extension.get("valueUrl") or extension.get("valueUri") or kept.get("code")
    return kept


def _primitive_regex(elements: Iterable[Mapping[str, Any]]) -> str | None:
    for element in elements:
        for entry in element.get("type", ()):
            for extension in entry.get("extension", ()):
                if extension.get("url") == _REGEX and str(element.get("path")).endswith(".value"):
                    return str(extension.get("valueString"))
    return None


def _slim_code_system(resource: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: resource[key] for key in (*_HEADER, "content", "caseSensitive", "supplements") if key in resource}
    codes: dict[str, Any] = {}
    parents: dict[str, list[str]] = {}
    for concept, parent in _concepts(resource.get("concept", ()), None):
        code = str(concept.get("code"))
        codes[code] = concept.get("display")
        above = [p["valueCode"] for p in concept.get("property", ()) if _names_parent(p)]
        if parent is not None or above:
            parents[code] = [*([parent] if parent is not None else []), *above]
    return {**kept, "codes": codes, "parents": parents}


def _concepts(concepts: Iterable[Any], parent: str | None) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    for concept in concepts:
        if isinstance(concept, dict):
            yield concept, parent
            yield from _concepts(concept.get("concept", ()), concept.get("code"))


def _names_parent(entry: Mapping[str, Any]) -> bool:
    return entry.get("code") in ("subsumedBy", "parent") and isinstance(entry.get("valueCode"), str)
