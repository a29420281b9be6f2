"""Code systems as data: what is known of the national ones, and a reader for the whole ones that a site brings.

What is shipped are fragments: the codes that stand in closed lists of THL's structures, and a few from their notes. The
whole lists are on THL's code server and are not ours to ship. A site reads them from FHIR CodeSystem JSON or CSV.
Source: THL Sosmeta, JSON Schema export; FHIR R4 4.0.1 CodeSystem, https://hl7.org/fhir/R4/codesystem.html
"""

from __future__ import annotations

import tomllib
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources.abc import Traversable
from typing import cast

from schemas.codesystem_files import LIMITS, CodeSystem, NotACodeSystem, read_code_system
from schemas.site import resource
from schemas.structures import Structure

__all__ = ["CodeSystems", "code_systems_in", "fragments", "shipped_code_systems", "with_site"]

CodeSystems = Mapping[str, CodeSystem]
"""Code systems by OID."""


@cache
def shipped_code_systems() -> CodeSystems:
    """The fragments that are shipped with the package, each read when it is first asked for."""
    return _Shipped(resource("schemas", "codesystems"))


class _Shipped(Mapping[str, CodeSystem]):
    """Code systems in files that are called `<OID>.json`."""

    def __init__(self, folder: Traversable) -> None:
        self._files = {
            file.name.removesuffix(".json"): file for file in folder.iterdir() if file.name.endswith(".json")
        }
        self._read: dict[str, CodeSystem] = {}

    def __getitem__(self, oid: str) -> CodeSystem:
        if oid not in self._read:
            self._read[oid] = read_code_system(self._files[oid].name, self._files[oid].read_bytes())
        return self._read[oid]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._files))

    def __len__(self) -> int:
        return len(self._files)


def with_site(site: CodeSystems) -> CodeSystems:
    """The shipped code systems with those of a site laid over them.

    A whole code system takes the place of our fragment; a fragment is added to it. A title that the site does not give
    stays ours.
    """
    systems: dict[str, CodeSystem] = {}
    for oid, system in site.items():
        ours = shipped_code_systems().get(oid, system)
        codes = system.codes if system.complete else {**ours.codes, **system.codes}
        systems[oid] = replace(system, title=system.title or ours.title, codes=codes)
    # Nothing is written to the chain; its type asks for mappings that could be.
    return ChainMap(systems, cast("dict[str, CodeSystem]", shipped_code_systems()))


def code_systems_in(folder: Traversable) -> CodeSystems:
    """The code systems that the `*.json` and `*.csv` files of a folder hold, by OID.

    Raises: NotACodeSystem for the first that cannot be read; OSError.
    """
    systems: dict[str, CodeSystem] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.lower().endswith((".json", ".csv")) or not file.is_file():
            continue
        with file.open("rb") as stream:
            # One byte more than the limit is enough to see that the limit is passed.
            system = read_code_system(file.name, stream.read(LIMITS.size + 1))
        if system.oid in systems:
            raise NotACodeSystem(f"{file.name}: Another file of the folder holds the same code system.")
        systems[system.oid] = system
    return systems


def fragments(structures: Iterable[Structure]) -> Iterator[CodeSystem]:
    """What is known of every national code system that the structures name, by OID: the same each time."""
    known = tomllib.loads(resource("schemas", "codesystems", "known.toml").read_text("utf-8"))
    codes: dict[str, dict[str, dict[str, str]]] = {}
    for system, code, shown in _national_codes(structures):
        named = codes.setdefault(system, {})
        if code:
            names = named.setdefault(code, {})
            if shown:
                names.setdefault("fi", shown)
    for oid in sorted(codes, key=lambda oid: [int(arc) for arc in oid.split(".")]):
        about = known.get(oid, {})
        for code, names in about.get("codes", {}).items():
            codes[oid].setdefault(code, {}).update(names)
        title = {language: about[language] for language in ("fi", "sv") if language in about}
        ordered = dict(sorted(codes[oid].items(), key=lambda item: (not item[0].isdigit(), len(item[0]), item[0])))
        yield CodeSystem(oid, title, complete=False, codes=ordered)


def _national_codes(structures: Iterable[Structure]) -> Iterator[tuple[str, str, str]]:
    """Every code in a closed list as system, code and display; an open list gives its system alone."""
    for structure in structures:
        for field in structure:
            if field.kind == "code" and field.system[:1].isdigit():
                yield from ((field.system, code, shown) for code, shown in (field.codes or {"": ""}).items())
