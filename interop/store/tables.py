"""The tables of the store in their newest form; `migrations` makes them.

No plain column holds an identity code or a field value: those are in `payload`, sealed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = [
    "ArrivalRow",
    "Base",
    "CircuitRow",
    "DeliveryRow",
    "DocumentRow",
    "Instant",
    "LeaseRow",
    "SecretRow",
    "TransitionRow",
    "WillRow",
    "WorkerRow",
]

_OID = String(255)
_DIGEST = String(64)
_WORD = String(64)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, also in databases that keep no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC. Raises: ValueError for one without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("A stored time needs a time zone.")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment with its zone."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The root of the tables; constraints have names, so that a later form can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class SecretRow(Base):
    """A small secret of the database itself, encrypted like a payload."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(_WORD, primary_key=True)
    key_id: Mapped[str] = mapped_column(_WORD)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class DocumentRow(Base):
    """One message from a system and what was answered to it.

    `message` and the digests are keyed: a message id is a foreign text that may hold anything. `filed_as` is set for
    documents that were taken alone, and makes their OID and version unique. `clients` are the audit's keyed digests.
    `findings` are the ids of the rules that a document breaks which was taken in nevertheless, or waits for a person.
    `indexed_as` is the form of the index that holds its resources, 0 when none does.
    """

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("message", "payload_digest"), Index(None, "status", "indexed_as"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    source: Mapped[str] = mapped_column(_WORD)
    message: Mapped[str] = mapped_column(_DIGEST)
    payload_digest: Mapped[str] = mapped_column(_DIGEST)
    record_digest: Mapped[str | None] = mapped_column(_DIGEST)
    format: Mapped[str] = mapped_column(_WORD)
    status: Mapped[str] = mapped_column(_WORD, index=True)
    findings: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    document: Mapped[str | None] = mapped_column(_OID, index=True)
    version: Mapped[int | None]
    chain: Mapped[str | None] = mapped_column(_OID, index=True)
    structure: Mapped[str | None] = mapped_column(_OID)
    clients: Mapped[str] = mapped_column(Text, default="", server_default="")
    filed_as: Mapped[str | None] = mapped_column(String(280), unique=True)
    indexed_as: Mapped[int] = mapped_column(default=0, server_default="0")
    answer: Mapped[str] = mapped_column(String(2))
    answer_code: Mapped[str] = mapped_column(String(200))
    answer_text: Mapped[str] = mapped_column(String(2000))
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    key_id: Mapped[str] = mapped_column(_WORD, index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class DeliveryRow(Base):
    """One document version on its way to one system. `next_at` is the earliest time of the next step.

    `turn` counts what has been done to the row, so that nobody acts on what another has moved meanwhile; `begun` how
    often it was taken up since and nothing came of it, `begun_at` when that was last counted; `worker` is the one that
    has sent it last.
    """

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("document_id", "receiver"), Index(None, "state", "receiver", "next_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    receiver: Mapped[str] = mapped_column(_WORD)
    state: Mapped[str] = mapped_column(_WORD)
    attempts: Mapped[int] = mapped_column(default=0)
    checks: Mapped[int] = mapped_column(default=0)
    released: Mapped[bool] = mapped_column(default=False)
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    begun: Mapped[int] = mapped_column(default=0, server_default="0")
    begun_at: Mapped[datetime | None] = mapped_column(Instant)
    worker: Mapped[str] = mapped_column(_WORD, default="", server_default="")
    next_at: Mapped[datetime] = mapped_column(Instant, index=True)
    reference: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class TransitionRow(Base):
    """One change of a delivery's state; rows are only ever added. `cause` is ours, `reason` the receiver's sentence.

    `entry` is the audit's entry of it; none for the first, of which the document's own entry tells.
    """

    __tablename__ = "transitions"
    __table_args__ = (Index(None, "after", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    before: Mapped[str | None] = mapped_column(_WORD)
    after: Mapped[str] = mapped_column(_WORD)
    cause: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    attempt: Mapped[int]
    decision: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    entry: Mapped[str | None] = mapped_column(String(36))


class ArrivalRow(Base):
    """A document that waits in a system to be fetched. What the system calls it is a foreign text: sealed in `payload`.

    `name` is its keyed digest; `turn`, `begun` and `begun_at` count as a delivery's do. `document_id` is the document
    that it has brought when that waits for a person.
    """

    __tablename__ = "arrivals"
    __table_args__ = (Index(None, "state", "next_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    source: Mapped[str] = mapped_column(_WORD)
    name: Mapped[str] = mapped_column(_DIGEST, unique=True)
    state: Mapped[str] = mapped_column(_WORD)
    tries: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(default=0)
    begun: Mapped[int] = mapped_column(default=0, server_default="0")
    begun_at: Mapped[datetime | None] = mapped_column(Instant)
    document_id: Mapped[str | None] = mapped_column(String(36), index=True)
    next_at: Mapped[datetime] = mapped_column(Instant)
    listed_at: Mapped[datetime] = mapped_column(Instant)
    key_id: Mapped[str] = mapped_column(_WORD, index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class CircuitRow(Base):
    """How calls to one system have gone of late. While `open_until` lies ahead nobody calls; then one call probes."""

    __tablename__ = "circuits"

    system: Mapped[str] = mapped_column(_WORD, primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    openings: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[datetime | None] = mapped_column(Instant)
    probe_until: Mapped[datetime | None] = mapped_column(Instant)


class WillRow(Base):
    """One version of what a client has said in one permit, prohibition or Consent. `client` is a keyed digest."""

    __tablename__ = "wills"
    __table_args__ = (UniqueConstraint("client", "chain", "version", "source"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    client: Mapped[str] = mapped_column(_DIGEST)
    chain: Mapped[str] = mapped_column(_OID)
    version: Mapped[int]
    source: Mapped[str] = mapped_column(_WORD)
    learned_at: Mapped[datetime] = mapped_column(Instant)
    key_id: Mapped[str] = mapped_column(_WORD, index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class WorkerRow(Base):
    """A process that works with this database, and when it last said so."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(_WORD, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Instant)
    beat_at: Mapped[datetime] = mapped_column(Instant)


class LeaseRow(Base):
    """A chore that one worker at a time does, and until when it is that worker's."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(_WORD, primary_key=True)
    worker: Mapped[str] = mapped_column(_WORD)
    until: Mapped[datetime] = mapped_column(Instant)
