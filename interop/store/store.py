"""The store: documents with encrypted payloads, their deliveries, and every transition of these.

Each public method is one transaction: it is carried out whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from secrets import token_bytes
from uuid import uuid4

from sqlalchemy import select

from interop.errors import Conflict, Fault, InteropError
from interop.logs import without_identity_codes
from interop.store.circuits import Circuits
from interop.store.database import Database
from interop.store.encryption import KEY_BYTES, KeyRing, Sealed, WrappedKey, keyed_digest, open_sealed, rewrap, seal
from interop.store.inbox import Inbox
from interop.store.ledger import Answer, Delivery, Identity, Incoming, Status, Step, StoredDocument, Transition
from interop.store.rows import (
    apply_step,
    delivery_of,
    document_of,
    found_delivery,
    found_document,
    has_newer,
    noted,
    oid_or_none,
    older_in_doubt,
    open_delivery,
    supersede_older,
    transition_of,
)
from interop.store.states import State, is_allowed
from interop.store.tables import ArrivalRow, DeliveryRow, DocumentRow, SecretRow, TransitionRow
from interop.store.workers import Workers

__all__ = ["Store"]

_DIGEST_KEY = "digest_key"
_RESENDABLE: tuple[State, ...] = ("held", "rejected")
_UNDER_WAY: tuple[State, ...] = ("pending", "accepted", "unknown")


def _new_id() -> str:
    return str(uuid4())


class Store:
    """The exchange's memory.

    In: `ring` opens the payloads; `new_id` names documents. Raises, from every method: Unavailable when the database
    cannot be reached. `inbox`, `circuits` and `workers` are the parts of it that several processes agree through.
    """

    def __init__(self, url: str, ring: KeyRing, new_id: Callable[[], str] = _new_id) -> None:
        self._database = Database(url)
        self._ring = ring
        self._new_id = new_id
        try:
            self._digest_key = self._secret(_DIGEST_KEY)
        except InteropError:
            self.close()
            raise
        self.inbox = Inbox(self._database, ring, self._digest_key, new_id)
        self.circuits = Circuits(self._database)
        self.workers = Workers(self._database)

    @property
    def is_shared(self) -> bool:
        """True when other processes and machines can work with the database too."""
        return self._database.is_shared

    def close(self) -> None:
        """Lets the database go."""
        self._database.close()

    # Documents

    def earlier(self, source: str, message_id: str, payload: bytes) -> StoredDocument | None:
        """The document that the very same message brought before, or None."""
        with self._database.read() as session:
            row = session.scalars(
                select(DocumentRow).where(
                    DocumentRow.message == self._message(source, message_id),
                    DocumentRow.payload_digest == self._digest(payload),
                )
            ).one_or_none()
            return document_of(row) if row else None

    def filed(self, document: str, version: int) -> StoredDocument | None:
        """The accepted document of this OID and version, or None."""
        with self._database.read() as session:
            row = session.scalars(
                select(DocumentRow).where(DocumentRow.filed_as == f"{document}#{version}")
            ).one_or_none()
            return document_of(row) if row else None

    def is_same_record(self, document_id: str, digest: str) -> bool:
        """True when the stored document's record has this digest. Raises: NotFound."""
        with self._database.read() as session:
            return found_document(session, document_id).record_digest == self._digest(digest.encode())

    def accept(self, incoming: Incoming, answer: Answer, receivers: Sequence[str]) -> StoredDocument:
        """The document, stored with a delivery for each receiver; older versions' waiting deliveries are superseded.

        When a newer version of the document is already here, its own deliveries are superseded from the start.
        Raises: Conflict when this message, or this document version, is already here.
        """
        identity = _sound(incoming.identity)
        with self._database.write() as session:
            row = self._row(incoming, "accepted", answer)
            row.filed_as = f"{identity.document}#{identity.version}"
            self._database.serialize(session, identity.chain)
            session.add(row)
            session.flush()
            newer = supersede_older(session, row, incoming.at)
            for receiver in receivers:
                open_delivery(session, row.id, receiver, incoming.at, superseded=newer)
            return document_of(row)

    def reject(self, incoming: Incoming, status: Status, answer: Answer) -> StoredDocument:
        """The document, stored as evidence without deliveries. Raises: Conflict when this message is already here."""
        with self._database.write() as session:
            row = self._row(incoming, status, answer)
            session.add(row)
            session.flush()
            return document_of(row)

    def acknowledged(self, document_id: str, at: datetime) -> None:
        """Notes that the sender has got its answer. Raises: NotFound."""
        with self._database.write() as session:
            found_document(session, document_id).acknowledged_at = at

    def document(self, document_id: str) -> StoredDocument:
        """One document without its payload. Raises: NotFound."""
        with self._database.read() as session:
            return document_of(found_document(session, document_id))

    def documents(self, *, limit: int = 1000) -> list[StoredDocument]:
        """The documents, the latest received first."""
        with self._database.read() as session:
            query = select(DocumentRow).order_by(DocumentRow.received_at.desc(), DocumentRow.id).limit(limit)
            return [document_of(row) for row in session.scalars(query)]

    def payload(self, document_id: str) -> bytes:
        """A document's bytes as they came. Raises: NotFound; Fault when they cannot be decrypted."""
        with self._database.read() as session:
            row = found_document(session, document_id, payload=True)
            sealed = Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload)
        return open_sealed(self._ring, document_id, sealed)

    # Deliveries

    def delivery(self, delivery_id: int) -> Delivery:
        """One delivery. Raises: NotFound."""
        with self._database.read() as session:
            return delivery_of(*found_delivery(session, delivery_id))

    def deliveries(
        self, *states: State, due: datetime | None = None, receiver: str = "", document: str = "", limit: int = 1000
    ) -> list[Delivery]:
        """The deliveries in these states (or in any), oldest first; with `due`, those whose time has come.

        In: `document` is the store's own id of a document.
        """
        query = select(DeliveryRow, DocumentRow).join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
        if states:
            query = query.where(DeliveryRow.state.in_(states))
        if due is not None:
            query = query.where(DeliveryRow.next_at <= due)
        if receiver:
            query = query.where(DeliveryRow.receiver == receiver)
        if document:
            query = query.where(DeliveryRow.document_id == document)
        with self._database.read() as session:
            return [
                delivery_of(row, document)
                for row, document in session.execute(query.order_by(DeliveryRow.id).limit(limit))
            ]

    def receivers(self, *states: State, due: datetime) -> list[str]:
        """The receivers that have deliveries in these states whose time has come, in alphabetical order."""
        query = select(DeliveryRow.receiver).where(DeliveryRow.state.in_(states), DeliveryRow.next_at <= due)
        with self._database.read() as session:
            return list(session.scalars(query.distinct().order_by(DeliveryRow.receiver)))

    def history(self, delivery_id: int) -> list[Transition]:
        """Every transition of a delivery, oldest first. Raises: NotFound."""
        with self._database.read() as session:
            found_delivery(session, delivery_id)
            query = select(TransitionRow).where(TransitionRow.delivery_id == delivery_id).order_by(TransitionRow.id)
            return [transition_of(row) for row in session.scalars(query)]

    def is_newest(self, delivery_id: int) -> bool:
        """True when no newer version of the delivery's document has been accepted. Raises: NotFound."""
        with self._database.read() as session:
            _, document = found_delivery(session, delivery_id)
            return not has_newer(session, document)

    def has_older_in_doubt(self, delivery_id: int) -> bool:
        """True when it is open whether an older version has reached the same receiver. Raises: NotFound."""
        with self._database.read() as session:
            delivery, document = found_delivery(session, delivery_id)
            return bool(session.scalar(older_in_doubt(delivery, document)))

    def move(self, delivery: Delivery, step: Step) -> Delivery:
        """The delivery after the step.

        Nothing is sent past a newer version, nor while it is open whether an older one has arrived: that too is a
        Conflict, and looked at within the same transaction. Raises: Fault when the table of states forbids the step;
        Conflict when somebody else has moved the delivery.
        """
        if not is_allowed(delivery.state, step.after):
            raise Fault(f"A delivery cannot go from {delivery.state} to {step.after}.")
        with self._database.write() as session:
            if step.after == "sent":
                self._database.serialize(session, found_delivery(session, delivery.id)[1].chain or "")
            row, document = found_delivery(session, delivery.id, lock=True)
            _check_turn(row, delivery)
            if step.after == "sent" and (has_newer(session, document) or session.scalar(older_in_doubt(row, document))):
                raise Conflict("Another version of the document has come in between.")
            apply_step(row, step)
            session.add(noted(row, delivery.state, step))
            session.flush()
            return delivery_of(row, document)

    def wait(self, delivery: Delivery, until: datetime) -> None:
        """Notes that the receiver has been asked about the delivery without news, and when to ask again.

        Raises: Conflict when somebody else has moved the delivery.
        """
        self._postpone(delivery, until, checks=1)

    def postpone(self, delivery: Delivery, until: datetime) -> None:
        """Notes that nothing was tried, and when to try. Raises: Conflict when somebody else has moved the delivery."""
        self._postpone(delivery, until, checks=0)

    def release(self, delivery_id: int, at: datetime, reason: str = "") -> Delivery:
        """A held delivery, let go by a person: it is pending, and the gate's hold no longer stops it.

        Raises: NotFound; Conflict when it is not held.
        """
        step = Step("pending", at, "released_by_a_person", reason, next_at=at)
        return self._by_person(delivery_id, step, ("held",), released=True)

    def resend(self, delivery_id: int, at: datetime, reason: str = "") -> Delivery:
        """A held or rejected delivery, pending again by a person's word; the gate judges it anew.

        One that is under way already is tried at once. Raises: NotFound; Conflict when it has arrived, is being sent,
        or a newer version goes in its stead.
        """
        if self.delivery(delivery_id).state in _UNDER_WAY:
            with self._database.write() as session:
                row, document = found_delivery(session, delivery_id, lock=True)
                row.turn += 1
                row.next_at = at
                return delivery_of(row, document)
        return self._by_person(delivery_id, Step("pending", at, "resent_by_a_person", reason, next_at=at), _RESENDABLE)

    def cancel(self, delivery_id: int, at: datetime, reason: str = "") -> Delivery:
        """A waiting or held delivery, called off by a person.

        Raises: NotFound; Conflict when it is neither: what may have arrived cannot be called back.
        """
        return self._by_person(delivery_id, Step("rejected", at, "cancelled_by_a_person", reason), ("pending", "held"))

    def doubt_interrupted(
        self, at: datetime, *, pause: timedelta = timedelta(), is_gone: Callable[[Delivery], bool] = lambda _: True
    ) -> int:
        """How many deliveries were being handed over when their worker ended; each is `unknown` from now on.

        In: `is_gone` tells whether the worker of a delivery has ended; `pause` is the time until the receiver is asked,
        since it may still be busy with the call. Without `is_gone`, this is for the only worker of the database.
        """
        count = 0
        with self._database.write() as session:
            rows = session.scalars(select(DeliveryRow).where(DeliveryRow.state == "sent").with_for_update()).all()
            for row in rows:
                if not is_gone(delivery_of(row, found_document(session, row.document_id))):
                    continue
                step = Step("unknown", at, "interrupted", next_at=at + pause)
                apply_step(row, step)
                session.add(noted(row, "sent", step))
                count += 1
        return count

    def overdue(self, at: datetime, *, limit: int = 500) -> list[Delivery]:
        """The deliveries under way whose time had come at `at`, the longest overdue first."""
        query = (
            select(DeliveryRow, DocumentRow)
            .join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
            .where(DeliveryRow.state.in_(_UNDER_WAY), DeliveryRow.next_at <= at)
            .order_by(DeliveryRow.next_at, DeliveryRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [delivery_of(row, document) for row, document in session.execute(query)]

    # Keys

    def rewrap(self, *, limit: int = 1000) -> int:
        """How many data keys were wrapped anew by the active key; 0 when no other key is in use any more.

        After that an old key can leave the ring. Raises: Fault when a key in use is not in the ring.
        """
        active = self._ring.active
        with self._database.write() as session:
            documents = session.scalars(
                select(DocumentRow)
                .where(DocumentRow.key_id != active)
                .order_by(DocumentRow.id)
                .limit(limit)
                .with_for_update()
            ).all()
            secrets = session.scalars(select(SecretRow).where(SecretRow.key_id != active).with_for_update()).all()
            arrivals = session.scalars(
                select(ArrivalRow).where(ArrivalRow.key_id != active).limit(limit).with_for_update()
            ).all()
            for document in documents:
                self._rewrap(document.id, document)
            for arrival in arrivals:
                self._rewrap(arrival.id, arrival)
            for secret in secrets:
                self._rewrap(secret.name, secret)
            return len(documents) + len(arrivals) + len(secrets)

    # Inside

    def _postpone(self, delivery: Delivery, until: datetime, checks: int) -> None:
        with self._database.write() as session:
            row, _ = found_delivery(session, delivery.id, lock=True)
            _check_turn(row, delivery)
            row.checks += checks
            row.turn += 1
            row.next_at = until

    def _by_person(
        self, delivery_id: int, step: Step, allowed: tuple[State, ...], *, released: bool = False
    ) -> Delivery:
        with self._database.write() as session:
            row, document = found_delivery(session, delivery_id, lock=True)
            before = delivery_of(row, document).state
            if before not in allowed:
                raise Conflict(f"This cannot be done with a delivery that is {before}.")
            apply_step(row, step)
            row.released = row.released or released
            session.add(noted(row, before, step))
            session.flush()
            return delivery_of(row, document)

    def _row(self, incoming: Incoming, status: Status, answer: Answer) -> DocumentRow:
        document_id = self._new_id()
        sealed = seal(self._ring, document_id, incoming.payload)
        identity = incoming.identity
        return DocumentRow(
            id=document_id,
            source=incoming.source,
            message=self._message(incoming.source, incoming.message_id),
            payload_digest=self._digest(incoming.payload),
            record_digest=self._digest(identity.digest.encode()) if identity else None,
            format=incoming.format,
            status=status,
            # A refused document may hold anything where its identifiers should be.
            document=oid_or_none(identity.document) if identity else None,
            version=identity.version if identity and 0 < identity.version < 2**31 else None,
            chain=oid_or_none(identity.chain) if identity else None,
            structure=oid_or_none(identity.structure) if identity else None,
            answer=answer.type,
            answer_code=answer.code[:200],
            answer_text=without_identity_codes(answer.text)[:2000],
            received_at=incoming.at,
            key_id=sealed.key.key_id,
            wrapped_key=sealed.key.data,
            payload=sealed.payload,
        )

    def _rewrap(self, owner: str, row: ArrivalRow | DocumentRow | SecretRow) -> None:
        key = rewrap(self._ring, owner, WrappedKey(row.key_id, row.wrapped_key))
        row.key_id, row.wrapped_key = key.key_id, key.data

    def _message(self, source: str, message_id: str) -> str:
        return keyed_digest(self._digest_key, b"message", source.encode(), message_id.encode())

    def _digest(self, data: bytes) -> str:
        return keyed_digest(self._digest_key, b"content", data)

    def _secret(self, name: str) -> bytes:
        """A random secret of this database, made at its first opening."""
        with self._database.write() as session:
            self._database.serialize(session, name)
            row = session.get(SecretRow, name)
            if row is None:
                sealed = seal(self._ring, name, token_bytes(KEY_BYTES))
                row = SecretRow(
                    name=name, key_id=sealed.key.key_id, wrapped_key=sealed.key.data, payload=sealed.payload
                )
                session.add(row)
            return open_sealed(self._ring, name, Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload))


def _sound(identity: Identity | None) -> Identity:
    if identity is None or not all(map(oid_or_none, (identity.document, identity.chain, identity.structure))):
        raise Fault("A document that has no sound identity cannot be accepted.")
    return identity


def _check_turn(row: DeliveryRow, delivery: Delivery) -> None:
    if row.turn != delivery.turn:
        raise Conflict("The delivery has been moved by another worker in the meantime.")
