"""THL document structures as data: the model, the compact file, and the library of all that are shipped.

A structure is one of THL's Sosmeta document structures. Its compact file holds the names of its fields in Finnish and
Swedish, their cardinality, kind, code system and closed list, in display order, one field a line; no explanatory prose.
The files are made only by `schemas.sosmeta`. Source: THL Sosmeta, see `structures/SOURCE.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources.abc import Traversable
from typing import Any, Literal, get_args

import orjson

from schemas.site import resource

__all__ = [
    "KINDS",
    "PREFIX",
    "Field",
    "Kind",
    "Library",
    "Structure",
    "shipped",
    "structure_from_json",
    "structure_to_json",
]

PREFIX = "1.2.246.537.6."
"""The branch of THL's code systems, under which the OIDs of structures stand."""

Kind = Literal[
    "group", "heading",
    "text", "name", "phrase", "signature",
    "code", "identifier", "date", "instant", "switch",
    "count", "number", "quantity", "measure", "percent",
    "oid", "choice",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
"""`oid` and `choice` (one of a closed list, as plain text) stand only in structures of our own."""

_FLAGS = ("conditional", "national", "hidden", "untitled")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a structure.

    `path` are the property names from the structure's root property down; `codes` are the codes that are allowed when
    the list is closed, with the display when THL gives one; `system` is the OID of a national code system, the
    `document/field` name of an internal one, or for an identifier the URI that it should carry; `phrases` are the
    SHA-256 digests of the texts that are allowed. `conditional`: THL's note makes it mandatory in some cases.
    `national`: nationally recorded. `hidden`: the group itself is not shown, its fields are; THL hides groups alone.
    `untitled`: shown without its name.
    """

    path: tuple[str, ...]
    kind: Kind
    label: Mapping[str, str]
    required: bool = False
    repeats: bool = False
    system: str = ""
    codes: Mapping[str, str] | None = None
    phrases: tuple[str, ...] = ()
    conditional: bool = False
    national: bool = False
    hidden: bool = False
    untitled: bool = False
    children: tuple[Field, ...] = ()

    @property
    def key(self) -> str:
        """The property name in the content."""
        return self.path[-1]

    @property
    def is_group(self) -> bool:
        """True when the field holds other fields rather than a value."""
        return self.kind in ("group", "heading")

    @property
    def cardinality(self) -> str:
        """The cardinality as FHIR writes it: `0..1`, `1..1`, `0..*` or `1..*`."""
        return f"{int(self.required)}..{'*' if self.repeats else '1'}"

    def __iter__(self) -> Iterator[Field]:
        """The field itself and every field under it, in display order."""
        yield self
        for child in self.children:
            yield from child


@dataclass(frozen=True)
class Structure:
    """One version of one document structure. `root` is the one property at the top of its content."""

    oid: str
    root: str
    label: Mapping[str, str]
    type: str
    author: str
    subject: str
    defined: str
    components: str
    fields: tuple[Field, ...]

    def __hash__(self) -> int:
        return hash(self.oid)

    @property
    def code(self) -> str:
        """The document type code in code system 1506, or the group code in 1505: `15020`."""
        return self.oid.split(".")[-4]

    @property
    def version(self) -> str:
        """The date of definition as the OID writes it: `2024.11.28`."""
        return ".".join(self.oid.split(".")[-3:])

    @property
    def code_system(self) -> str:
        """The OID of the code system in which `code` stands."""
        return ".".join(self.oid.split(".")[:-4])

    def __iter__(self) -> Iterator[Field]:
        """Every field at every depth, in display order."""
        for field in self.fields:
            yield from field

    @cached_property
    def by_path(self) -> Mapping[str, Field]:
        """Every field by its path, joined with `/`."""
        return {"/".join(field.path): field for field in self}


class Library:
    """The structures that stand in one or more folders, loaded when they are asked for.

    Later folders are laid over earlier ones: a site's structure of the same OID takes the place of ours.
    """

    def __init__(self, *folders: Traversable) -> None:
        self._files: dict[str, Traversable] = {}
        for folder in folders:
            for file in sorted(folder.iterdir(), key=lambda f: f.name):
                if file.name.endswith(".json"):
                    self._files[file.name.removesuffix(".json")] = file
        self._loaded: dict[str, Structure] = {}

    def __iter__(self) -> Iterator[Structure]:
        """Every structure, by code and version."""
        return (self[oid] for oid in self.oids)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, oid: object) -> bool:
        return oid in self._files

    def __getitem__(self, oid: str) -> Structure:
        """The structure of an OID. Raises: KeyError."""
        if oid not in self._loaded:
            self._loaded[oid] = structure_from_json(self._files[oid].read_bytes())
        return self._loaded[oid]

    def get(self, oid: str) -> Structure | None:
        """The structure of an OID, or None."""
        return self[oid] if oid in self else None  # noqa: SIM401 - this is what get is

    @cached_property
    def oids(self) -> tuple[str, ...]:
        """The OIDs of all structures, by code and version."""
        return tuple(sorted(self._files, key=_oid_order))

    def find(self, name: str) -> Structure:
        """The structure that `name` means: an OID, `15020@2024.11.28`, or `15020` for its newest version.

        Raises: KeyError.
        """
        if name in self:
            return self[name]
        code, _, version = name.partition("@")
        wanted = [oid for oid in self.oids if _matches(oid, code, version)]
        if not wanted:
            raise KeyError(name)
        return self[wanted[-1]]

    def of_root(self, root: str) -> tuple[Structure, ...]:
        """The structures whose content has this property at its top, oldest version first."""
        return tuple(self[oid] for oid in self._roots.get(root, ()))

    @cached_property
    def _roots(self) -> Mapping[str, list[str]]:
        roots: dict[str, list[str]] = {}
        for oid in self.oids:
            roots.setdefault(_root_of(self._files[oid].read_bytes()), []).append(oid)
        return roots


def _oid_order(oid: str) -> tuple[int, ...]:
    return tuple(int(arc) for arc in oid.split("."))


def _matches(oid: str, code: str, version: str) -> bool:
    """True for `15020`, `1505.8` and `15020` with the version `2024.11.28`."""
    tail = oid.split(".")[-5:]
    return code in (tail[-4], ".".join(tail[:2])) and (not version or ".".join(tail[2:]) == version)


def _root_of(data: bytes) -> str:
    """The root property, which the compact file names before its fields, without reading those."""
    head = data[: data.index(b'"fields"')]
    return str(orjson.loads(head.rstrip().rstrip(b",") + b"}")["root"])


@cache
def shipped() -> Library:
    """The library of the structures that are shipped with the package."""
    return Library(resource("schemas", "structures"))


def structure_from_json(data: bytes) -> Structure:
    """The structure that a compact file describes. Raises: ValueError, KeyError for a file that is not one."""
    raw = orjson.loads(data)
    by_parent: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for entry in raw["fields"]:
        entry["path"] = tuple(entry["path"].split("/"))
        by_parent.setdefault(entry["path"][:-1], []).append(entry)
    return Structure(
        oid=raw["oid"],
        root=raw["root"],
        label=raw["label"],
        type=raw["type"],
        author=raw["author"],
        subject=raw["subject"],
        defined=raw["defined"],
        components=raw["components"],
        fields=tuple(_field(entry, by_parent) for entry in by_parent.get((), [])),
    )


def _field(entry: dict[str, Any], by_parent: dict[tuple[str, ...], list[dict[str, Any]]]) -> Field:
    return Field(
        path=entry["path"],
        kind=entry["kind"],
        label=entry["label"],
        required=entry["card"][0] == "1",
        repeats=entry["card"][-1] == "*",
        system=entry.get("system", ""),
        codes=entry.get("codes"),
        phrases=tuple(entry.get("phrases", ())),
        conditional=entry.get("conditional", False),
        national=entry.get("national", False),
        hidden=entry.get("hidden", False),
        untitled=entry.get("untitled", False),
        children=tuple(_field(child, by_parent) for child in by_parent.get(entry["path"], ())),
    )


def structure_to_json(structure: Structure) -> bytes:
    """The compact file of a structure: its facts, then one field a line. The same structure gives the same bytes."""
    head = {
        key: getattr(structure, key)
        for key in ("oid", "root", "label", "type", "author", "subject", "defined", "components")
    }
    lines = ",\n".join(f"  {orjson.dumps(_entry(field)).decode()}" for field in structure)
    top = orjson.dumps(head, option=orjson.OPT_INDENT_2).decode().rstrip("}\n")
    return f'{top},\n  "fields": [\n{lines}\n  ]\n}}\n'.encode()


def _entry(field: Field) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": "/".join(field.path), "card": field.cardinality, "kind": field.kind}
    entry["label"] = dict(field.label)
    if field.system:
        entry["system"] = field.system
    if field.codes is not None:
        entry["codes"] = dict(field.codes)
    if field.phrases:
        entry["phrases"] = list(field.phrases)
    return entry | {flag: True for flag in _FLAGS if getattr(field, flag)}
