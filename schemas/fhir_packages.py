"""Reads FHIR packages: a `.tgz`, an unpacked folder, the ecosystem's cache of packages, or a single JSON definition.

A package is foreign: nothing of it is unpacked to disk, and how much of it is read is bounded.
Source: FHIR NPM Package Specification, https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

__all__ = ["Package", "PackageUnreadable", "cached_packages", "read_package"]

_MOST_BYTES = 1024**3
_MOST_FILES = 50_000
_ONE_FILE = 64 * 1024**2


class PackageUnreadable(ValueError):
    """A file or folder is not a FHIR package, or is too large to be read. The text names the fault, never a content."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package. `path` is the archive, folder or file; `name` and `version` are as its manifest gives them."""

    path: Path
    name: str
    version: str

    @property
    def label(self) -> str:
        """Out: `name#version`, as the ecosystem writes it."""
        return f"{self.name}#{self.version}"

    def resources(self) -> Iterator[Mapping[str, Any]]:
        """Every conformance resource of the package. Raises: PackageUnreadable."""
        for name, data in _files(self.path):
            if name.startswith(".") or name in ("package.json", "ig-r4.json"):
                continue
            resource = _json(data, name)
            if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
                yield resource


def read_package(path: Path) -> Package:
    """The package at a path. A single definition is a package by its own name. Raises: PackageUnreadable."""
    if not path.exists():
        raise PackageUnreadable("There is no file or folder at this path.")
    if path.is_file() and path.suffix == ".json":
        resource = _json(path.read_bytes(), path.name)
        if not isinstance(resource, dict) or "resourceType" not in resource:
            raise PackageUnreadable("The JSON file holds no FHIR resource.")
        return Package(path, str(resource.get("id") or path.stem), str(resource.get("version") or "0"))
    manifest = next((_json(data, name) for name, data in _files(path) if name == "package.json"), None)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("name"), str):
        raise PackageUnreadable("The package has no package.json that names it.")
    return Package(path, manifest["name"], str(manifest.get("version") or "0"))


def cached_packages(folder: Path) -> Iterator[Package]:
    """The packages of the ecosystem's cache, in the order of their names. In: usually `~/.fhir/packages`."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if "#" in path.name and (path / "package" / "package.json").is_file():
            yield read_package(path)


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """The JSON files at the top of a package, by name."""
    if path.is_dir():
        folder = path / "package" if (path / "package").is_dir() else path
        for file in sorted(folder.glob("*.json")):
            if file.stat().st_size <= _ONE_FILE:
                yield file.name, file.read_bytes()
    elif path.suffix == ".json":
        yield path.name, path.read_bytes()
    else:
        yield from _archived(path)


def _archived(path: Path) -> Iterator[tuple[str, bytes]]:
    size = 0
    try:
        with tarfile.open(path, "r:gz") as archive:
            for number, member in enumerate(archive):
                size += max(member.size, 0)
                if size > _MOST_BYTES or number > _MOST_FILES or member.size > _ONE_FILE:
                    raise PackageUnreadable("The package is larger than a FHIR package may be.")
                parts = Path(member.name).parts
                if member.isfile() and len(parts) == 2 and member.name.endswith(".json"):
                    file = archive.extractfile(member)
                    if file is not None:
                        yield parts[1], file.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise PackageUnreadable("The package is not a readable .tgz archive.") from error


def _json(data: bytes, name: str) -> Any:
    try:
        # Decimals of a definition are compared by value only, so floats do.
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PackageUnreadable(f"The file {name} of the package is not JSON.") from error
