"""The lists that stand inside document structures, as FHIR code systems: the same structures give the same ones.

THL's internal lists have a name (`document/field`) and no URI, so they get one of ours; our own structures' lists too.
Source: FHIR R4 4.0.1 CodeSystem; THL Sosmeta, see `structures/SOURCE.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from schemas.canonical import CANONICAL
from schemas.structures import Field, Structure

__all__ = ["list_code_systems"]


def list_code_systems(structures: Iterable[Structure]) -> Iterator[dict[str, Any]]:
    """The code system of every list inside the structures, by name. A list that several fields share is given once."""
    named: dict[str, list[Field]] = {}
    for structure in structures:
        for field in structure:
            if field.codes and field.system and ":" not in field.system and not field.system[0].isdigit():
                named.setdefault(field.system, []).append(field)
    for name in sorted(named):
        yield _code_system(name, named[name])


def _code_system(name: str, fields: list[Field]) -> dict[str, Any]:
    codes: dict[str, str] = {}
    for field in fields:
        codes |= {code: display or codes.get(code, "") for code, display in (field.codes or {}).items()}
    label = fields[0].label
    return {
        "resourceType": "CodeSystem",
        "id": f"list-{sha256(name.encode()).hexdigest()[:16]}",
        "language": "fi",
        "url": f"{CANONICAL}/CodeSystem/{name}",
        "name": f"List{sha256(name.encode()).hexdigest()[:16]}",
        "title": label.get("fi", name),
        "status": "active",
        "experimental": False,
        "caseSensitive": True,
        "content": "complete",
        "concept": [_concept(code, display) for code, display in codes.items()],
    }


def _concept(code: str, display: str) -> Mapping[str, str]:
    return {"code": code, "display": display} if display else {"code": code}
