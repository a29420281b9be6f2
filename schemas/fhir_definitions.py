"""The FHIR definitions that are at hand: structures with snapshots, value sets, code systems and questionnaires.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/structuredefinition.html, references.html#canonical
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from threading import RLock
from typing import Any

from schemas.fhir_codes import CodeSet, expanded
from schemas.fhir_library import KINDS, DefinitionFolder, Library, library_folder, open_libraries, slim
from schemas.fhir_snapshots import SnapshotImpossible, snapshot_of
from schemas.fhir_soundness import is_sound

__all__ = ["Definitions", "shipped_definitions"]

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_LISTED = {"urn:iso:std:iso:3166": tuple(f"http://hl7.org/fhir/ValueSet/iso3166-1-{part}" for part in "23N")}


class Definitions:
    """Definitions by canonical URL, from libraries and from resources given directly, which win.

    Each is read, completed and expanded when it is first asked for, by whichever thread. A version in a URL is taken
    as a wish: what is known of the URL is used.
    """

    def __init__(
        self, libraries: Sequence[Library | DefinitionFolder] = (), resources: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        self.libraries = tuple(libraries)
        self._given: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self._other: dict[str, str] = {}
        self.everywhere: dict[str, list[str]] = {}
        """The profiles that an implementation guide asks of every resource of a type."""
        for resource in resources:
            self._give(resource)
        self._lock = RLock()
        self._busy: set[str] = set()
        self._structures: dict[str, Mapping[str, Any] | None] = {}
        self._code_sets: dict[str, CodeSet | None] = {}
        self._kinds: dict[str, str | None] = {}
        self._code_systems: dict[str, Mapping[str, Any] | None] = {}
        self.compiled: dict[Any, Any] = {}
        """What validators make of the definitions, kept here so that it lives as long as they do."""

    def with_resources(self, resources: Iterable[Mapping[str, Any]]) -> Definitions:
        """The same definitions and more, such as the profiles that a caller brings along."""
        more = Definitions(self.libraries)
        for kind, given in self._given.items():
            more._given[kind] |= given
        more._other |= self._other
        more.everywhere |= self.everywhere
        for resource in resources:
            more._give(resource)
        return more

    def structure(self, url: str) -> Mapping[str, Any] | None:
        """A StructureDefinition with a snapshot, or None when it is unknown or cannot be completed."""
        if (known := self._structures.get(url)) is not None:
            return known
        url = url.partition("|")[0]
        if url not in self._structures:
            with self._lock:
                if url in self._busy:
                    return None  # a definition that derives from itself finds nothing
                self._busy.add(url)
                self._structures[url] = self._completed(self._find("StructureDefinition", url))
                self._busy.discard(url)
        return self._structures[url]

    def type(self, name: str) -> Mapping[str, Any] | None:
        """The definition of a type of FHIR itself, such as Patient or Period. In: a name or an absolute URL."""
        if ":" not in name and not name.isalnum():
            return None
        return self.structure(name if ":" in name else _CORE + name)

    def resource_type(self, name: Any) -> Mapping[str, Any] | None:
        """The definition of a concrete resource type, or None."""
        found = self.type(name) if isinstance(name, str) else None
        concrete = found is not None and found["kind"] == "resource" and found.get("derivation") != "constraint"
        return found if concrete and found is not None and not found.get("abstract") else None

    def codes(self, url: str) -> CodeSet | None:
        """The codes of a value set, or None when it is unknown."""
        if (known := self._code_sets.get(url)) is not None:
            return known
        url = url.partition("|")[0]
        if url not in self._code_sets:
            self._code_sets[url] = expanded(url, self._value_set, self.code_system)
        return self._code_sets[url]

    def code_system(self, url: str) -> Mapping[str, Any] | None:
        """A code system in its slim form (`codes` by code, `parents`), or None."""
        if (known := self._code_systems.get(url)) is not None:
            return known
        url = url.partition("|")[0]
        if url not in self._code_systems:
            self._code_systems[url] = self._find("CodeSystem", url) or self._listed(url)
        return self._code_systems[url]

    def questionnaire(self, url: str) -> Mapping[str, Any] | None:
        """A questionnaire, or None."""
        return self._find("Questionnaire", url.partition("|")[0])

    def kind(self, url: str) -> str | None:
        """The resource type of whatever has this canonical URL, or None."""
        url = url.partition("|")[0]
        if url not in self._kinds:
            self._kinds[url] = next((kind for kind in KINDS if self._find(kind, url)), self._other.get(url))
        return self._kinds[url]

    def _listed(self, url: str) -> Mapping[str, Any] | None:
        """A code system that no CodeSystem gives, but that value sets list with names from end to end."""
        codes: dict[str, Any] = {}
        for name in _LISTED.get(url, ()):
            found = self._value_set(name) or {}
            for entry in found.get("compose", {}).get("include", ()):
                codes |= {concept["code"]: concept.get("display") for concept in entry.get("concept", ())}
        return {"url": url, "content": "complete", "codes": codes, "parents": {}} if codes else None

    def _value_set(self, url: str) -> Mapping[str, Any] | None:
        return self._find("ValueSet", url.partition("|")[0])

    def _give(self, resource: Mapping[str, Any]) -> None:
        if not is_sound(resource):
            return
        kind, url = resource.get("resourceType"), resource.get("url")
        if kind in self._given and isinstance(url, str):
            self._given[str(kind)][url] = slim(resource)
        elif isinstance(url, str):
            self._other[url] = str(kind)
        for entry in resource.get("global", ()) if kind == "ImplementationGuide" else ():
            self.everywhere.setdefault(str(entry.get("type")), []).append(str(entry.get("profile")))
        for entry in resource.get("entry", ()) if kind == "Bundle" else ():
            if isinstance(entry.get("resource"), Mapping):
                self._give(entry["resource"])

    def _find(self, kind: str, url: str) -> dict[str, Any] | None:
        given = self._given[kind].get(url)
        if given is not None:
            return given
        return next((found for library in self.libraries if (found := library.get(kind, url))), None)

    def _completed(self, found: dict[str, Any] | None) -> Mapping[str, Any] | None:
        if found is None or "snapshot" in found:
            return found
        try:
            return {**found, "snapshot": {"element": snapshot_of(found, self.structure, self.type)}}
        except SnapshotImpossible:
            return None


def shipped_definitions(folder: Path | None = None) -> Definitions:
    """Our own definitions, and those of the libraries that set-up and `interop package add` have put in the folder."""
    own = DefinitionFolder(Path(str(files("schemas").joinpath("fhir", "package"))), "sote-interop")
    return Definitions([own, *open_libraries(folder or library_folder())])
