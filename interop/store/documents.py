"""The store's documents: what came, from whom, what was answered, and the bytes themselves, encrypted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from interop.errors import Conflict, Fault, NotFound
from interop.logs import without_identity_codes
from interop.store.audit import Audit
from interop.store.database import Database
from interop.store.encryption import KeyRing, Sealed, WrappedKey, keyed_digest, open_sealed, seal
from interop.store.journal import Journal
from interop.store.ledger import Answer, Identity, Incoming, Intake, Status, StoredDocument
from interop.store.rows import document_of, found_document, has_newer, oid_or_none, open_deliveries, supersede_older
from interop.store.tables import ArrivalRow, DocumentRow

__all__ = ["Documents"]

_FILED = select(DocumentRow).where(DocumentRow.filed_as == bindparam("name"))


class Documents:
    """The documents' part of the store; each public method is one transaction."""

    _database: Database
    _ring: KeyRing
    _new_id: Callable[[], str]
    _digest_key: bytes
    _journal: Journal
    audit: Audit

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

    def earlier_of(self, source: str, messages: Sequence[tuple[str, bytes]]) -> list[StoredDocument | None]:
        """For each message, its id and its bytes, the document that the very same one brought before, or None."""
        keys = [(self._message(source, message_id), self._digest(payload)) for message_id, payload in messages]
        query = select(DocumentRow).where(DocumentRow.message.in_([message for message, _ in keys]))
        with self._database.read() as session:
            known = {(row.message, row.payload_digest): document_of(row) for row in session.scalars(query)}
        return [known.get(key) for key in keys]

    def filed(self, document: str, version: int) -> StoredDocument | None:
        """The accepted document of this OID and version, or None."""
        with self._database.read() as session:
            row = session.scalars(_FILED, {"name": f"{document}#{version}"}).one_or_none()
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
        return self._taken_in(Intake(incoming, "accepted", answer, receivers))

    def reject(self, incoming: Incoming, status: Status, answer: Answer) -> StoredDocument:
        """The document, stored as evidence without deliveries. Raises: Conflict when this message is already here."""
        return self._taken_in(Intake(incoming, status, answer))

    def take_in(self, intakes: Sequence[Intake]) -> list[StoredDocument | None]:
        """Each document as it is stored, in the order given; None when its message or its version is already here."""
        with self._database.write() as session:
            for chain in sorted({_sound(one.incoming.identity).chain for one in intakes if one.status == "accepted"}):
                self._database.serialize(session, chain)
            rows = [self._stored(session, one) for one in intakes]
            self._journal.received(session, [row for row in rows if row is not None])
            return [document_of(row) if row is not None else None for row in rows]

    def admit(
        self, document_id: str, identity: Identity, answer: Answer, receivers: Sequence[str], at: datetime,
        who: str = "",
    ) -> StoredDocument:  # fmt: skip
        """The quarantined document, accepted by a person's word; its sender is answered now.

        Raises: NotFound; Conflict when it is not in quarantine, or its version has been accepted in the meantime.
        """
        sound = _sound(identity)
        with self._database.write() as session:
            self._database.serialize(session, sound.chain)
            row = _quarantined(session, document_id)
            row.record_digest = self._digest(sound.digest.encode())
            row.document, row.version, row.chain, row.structure = (
                sound.document, sound.version, sound.chain, sound.structure,
            )  # fmt: skip
            row.filed_as = f"{sound.document}#{sound.version}"
            row.clients = self._clients(sound)
            self._decided(session, row, "accepted", answer, at)
            session.flush()
            self._journal.decided(session, row, "admitted", who, at)
            self._open(session, row, receivers, at)
            return document_of(row)

    def refuse(self, document_id: str, answer: Answer, at: datetime, who: str = "") -> StoredDocument:
        """The quarantined document, refused by a person's word; its sender is answered now.

        Raises: NotFound; Conflict when it is not in quarantine.
        """
        with self._database.write() as session:
            row = _quarantined(session, document_id)
            self._decided(session, row, "rejected", answer, at)
            self._journal.decided(session, row, "refused", who, at)
            return document_of(row)

    def acknowledged(self, document_id: str, at: datetime) -> None:
        """Notes that the sender has got its answer. Raises: NotFound."""
        with self._database.write() as session:
            found_document(session, document_id).acknowledged_at = at

    def answered(self, document_ids: Sequence[str], at: datetime) -> None:
        """Notes that the senders of these documents have got their answers."""
        with self._database.write() as session:
            chosen = update(DocumentRow).where(DocumentRow.id.in_(document_ids))
            session.execute(chosen.values(acknowledged_at=at), execution_options={"synchronize_session": False})

    def document(self, document_id: str) -> StoredDocument:
        """One document without its payload. Raises: NotFound."""
        with self._database.read() as session:
            return document_of(found_document(session, document_id))

    def documents(self, *statuses: Status, limit: int = 1000) -> list[StoredDocument]:
        """The documents of these statuses (or of any), the latest received first."""
        query = select(DocumentRow).order_by(DocumentRow.received_at.desc(), DocumentRow.id).limit(limit)
        if statuses:
            query = query.where(DocumentRow.status.in_(statuses))
        with self._database.read() as session:
            return [document_of(row) for row in session.scalars(query)]

    def payload(self, document_id: str) -> bytes:
        """A document's bytes as they came. Raises: NotFound; Fault when they cannot be decrypted."""
        with self._database.read() as session:
            row = found_document(session, document_id, payload=True)
            sealed = Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload)
        return open_sealed(self._ring, document_id, sealed)

    # Inside

    def _taken_in(self, intake: Intake) -> StoredDocument:
        (stored,) = self.take_in([intake])
        if stored is None:
            raise Conflict("The store already holds this message or this document version.")
        return stored

    def _stored(self, session: Session, intake: Intake) -> DocumentRow | None:
        """The document's row, or None when it is here already; then nothing of it stays in the transaction."""
        row = self._row(intake.incoming, intake.status, intake.answer)
        row.findings = list(intake.findings) or None
        if intake.status == "accepted":
            row.filed_as = f"{row.document}#{row.version}"
        try:
            with session.begin_nested():
                session.add(row)
                session.flush()
                if intake.status == "accepted":
                    self._open(session, row, intake.receivers, intake.incoming.at)
        except IntegrityError:
            return None
        return row

    def _open(self, session: Session, row: DocumentRow, receivers: Sequence[str], at: datetime) -> None:
        """Adds the deliveries of an accepted document; those of older versions that wait are superseded."""
        is_late = has_newer(session, row)
        self._journal.moved(session, [] if is_late else supersede_older(session, row, at))
        open_deliveries(session, row.id, receivers, at, superseded=is_late)

    @staticmethod
    def _decided(session: Session, row: DocumentRow, status: Status, answer: Answer, at: datetime) -> None:
        """Carries a person's decision out; the arrival that brought the document is taken up again and answered."""
        row.status, row.answer, row.answer_code, row.answer_text = status, answer.type, answer.code, answer.text
        brought = update(ArrivalRow).where(ArrivalRow.document_id == row.id, ArrivalRow.state == "parked")
        session.execute(
            brought.values(state="waiting", turn=ArrivalRow.turn + 1, next_at=at, begun=0),
            execution_options={"synchronize_session": False},
        )

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
            clients=self._clients(identity) if identity else "",
            answer=answer.type,
            answer_code=answer.code[:200],
            answer_text=without_identity_codes(answer.text)[:2000],
            received_at=incoming.at,
            key_id=sealed.key.key_id,
            wrapped_key=sealed.key.data,
            payload=sealed.payload,
        )

    def _clients(self, identity: Identity) -> str:
        return " ".join(dict.fromkeys(map(self.audit.pseudonym, identity.clients)))

    def _message(self, source: str, message_id: str) -> str:
        return keyed_digest(self._digest_key, b"message", source.encode(), message_id.encode())

    def _digest(self, data: bytes) -> str:
        return keyed_digest(self._digest_key, b"content", data)


def _quarantined(session: Session, document_id: str) -> DocumentRow:
    row = session.get(DocumentRow, document_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no document with this id in the store.")
    if row.status != "quarantined":
        raise Conflict("The document is not in quarantine.")
    return row


def _sound(identity: Identity | None) -> Identity:
    if identity is None or not all(map(oid_or_none, (identity.document, identity.chain, identity.structure))):
        raise Fault("A document that has no sound identity cannot be accepted.")
    return identity
