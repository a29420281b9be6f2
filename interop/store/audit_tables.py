"""The audit's tables: entries, by which clients they are found, and the ends of their chain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from interop.store.tables import Base, Instant

__all__ = ["AuditMarkRow", "AuditRow", "AuditSubjectRow"]

_OID = String(255)
_DIGEST = String(64)
_WORD = String(64)


class AuditRow(Base):
    """One entry of the audit; rows are only ever added, and sealed once with `sequence` and `link`.

    No foreign keys: an entry outlives what it tells of. `clients` are keyed digests, parted by blanks.
    """

    __tablename__ = "audit_entries"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    who: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(_WORD)
    outcome: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(1000))
    document: Mapped[str] = mapped_column(_OID, index=True)
    version: Mapped[int | None]
    document_id: Mapped[str] = mapped_column(String(36))
    delivery: Mapped[int | None] = mapped_column(index=True)
    receiver: Mapped[str] = mapped_column(_WORD)
    purpose: Mapped[str] = mapped_column(String(32))
    act: Mapped[str] = mapped_column(_WORD)
    section: Mapped[str] = mapped_column(_WORD)
    ground: Mapped[str] = mapped_column(String(100))
    decision: Mapped[str] = mapped_column(String(100))
    decided_at: Mapped[str] = mapped_column(String(40))
    clients: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(_DIGEST)
    sequence: Mapped[int | None] = mapped_column(unique=True)
    link: Mapped[str | None] = mapped_column(_DIGEST)


class AuditSubjectRow(Base):
    """A client that an entry concerns, so that a person's entries are found quickly."""

    __tablename__ = "audit_subjects"

    client: Mapped[str] = mapped_column(_DIGEST, primary_key=True)
    entry: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)


class AuditMarkRow(Base):
    """One end of the audit's chain: `head`, the last entry sealed, or `start`, the last one that is kept no more."""

    __tablename__ = "audit_marks"

    name: Mapped[str] = mapped_column(_WORD, primary_key=True)
    sequence: Mapped[int]
    link: Mapped[str] = mapped_column(_DIGEST)
    at: Mapped[datetime] = mapped_column(Instant)
    code: Mapped[str] = mapped_column(_DIGEST)
