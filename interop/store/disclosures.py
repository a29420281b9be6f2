"""What was disclosed to other controllers outside Kanta: a row a person, from which each disclosure notice is made.

A row is written in the transaction in which a delivery has arrived, so that none is lost and none made twice; it is
marked once its notice stands in the outbox. No identity code is in it: a person is the audit's keyed digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from interop.errors import Conflict, NotFound
from interop.store.database import Database
from interop.store.disclosure_tables import DisclosureRow
from interop.store.rows import Move
from schemas.json_text import canonical

__all__ = ["Disclosed", "Disclosures", "SoughtDisclosures", "note_disclosures"]

_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One document version that one other controller was given, about one person.

    `sender` and `receiver` are the controllers' OIDs, empty when not known; `system` the receiving system's name in the
    settings; `ground`, `act` and `section` the legal basis, `decision` and `decided_at` which of the gate's decisions
    found it, `permits` the client's permits that it relies on. `client` is the person's keyed digest, empty when the
    document names nobody; `written_at` when the notice was put into the outbox.
    """

    id: str
    at: datetime
    delivery: int
    document_id: str
    document: str
    version: int
    structure: str
    system: str
    sender: str
    receiver: str
    ground: str
    act: str
    section: str
    decision: str
    decided_at: str
    permits: tuple[str, ...]
    client: str
    written_at: datetime | None


@dataclass(frozen=True, slots=True)
class SoughtDisclosures:
    """Which disclosures are looked for; what is empty narrows nothing. `waiting`: those alone without a notice yet."""

    document: str = ""
    client: str = ""
    since: datetime | None = None
    until: datetime | None = None
    waiting: bool = False


class Disclosures:
    """The disclosures of one database. Raises, from every method: Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def one(self, disclosure_id: str) -> Disclosed:
        """One disclosure. In: any unambiguous beginning of its id. Raises: NotFound, Conflict."""
        query = select(DisclosureRow).where(DisclosureRow.id.startswith(disclosure_id, autoescape=True)).limit(2)
        with self._database.read() as session:
            found = [_disclosed(row) for row in session.scalars(query)]
        if not found:
            raise NotFound("There is no disclosure with this id.")
        if len(found) > 1:
            raise Conflict("Several disclosures have an id that begins so. Give more of it.")
        return found[0]

    def latest(self, sought: SoughtDisclosures, limit: int) -> list[Disclosed]:
        """The latest disclosures that are looked for, oldest first."""
        query = select(DisclosureRow).where(*_narrowed(sought)).order_by(DisclosureRow.at.desc(), DisclosureRow.id)
        with self._database.read() as session:
            return [_disclosed(row) for row in session.scalars(query.limit(limit))][::-1]

    def every(self, sought: SoughtDisclosures) -> Iterator[Disclosed]:
        """All disclosures that are looked for, oldest first, read in parts."""
        last: tuple[datetime, str] | None = None
        while True:
            query = select(DisclosureRow).where(*_narrowed(sought)).order_by(DisclosureRow.at, DisclosureRow.id)
            if last is not None:
                at, disclosure_id = last
                later = (DisclosureRow.at == at) & (DisclosureRow.id > disclosure_id)
                query = query.where((DisclosureRow.at > at) | later)
            with self._database.read() as session:
                found = [_disclosed(row) for row in session.scalars(query.limit(_AT_A_TIME))]
            yield from found
            if len(found) < _AT_A_TIME:
                return
            last = found[-1].at, found[-1].id

    def waiting(self, limit: int) -> list[Disclosed]:
        """The disclosures whose notice does not stand in the outbox yet, oldest first."""
        query = select(DisclosureRow).where(DisclosureRow.written_at.is_(None))
        with self._database.read() as session:
            rows = session.scalars(query.order_by(DisclosureRow.at, DisclosureRow.id).limit(limit))
            return [_disclosed(row) for row in rows]

    def written(self, disclosure_ids: Sequence[str], at: datetime) -> None:
        """Nothing; the notices of these disclosures stand in the outbox since then."""
        with self._database.write() as session:
            waits = DisclosureRow.id.in_(disclosure_ids) & DisclosureRow.written_at.is_(None)
            session.execute(update(DisclosureRow).where(waits).values(written_at=at))

    def forget(self, before: datetime) -> None:
        """Nothing; disclosures of before that moment are gone, when their notices stand in the outbox."""
        with self._database.write() as session:
            old = (DisclosureRow.at < before) & DisclosureRow.written_at.is_not(None)
            session.execute(delete(DisclosureRow).where(old))


def note_disclosures(session: Session, moves: Sequence[tuple[Move, Mapping[str, Any]]]) -> list[Move]:
    """Those of the steps by which something was disclosed, each written down, in the transaction of the steps.

    In: the steps with the gate's decisions that the attempts rested on. What an earlier life of the database has
    written under the same name is not written again.
    """
    disclosing = [(move, decision) for move, decision in moves if decision.get("disclosure")]
    rows = [row for move, decision in disclosing for row in _rows(move, decision)]
    if rows:
        ids = select(DisclosureRow.id).where(DisclosureRow.id.in_([row["id"] for row in rows]))
        known = set(session.scalars(ids))
        new = [row for row in rows if row["id"] not in known]
        if new:
            session.execute(insert(DisclosureRow), new)
    return [move for move, _ in disclosing]


def _rows(move: Move, decision: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The values of a row for each person whom the document is about; for nobody, when it names none."""
    told, document = decision["disclosure"], move.document
    for client in document.clients.split() or [""]:
        yield {
            "id": _id(document.document, document.version, move.row.receiver, client),
            "at": move.step.at,
            "delivery": move.row.id,
            "document_id": document.id,
            "document": document.document,
            "version": document.version,
            "structure": document.structure or "",
            "system": move.row.receiver,
            "client": client,
            "decision": decision["id"],
            "decided_at": decision["at"],
            "permits": list(decision["permits"]),
            "written_at": None,
            **told,
        }


def _id(*facts: str | int | None) -> str:
    """The same for the same disclosure, also in a database that was restored: nobody is told of it as of another."""
    return str(UUID(bytes=sha256(canonical(["disclosure", *facts])).digest()[:16], version=5))


def _narrowed(sought: SoughtDisclosures) -> list[ColumnElement[bool]]:
    row = DisclosureRow
    equal = {row.document: sought.document, row.client: sought.client}
    found: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value]
    if sought.since is not None:
        found.append(row.at >= sought.since)
    if sought.until is not None:
        found.append(row.at < sought.until)
    return [*found, row.written_at.is_(None)] if sought.waiting else found


def _disclosed(row: DisclosureRow) -> Disclosed:
    return Disclosed(
        id=row.id, at=row.at, delivery=row.delivery, document_id=row.document_id, document=row.document,
        version=row.version, structure=row.structure, system=row.system, sender=row.sender, receiver=row.receiver,
        ground=row.ground, act=row.act, section=row.section, decision=row.decision, decided_at=row.decided_at,
        permits=tuple(row.permits), client=row.client, written_at=row.written_at,
    )  # fmt: skip
