"""The record: one document's envelope and content, the hub that every format is mapped to and from.

The content is exactly THL's JSON instance of a structure. The envelope is what is known about the document; its fields
are described by `envelope.json` in the same language as the structures. Source: act 703/2023 §37-38 (what every client
document shows); Kanta CDA R2 header (identity and versions of a document).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from uuid import UUID

from schemas.json_text import canonical
from schemas.residue import Residue
from schemas.structures import Structure, structure_from_json

__all__ = ["Record", "envelope_structure", "filled_envelope", "record_digest"]


@dataclass(frozen=True, slots=True)
class Record:
    """A document as plain data. Shape: `content` is `{root: {...}}`, as THL writes it.

    `residue` is what the document brought beyond the record; it is carried along, and is no part of what is said.
    """

    envelope: dict[str, Any]
    content: dict[str, Any]
    residue: tuple[Residue, ...] = field(default=(), repr=False)

    @property
    def document(self) -> str:
        """The OID of this document version."""
        return str(self.envelope.get("document", ""))

    @property
    def original(self) -> str:
        """The OID that all versions of the document share: that of the first version."""
        return str(self.envelope.get("original") or self.document)

    @property
    def version(self) -> int:
        """The number of this version, from 1."""
        version = self.envelope.get("version", 1)
        return version if isinstance(version, int) else 1

    @property
    def structure(self) -> str:
        """The OID of the structure that the content follows."""
        return str(self.envelope.get("structure", ""))

    @property
    def language(self) -> str:
        """The language of the document's own text."""
        return str(self.envelope.get("language", "fi"))

    @property
    def controller(self) -> str:
        """The identifier of the controller (rekisterinpitäjä)."""
        return str(self.envelope.get("controller", {}).get("identifier", {}).get("value", ""))

    @property
    def non_disclosure(self) -> bool | None:
        """Whether the client has a non-disclosure order (turvakielto); None when it is not known."""
        return self.envelope.get("non_disclosure")

    @property
    def root(self) -> str:
        """The root property of the content."""
        return next(iter(self.content), "")

    @property
    def body(self) -> dict[str, Any]:
        """The content under its root property."""
        body = self.content.get(self.root)
        return body if isinstance(body, dict) else {}


@cache
def envelope_structure() -> Structure:
    """The fields of the envelope, in the language of the structures."""
    return structure_from_json(files("schemas").joinpath("envelope.json").read_bytes())


def record_digest(record: Record) -> str:
    """The SHA-256 of the record in its canonical form, in hexadecimal: equal records have equal digests.

    The residue does not count: a document that comes back with something added by a system is still the same document.
    """
    return sha256(canonical({"envelope": record.envelope, "content": record.content})).hexdigest()


def filled_envelope(
    known: Mapping[str, Any], structure: Structure, content: Mapping[str, Any], created: str
) -> dict[str, Any]:
    """An envelope for a content that came without a whole one: what is known, what the content tells, and placeholders.

    Every placeholder is named in `placeholders`, so that nobody takes it for a fact. Clients and author are taken from
    the content where it names them. In: `created` stands in for an unknown time of drafting, as an instant.
    """
    body = content.get(structure.root)
    body = body if isinstance(body, Mapping) else {}
    told = {"structure": structure.oid} | _told_by(body)
    document = f"2.25.{UUID(bytes=sha256(canonical(content)).digest()[:16]).int}"
    stand_ins = {
        "document": document,
        "version": 1,
        "status": "draft",
        "language": "fi",
        "controller": {"identifier": {"value": "2.25.0"}},
        "author": {"family": "-", "given": "-"},
        "created": created,
    }
    envelope = {**told, **known}
    missing = [name for name in stand_ins if name not in envelope]
    envelope |= {name: stand_ins[name] for name in missing}
    if missing:
        envelope["placeholders"] = missing
    order = [field.key for field in envelope_structure().fields]
    return dict(sorted(envelope.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))


def _told_by(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the content itself says of its clients and author. THL writes them alike in every structure."""
    told: dict[str, Any] = {}
    clients = [client for person in _people(body.get("asiakas")) if (client := _client(person))]
    if clients:
        told["clients"] = clients
    for person in _people(body.get("laatija")):
        parts = {"family": "sukunimi", "given": "etunimet", "title": "tehtavanimike", "unit": "palveluyksikko"}
        author = {ours: person[theirs] for ours, theirs in parts.items() if person.get(theirs)}
        if "family" in author and "given" in author:
            told.setdefault("author", author)
    return told


def _people(value: Any) -> list[Mapping[str, Any]]:
    several = value if isinstance(value, list) else [value]
    return [person for person in several if isinstance(person, Mapping)]


def _client(person: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("henkilotunnus", "tilapainen_yksilointitunnus"):
        identifier = person.get(name)
        if isinstance(identifier, Mapping) and identifier.get("value"):
            client = {"identifier": dict(identifier)}
            for ours, theirs in (("family", "sukunimi"), ("given", "etunimet")):
                if person.get(theirs):
                    client[ours] = person[theirs]
            return client
    return {}
