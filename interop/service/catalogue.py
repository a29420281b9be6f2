"""The document structures as a person looks for them: by type, by name or code, and by the name of a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.structures import Field, Structure, shipped

__all__ = ["Hit", "find", "named", "types", "versions"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One structure that was looked for, and those of its fields that bear the name."""

    structure: Structure
    fields: tuple[Field, ...]


def find(text: str = "", type_: str = "") -> list[Hit]:
    """The structures of a type whose own name or code, or the name of a field, holds the text; all without either."""
    wanted = text.strip().casefold()
    hits = []
    for one in shipped():
        if type_ and one.type != type_:
            continue
        fields = tuple(field for field in one if wanted and _bears(field.key, field.label, wanted))
        if not wanted or fields or _is_called(one, wanted):
            hits.append(Hit(one, fields))
    return hits


def types() -> tuple[str, ...]:
    """The types of the structures, in the order of the alphabet."""
    return tuple(sorted({one.type for one in shipped()}))


def named(name: str) -> Structure | None:
    """The structure that an OID or a short name (`15020`, `15020@2024.11.28`) means, or None."""
    try:
        return shipped().find(name)
    except (KeyError, IndexError):
        return None


def versions(structure: Structure) -> tuple[Structure, ...]:
    """Every version of a structure that is known, the newest first, with itself among them."""
    family = f"{structure.code_system}.{structure.code}."
    return tuple(shipped()[oid] for oid in reversed(shipped().oids) if oid.startswith(family))


def _is_called(structure: Structure, wanted: str) -> bool:
    is_code = structure.code.startswith(wanted) or structure.oid.startswith(wanted)
    return is_code or _bears(structure.root, structure.label, wanted)


def _bears(key: str, labels: Mapping[str, str], wanted: str) -> bool:
    return any(wanted in name.casefold() for name in (key, *labels.values()))
