"""What clients have permitted and forbidden, as the exchange knows it: every version, and of each chain the newest.

A client stands in it as a keyed pseudonym, and what was said is sealed: no identity code can be read or tried. Source:
act 703/2023 § 53, 55, 59; kept as the annex of the act says, newest version and older ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, String, cast, or_, select
from sqlalchemy.orm import Session

from interop.errors import Conflict, NotFound
from interop.store.database import Database
from interop.store.encryption import KeyRing, Sealed, WrappedKey, keyed_digest, open_sealed, seal
from interop.store.ledger import Delivery
from interop.store.rows import delivery_of
from interop.store.tables import DeliveryRow, DocumentRow, TransitionRow, WillRow
from schemas.wills import Client, ClientWills, Permit, Will, merged, narrowed, will_as_json, will_from_json

__all__ = ["KnownWill", "WillStore"]

_REVOCATION = "revocation"
"""The source of what a person has revoked here."""
_CONTRADICTION = "contradiction"
"""The source of what counts of a version that has been told in two ways."""
_SOURCES = (_CONTRADICTION, _REVOCATION)
_LEFT = ("sent", "accepted", "delivered", "unknown")
_MAY_HAVE_LEFT = ("held", "pending", "superseded")
"""States of what may have left all the same, when a person has had to find out whether an attempt had arrived."""


@dataclass(frozen=True, slots=True)
class KnownWill:
    """The newest version of one will. `client` is a pseudonym; `source` the system or command that told of it."""

    id: str
    client: str
    chain: str
    version: int
    source: str
    learned_at: datetime
    said: ClientWills


class WillStore:
    """The wills of all clients. Raises, from every method: Unavailable."""

    def __init__(self, database: Database, ring: KeyRing, digest_key: bytes, new_id: Callable[[], str]) -> None:
        self._database, self._ring, self._digest_key, self._new_id = database, ring, digest_key, new_id

    def learn(self, wills: Sequence[Will], source: str, at: datetime) -> int:
        """How many of the wills were new. Of a version that is known with other words, what closes more counts.

        Raises: Conflict when another process has learned the same at the same moment: learn again.
        """
        count = 0
        with self._database.write() as session:
            for one in wills:
                client = self._pseudonym(one.client)
                self._database.serialize(session, f"will:{client}")
                known = select(WillRow).where(
                    WillRow.client == client, WillRow.chain == one.chain, WillRow.version == one.version
                )
                row = self._new(session.scalars(known).all(), client, one, (source, at))
                if row is not None:
                    session.add(row)
                    session.flush()
                    count += 1
        return count

    def of(self, clients: Iterable[Client]) -> Mapping[Client, ClientWills]:
        """What is known of each of the clients; a client of whom nothing is known is left out.

        A prohibition of one version of a document that is here reaches all its versions.
        """
        names = {self._pseudonym(client): client for client in clients}
        if not names:
            return {}
        with self._database.read() as session:
            rows = session.scalars(select(WillRow).where(WillRow.client.in_(names))).all()
            newest = self._newest(rows)
            chains = _chains(session, [one.said for one in newest])
        found: dict[Client, list[ClientWills]] = {}
        for one in newest:
            found.setdefault(names[one.client], []).append(_widened(one.said, chains))
        return {client: merged(said) for client, said in found.items()}

    def known(self, clients: Iterable[Client] | None = None) -> list[KnownWill]:
        """The newest version of every will, or of those of the clients, in the order in which they were learned."""
        query = select(WillRow)
        if clients is not None:
            query = query.where(WillRow.client.in_([self._pseudonym(client) for client in clients]))
        with self._database.read() as session:
            rows = session.scalars(query).all()
            return sorted(self._newest(rows), key=lambda one: (one.learned_at, one.id))

    def revoke(self, will_id: str, day: date, at: datetime) -> KnownWill:
        """The will after its permits have been revoked and its prohibitions taken back.

        It stays so until a newer version of its document says otherwise.

        In: any unambiguous beginning of the id. Raises: NotFound; Conflict when several wills begin so, or when there
        is nothing to revoke.
        """
        with self._database.write() as session:
            rows = session.scalars(select(WillRow).where(WillRow.id.startswith(will_id, autoescape=True))).all()
            if not rows:
                raise NotFound("There is no permit or prohibition with this id.")
            if len(rows) > 1:
                raise Conflict("Several permits or prohibitions have an id that begins so. Give more of it.")
            chain = select(WillRow).where(WillRow.client == rows[0].client, WillRow.chain == rows[0].chain)
            (newest,) = self._newest(session.scalars(chain).all())
            permits = tuple(_revoked(one, day) for one in newest.said.permits)
            said = ClientWills(permits=permits, non_disclosure=newest.said.non_disclosure)
            if said == newest.said:
                raise Conflict("There is nothing left in it to revoke.")
            row = self._row(newest.client, Will(("", ""), newest.chain, newest.version, said), _REVOCATION, at)
            session.add(row)
            session.flush()
            return replace(newest, id=row.id, version=row.version, said=said, source=row.source, learned_at=at)

    def relying_on(self, permits: Iterable[str]) -> list[Delivery]:
        """The deliveries that have left, or may have, on the ground of one of the permits, oldest first."""
        query = (
            select(DeliveryRow, DocumentRow)
            .join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
            .where(or_(DeliveryRow.state.in_(_LEFT), DeliveryRow.state.in_(_MAY_HAVE_LEFT) & _was_in_doubt()))
            .order_by(DeliveryRow.id)
        )
        found: dict[int, Delivery] = {}
        with self._database.read() as session:
            for permit in permits:
                used = select(TransitionRow.delivery_id).where(
                    TransitionRow.after == "sent",
                    cast(TransitionRow.decision, String).contains(f'"{permit}"', autoescape=True),
                )
                for row, document in session.execute(query.where(DeliveryRow.id.in_(used))):
                    found[row.id] = delivery_of(row, document)
        return [found[number] for number in sorted(found)]

    def _new(self, known: Sequence[WillRow], client: str, will: Will, told: tuple[str, datetime]) -> WillRow | None:
        """The row of a version that is new, or told in other words than before; None when it is known so already."""
        if not known:
            return self._row(client, will, *told)
        before = [one for one in known if one.source != _REVOCATION]
        so_far = self._opened(max(before, key=_age)).said
        closer = narrowed(so_far, will.said)
        if closer == so_far or any(self._opened(one).said == will.said for one in before):
            return None
        for row in before:
            if row.source == _CONTRADICTION:
                self._reseal(row, closer, told[1])
                return row
        return self._row(client, replace(will, said=closer), _CONTRADICTION, told[1])

    def _reseal(self, row: WillRow, said: ClientWills, at: datetime) -> None:
        sealed = seal(self._ring, row.id, json.dumps(will_as_json(said)).encode())
        row.key_id, row.wrapped_key, row.payload, row.learned_at = (
            sealed.key.key_id,
            sealed.key.data,
            sealed.payload,
            at,
        )

    def _newest(self, rows: Iterable[WillRow]) -> list[KnownWill]:
        newest: dict[tuple[str, str], WillRow] = {}
        for row in rows:
            other = newest.get((row.client, row.chain))
            if other is None or _age(other) < _age(row):
                newest[row.client, row.chain] = row
        return [self._opened(row) for row in newest.values()]

    def _opened(self, row: WillRow) -> KnownWill:
        payload = open_sealed(self._ring, row.id, Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload))
        said = will_from_json(json.loads(payload))
        return KnownWill(row.id, row.client, row.chain, row.version, row.source, row.learned_at, said)

    def _row(self, client: str, will: Will, source: str, at: datetime) -> WillRow:
        will_id = self._new_id()
        sealed = seal(self._ring, will_id, json.dumps(will_as_json(will.said)).encode())
        return WillRow(
            id=will_id, client=client, chain=will.chain, version=will.version, source=source, learned_at=at,
            key_id=sealed.key.key_id, wrapped_key=sealed.key.data, payload=sealed.payload,
        )  # fmt: skip

    def _pseudonym(self, client: Client) -> str:
        return keyed_digest(self._digest_key, b"client", *(part.encode() for part in client))


def _age(row: WillRow) -> tuple[int, int]:
    return row.version, _SOURCES.index(row.source) + 1 if row.source in _SOURCES else 0


def _revoked(permit: Permit, day: date) -> Permit:
    return permit if permit.revoked is not None and permit.revoked <= day else replace(permit, revoked=day)


def _chains(session: Session, said: Iterable[ClientWills]) -> Mapping[str, str]:
    """The chains of the forbidden documents that are here, by the OIDs of their versions."""
    forbidden = [target for one in said for ban in one.prohibitions if ban.kind == "document" for target in ban.targets]
    if not forbidden:
        return {}
    rows = session.execute(
        select(DocumentRow.document, DocumentRow.chain).where(
            DocumentRow.document.in_(forbidden), DocumentRow.status == "accepted"
        )
    )
    return {document: chain for document, chain in rows if document and chain}


def _widened(said: ClientWills, chains: Mapping[str, str]) -> ClientWills:
    bans = tuple(
        replace(ban, targets=(*ban.targets, *(chains[one] for one in ban.targets if one in chains)))
        if ban.kind == "document"
        else ban
        for ban in said.prohibitions
    )
    return replace(said, prohibitions=bans)


def _was_in_doubt() -> ColumnElement[bool]:
    """Whether a person has had to find out if an attempt of the delivery had arrived."""
    doubt = select(TransitionRow.id).where(
        TransitionRow.delivery_id == DeliveryRow.id,
        TransitionRow.before.in_(("accepted", "unknown")),
        TransitionRow.after == "held",
    )
    return doubt.exists()
