"""The store: documents with encrypted payloads, their deliveries, and every transition of these.

Each public method is one transaction: it is carried out whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from secrets import token_bytes
from uuid import uuid4

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from interop.errors import Conflict, Fault, InteropError, Unavailable
from interop.logs import without_identity_codes
from interop.store.encryption import KEY_BYTES, KeyRing, Sealed, WrappedKey, keyed_digest, open_sealed, rewrap, seal
from interop.store.engine import READ_ONLY, open_engine
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
    open_delivery,
    supersede_older,
    transition_of,
)
from interop.store.states import State, is_allowed
from interop.store.tables import SCHEMA_VERSION, Base, DeliveryRow, DocumentRow, SecretRow, TransitionRow

__all__ = ["Store"]

_DIGEST_KEY = "digest_key"
_IN_DOUBT: tuple[State, ...] = ("sent", "unknown")


def _new_id() -> str:
    return str(uuid4())


class Store:
    """The exchange's memory.

    In: `ring` opens the payloads; `new_id` names documents. Raises, from every method: Unavailable when the database
    cannot be reached.
    """

    def __init__(self, url: str, ring: KeyRing, new_id: Callable[[], str] = _new_id) -> None:
        self._engine: Engine = open_engine(url)
        self._reading = self._engine.execution_options(**{READ_ONLY: True})
        self._ring = ring
        self._new_id = new_id
        with _translated():
            Base.metadata.create_all(self._engine)
        self._digest_key = self._secret(_DIGEST_KEY)

    def close(self) -> None:
        """Lets the database go."""
        self._engine.dispose()

    # Documents

    def earlier(self, source: str, message_id: str, payload: bytes) -> StoredDocument | None:
        """The document that the very same message brought before, or None."""
        with self._read() as session:
            row = session.scalars(
                select(DocumentRow).where(
                    DocumentRow.message == self._message(source, message_id),
                    DocumentRow.payload_digest == self._digest(payload),
                )
            ).one_or_none()
            return document_of(row) if row else None

    def filed(self, document: str, version: int) -> StoredDocument | None:
        """The accepted document of this OID and version, or None."""
        with self._read() as session:
            row = session.scalars(
                select(DocumentRow).where(DocumentRow.filed_as == f"{document}#{version}")
            ).one_or_none()
            return document_of(row) if row else None

    def is_same_record(self, document_id: str, digest: str) -> bool:
        """True when the stored document's record has this digest. Raises: NotFound."""
        with self._read() as session:
            return found_document(session, document_id).record_digest == self._digest(digest.encode())

    def accept(self, incoming: Incoming, answer: Answer, receivers: Sequence[str]) -> StoredDocument:
        """The document, stored with a delivery for each receiver; older versions' waiting deliveries are superseded.

        When a newer version of the document is already here, its own deliveries are superseded from the start.
        Raises: Conflict when this message, or this document version, is already here.
        """
        identity = _sound(incoming.identity)
        with self._write() as session:
            row = self._row(incoming, "accepted", answer)
            row.filed_as = f"{identity.document}#{identity.version}"
            session.add(row)
            session.flush()
            newer = supersede_older(session, row, incoming.at)
            for receiver in receivers:
                open_delivery(session, row.id, receiver, incoming.at, superseded=newer)
            return document_of(row)

    def reject(self, incoming: Incoming, status: Status, answer: Answer) -> StoredDocument:
        """The document, stored as evidence without deliveries. Raises: Conflict when this message is already here."""
        with self._write() as session:
            row = self._row(incoming, status, answer)
            session.add(row)
            session.flush()
            return document_of(row)

    def acknowledged(self, document_id: str, at: datetime) -> None:
        """Notes that the sender has got its answer. Raises: NotFound."""
        with self._write() as session:
            found_document(session, document_id).acknowledged_at = at

    def document(self, document_id: str) -> StoredDocument:
        """One document without its payload. Raises: NotFound."""
        with self._read() as session:
            return document_of(found_document(session, document_id))

    def documents(self, *, limit: int = 1000) -> list[StoredDocument]:
        """The documents, the latest received first."""
        with self._read() as session:
            query = select(DocumentRow).order_by(DocumentRow.received_at.desc(), DocumentRow.id).limit(limit)
            return [document_of(row) for row in session.scalars(query)]

    def payload(self, document_id: str) -> bytes:
        """A document's bytes as they came. Raises: NotFound; Fault when they cannot be decrypted."""
        with self._read() as session:
            row = found_document(session, document_id, payload=True)
            sealed = Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload)
        return open_sealed(self._ring, document_id, sealed)

    # Deliveries

    def delivery(self, delivery_id: int) -> Delivery:
        """One delivery. Raises: NotFound."""
        with self._read() as session:
            return delivery_of(*found_delivery(session, delivery_id))

    def deliveries(
        self, *states: State, due: datetime | None = None, receiver: str = "", limit: int = 1000
    ) -> list[Delivery]:
        """The deliveries in these states (or in any), oldest first; with `due`, those whose time has come."""
        query = select(DeliveryRow, DocumentRow).join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
        if states:
            query = query.where(DeliveryRow.state.in_(states))
        if due is not None:
            query = query.where(DeliveryRow.next_at <= due)
        if receiver:
            query = query.where(DeliveryRow.receiver == receiver)
        with self._read() as session:
            return [
                delivery_of(row, document)
                for row, document in session.execute(query.order_by(DeliveryRow.id).limit(limit))
            ]

    def receivers(self, *states: State, due: datetime) -> list[str]:
        """The receivers that have deliveries in these states whose time has come, in alphabetical order."""
        query = select(DeliveryRow.receiver).where(DeliveryRow.state.in_(states), DeliveryRow.next_at <= due)
        with self._read() as session:
            return list(session.scalars(query.distinct().order_by(DeliveryRow.receiver)))

    def history(self, delivery_id: int) -> list[Transition]:
        """Every transition of a delivery, oldest first. Raises: NotFound."""
        with self._read() as session:
            found_delivery(session, delivery_id)
            query = select(TransitionRow).where(TransitionRow.delivery_id == delivery_id).order_by(TransitionRow.id)
            return [transition_of(row) for row in session.scalars(query)]

    def is_newest(self, delivery_id: int) -> bool:
        """True when no newer version of the delivery's document has been accepted. Raises: NotFound."""
        with self._read() as session:
            _, document = found_delivery(session, delivery_id)
            return not has_newer(session, document)

    def has_older_in_doubt(self, delivery_id: int) -> bool:
        """True when it is open whether an older version has reached the same receiver. Raises: NotFound."""
        with self._read() as session:
            delivery, document = found_delivery(session, delivery_id)
            query = (
                select(func.count())
                .select_from(DeliveryRow)
                .join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
                .where(
                    DeliveryRow.receiver == delivery.receiver,
                    DeliveryRow.state.in_(_IN_DOUBT),
                    DocumentRow.chain == document.chain,
                    DocumentRow.version < document.version,
                )
            )
            return bool(session.scalar(query))

    def move(self, delivery: Delivery, step: Step) -> Delivery:
        """The delivery after the step.

        Raises: Fault when the table of states forbids the step; Conflict when somebody else has moved the delivery.
        """
        if not is_allowed(delivery.state, step.after):
            raise Fault(f"A delivery cannot go from {delivery.state} to {step.after}.")
        with self._write() as session:
            row, document = found_delivery(session, delivery.id, lock=True)
            if row.state != delivery.state or row.attempts != delivery.attempts:
                raise Conflict("The delivery has been moved by another worker in the meantime.")
            apply_step(row, step)
            session.add(noted(row, delivery.state, step))
            session.flush()
            return delivery_of(row, document)

    def wait(self, delivery: Delivery, until: datetime) -> None:
        """Notes that the receiver has been asked about the delivery without news, and when to ask again."""
        with self._write() as session:
            row, _ = found_delivery(session, delivery.id, lock=True)
            row.checks += 1
            row.next_at = until

    def release(self, delivery_id: int, at: datetime) -> Delivery:
        """A held delivery, let go by a person: it is pending, and the gate's hold no longer stops it.

        Raises: NotFound; Conflict when it is not held.
        """
        with self._write() as session:
            row, document = found_delivery(session, delivery_id, lock=True)
            if row.state != "held":
                raise Conflict("Only a held delivery can be released.")
            step = Step("pending", at, "released_by_a_person", next_at=at)
            apply_step(row, step)
            row.released = True
            session.add(noted(row, "held", step))
            session.flush()
            return delivery_of(row, document)

    def doubt_interrupted(self, at: datetime) -> int:
        """How many deliveries were being handed over when the program ended; each is `unknown` from now on.

        For the start of the only worker of this database: it takes whatever is `sent` for interrupted.
        """
        with self._write() as session:
            rows = session.scalars(select(DeliveryRow).where(DeliveryRow.state == "sent").with_for_update()).all()
            for row in rows:
                step = Step("unknown", at, "interrupted", next_at=at)
                apply_step(row, step)
                session.add(noted(row, "sent", step))
            return len(rows)

    # Keys

    def rewrap(self, *, limit: int = 1000) -> int:
        """How many data keys were wrapped anew by the active key; 0 when no other key is in use any more.

        After that an old key can leave the ring. Raises: Fault when a key in use is not in the ring.
        """
        active = self._ring.active
        with self._write() as session:
            documents = session.scalars(
                select(DocumentRow)
                .where(DocumentRow.key_id != active)
                .order_by(DocumentRow.id)
                .limit(limit)
                .with_for_update()
            ).all()
            secrets = session.scalars(select(SecretRow).where(SecretRow.key_id != active).with_for_update()).all()
            for document in documents:
                self._rewrap(document.id, document)
            for secret in secrets:
                self._rewrap(secret.name, secret)
            return len(documents) + len(secrets)

    # Inside

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

    def _rewrap(self, owner: str, row: DocumentRow | SecretRow) -> None:
        key = rewrap(self._ring, owner, WrappedKey(row.key_id, row.wrapped_key))
        row.key_id, row.wrapped_key = key.key_id, key.data

    def _message(self, source: str, message_id: str) -> str:
        return keyed_digest(self._digest_key, b"message", source.encode(), message_id.encode())

    def _digest(self, data: bytes) -> str:
        return keyed_digest(self._digest_key, b"content", data)

    def _secret(self, name: str) -> bytes:
        """A random secret of this database, made at its first opening."""
        with self._write() as session:
            row = session.get(SecretRow, name)
            if row is None:
                sealed = seal(self._ring, name, token_bytes(KEY_BYTES))
                row = SecretRow(
                    name=name,
                    schema_version=SCHEMA_VERSION,
                    key_id=sealed.key.key_id,
                    wrapped_key=sealed.key.data,
                    payload=sealed.payload,
                )
                session.add(row)
            if row.schema_version != SCHEMA_VERSION:
                raise Fault("The database was made by another version of this program, and its tables differ.")
            return open_sealed(self._ring, name, Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload))

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with _translated(), Session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with _translated(), Session(self._reading) as session, session.begin():
            yield session


@contextmanager
def _translated() -> Iterator[None]:
    """The one seam where the database's exceptions become ours. Their texts may quote values and are not passed on."""
    try:
        yield
    except InteropError:
        raise
    except IntegrityError as error:
        raise Conflict("The store already holds this message or this document version.") from error
    except SQLAlchemyError as error:
        raise Unavailable("The database cannot be reached or did not carry out the request.") from error


def _sound(identity: Identity | None) -> Identity:
    if identity is None or not all(map(oid_or_none, (identity.document, identity.chain, identity.structure))):
        raise Fault("A document that has no sound identity cannot be accepted.")
    return identity
