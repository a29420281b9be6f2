"""The index of the resources that the accepted documents hold. It can be lost: it is made anew from the documents.

A document says by `indexed_as` which form of the index holds it; a document of an older form waits to be indexed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from interop.store.api_tables import ResourceRow, TermRow
from interop.store.database import Database
from interop.store.encryption import KeyRing, Sealed, WrappedKey, keyed_digest, open_sealed, seal
from interop.store.ledger import StoredDocument
from interop.store.rows import document_of
from interop.store.tables import DocumentRow

__all__ = ["INDEX_FORM", "Criterion", "Entry", "IndexedResource", "IndexedTerm", "Resources"]

INDEX_FORM = 1
"""The form of the index that this program makes; a higher one has every document indexed again."""

Comparison = Literal["eq", "ne", "lt", "le", "gt", "ge", "sa", "eb"]
_SEALED_FOR = "cursor"


@dataclass(frozen=True, slots=True)
class IndexedTerm:
    """One value to find a resource by; the text is digested before it is written."""

    parameter: str
    value: str = field(default="", repr=False)
    low: datetime | None = None
    high: datetime | None = None


@dataclass(frozen=True, slots=True)
class IndexedResource:
    """One resource of a document, and what it can be found by. `version` is None for what outlives the document."""

    type: str
    name: str
    version: int | None
    terms: Sequence[IndexedTerm] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource in the index. `id` grows with time."""

    id: int
    document_id: str
    type: str
    name: str
    version: int | None
    is_current: bool
    updated_at: datetime

    @property
    def version_id(self) -> str:
        """The resource's version as FHIR tells it."""
        return str(self.version if self.version is not None else self.id)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition: any of the values; or, with `spans`, any of the comparisons with a span of time."""

    parameter: str
    values: tuple[str, ...] = field(default=(), repr=False)
    spans: tuple[tuple[Comparison, datetime, datetime], ...] = ()


class Resources:
    """The index. Raises, from every method: Unavailable."""

    def __init__(self, database: Database, ring: KeyRing, digest_key: bytes) -> None:
        self._database, self._ring, self._digest_key = database, ring, digest_key

    def pseudonym(self, system: str, value: str) -> str:
        """The id that stands for a person's identifier: nobody can tell the one from the other without the key."""
        digest = keyed_digest(self._digest_key, b"pseudonym", system.encode(), value.encode())
        return str(UUID(hex=digest[:32]))

    def waiting(self, limit: int = 100) -> list[StoredDocument]:
        """The accepted documents that are not in the index yet, the oldest first."""
        query = select(DocumentRow).where(DocumentRow.status == "accepted", DocumentRow.indexed_as < INDEX_FORM)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(DocumentRow.received_at, DocumentRow.id).limit(limit))
            return [document_of(row) for row in rows]

    def put(self, document: StoredDocument, found: Sequence[IndexedResource]) -> None:
        """Nothing; the document's resources are in the index, and those of its chain's newest version are current."""
        chain = document.chain or document.id
        with self._database.write() as session:
            self._database.serialize(session, f"index:{chain}")
            old = select(ResourceRow.id).where(ResourceRow.document_id == document.id)
            session.execute(delete(TermRow).where(TermRow.resource_id.in_(old)))
            session.execute(delete(ResourceRow).where(ResourceRow.document_id == document.id))
            for one in found:
                self._add(session, document, chain, one)
            session.flush()
            session.execute(update(DocumentRow).where(DocumentRow.id == document.id).values(indexed_as=INDEX_FORM))
            _mark_current(session, chain)

    def versions(self, kind: str, name: str, limit: int = 1000) -> list[Entry]:
        """Every version of a resource, the newest first."""
        query = select(ResourceRow).where(ResourceRow.type == kind, ResourceRow.name == name)
        newest = (func.coalesce(ResourceRow.version, 0).desc(), ResourceRow.id.desc())
        with self._database.read() as session:
            return [_entry(row) for row in session.scalars(query.order_by(*newest).limit(limit))]

    def find(
        self, kind: str, criteria: Sequence[Criterion], *, after: int | None = None, limit: int = 50,
        oldest_first: bool = False,
    ) -> list[Entry]:  # fmt: skip
        """The current resources of a type that meet every criterion, the newest first. In: `after` the entry's id."""
        query = select(ResourceRow).where(ResourceRow.type == kind, ResourceRow.is_current)
        query = query.where(*(self._condition(one) for one in criteria))
        if after is not None:
            query = query.where(ResourceRow.id > after if oldest_first else ResourceRow.id < after)
        order = ResourceRow.id if oldest_first else ResourceRow.id.desc()
        with self._database.read() as session:
            return [_entry(row) for row in session.scalars(query.order_by(order).limit(limit))]

    def of_document(self, document_id: str) -> list[Entry]:
        """The resources of one document."""
        query = select(ResourceRow).where(ResourceRow.document_id == document_id).order_by(ResourceRow.id)
        with self._database.read() as session:
            return [_entry(row) for row in session.scalars(query)]

    def sealed(self, text: bytes) -> bytes:
        """A text that only this service can read and make: for what goes out and comes back unchanged."""
        made = seal(self._ring, _SEALED_FOR, text)
        head = made.key.key_id.encode()
        return bytes([len(head)]) + head + len(made.key.data).to_bytes(2, "big") + made.key.data + made.payload

    def opened(self, sealed: bytes) -> bytes:
        """What `sealed` was given. Raises: Fault for anything else."""
        size = sealed[0] if sealed else 0
        key_id, rest = sealed[1 : 1 + size].decode("ascii", "replace"), sealed[1 + size :]
        length = int.from_bytes(rest[:2], "big")
        return open_sealed(
            self._ring, _SEALED_FOR, Sealed(WrappedKey(key_id, rest[2 : 2 + length]), rest[2 + length :])
        )

    def _add(self, session: Session, document: StoredDocument, chain: str, one: IndexedResource) -> None:
        row = ResourceRow(
            document_id=document.id, chain=chain, type=one.type, name=one.name, version=one.version,
            is_current=False, updated_at=document.received_at,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add_all(
            TermRow(
                resource_id=row.id, parameter=term.parameter, low=term.low, high=term.high,
                digest=self._digest(term.parameter, term.value) if term.value else "",
            )
            for term in one.terms
        )  # fmt: skip

    def _digest(self, parameter: str, value: str) -> str:
        return keyed_digest(self._digest_key, b"term", parameter.encode(), value.encode())

    def _condition(self, one: Criterion) -> ColumnElement[bool]:
        if one.parameter == "_id":
            return ResourceRow.name.in_(one.values)
        if one.parameter == "_lastUpdated":
            return or_(*(_compared(ResourceRow.updated_at, ResourceRow.updated_at, span) for span in one.spans))
        mine = and_(TermRow.resource_id == ResourceRow.id, TermRow.parameter == one.parameter)
        if one.spans:
            return exists().where(mine, or_(*(_compared(TermRow.low, TermRow.high, span) for span in one.spans)))
        return exists().where(mine, TermRow.digest.in_([self._digest(one.parameter, value) for value in one.values]))


def _compared(low: object, high: object, span: tuple[Comparison, datetime, datetime]) -> ColumnElement[bool]:
    """A span of time compared with another, after FHIR's prefixes; an open end reaches beyond everything."""
    how, first, after = span
    begin: ColumnElement[datetime] = low  # type: ignore[assignment]
    end: ColumnElement[datetime] = high  # type: ignore[assignment]
    within = and_(begin.is_not(None), end.is_not(None), begin >= first, end <= after)
    match how:
        case "eq":
            return within
        case "ne":
            return ~within
        case "lt":
            return or_(begin.is_(None), begin < first)
        case "gt":
            return or_(end.is_(None), end > after)
        case "le":
            return or_(begin.is_(None), begin < after)
        case "ge":
            return or_(end.is_(None), end > first)
        case "sa":
            return and_(begin.is_not(None), begin >= after)
        case "eb":
            return and_(end.is_not(None), end <= first)


def _mark_current(session: Session, chain: str) -> None:
    """The resources of the chain's newest version are the current ones, and no others of the chain."""
    newest = session.scalar(
        select(DocumentRow.id)
        .where(DocumentRow.chain == chain, DocumentRow.status == "accepted", DocumentRow.indexed_as == INDEX_FORM)
        .order_by(DocumentRow.version.desc(), DocumentRow.received_at.desc())
        .limit(1)
    )
    mine = ResourceRow.chain == chain
    session.execute(update(ResourceRow).where(mine).values(is_current=ResourceRow.document_id == newest))


def _entry(row: ResourceRow) -> Entry:
    return Entry(row.id, row.document_id, row.type, row.name, row.version, row.is_current, row.updated_at)
