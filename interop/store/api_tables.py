"""The tables that the service's HTTP faces keep: what stands in which document, who has proved itself, and jobs.

Whatever a document says is here as a keyed digest alone, so that no plain column holds an identity code.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from interop.store.tables import Base, Instant

__all__ = ["AssertionRow", "JobRow", "ResourceRow", "SigningKeyRow", "TermRow"]

_DIGEST = String(64)
_WORD = String(64)


class ResourceRow(Base):
    """One FHIR resource that one document version gives. `version` is the document's; None for what outlives it.

    `is_current` says that the document is the newest of its chain.
    """

    __tablename__ = "resources"
    __table_args__ = (Index(None, "type", "name"), Index(None, "type", "is_current"))

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    chain: Mapped[str] = mapped_column(String(255), index=True)
    type: Mapped[str] = mapped_column(_WORD)
    name: Mapped[str] = mapped_column(_WORD)
    version: Mapped[int | None]
    is_current: Mapped[bool]
    updated_at: Mapped[datetime] = mapped_column(Instant)


class TermRow(Base):
    """One value that a resource can be found by: the keyed digest of a code, identifier or reference, or a time."""

    __tablename__ = "resource_terms"
    __table_args__ = (Index(None, "parameter", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id", ondelete="CASCADE"), index=True)
    parameter: Mapped[str] = mapped_column(_WORD)
    digest: Mapped[str] = mapped_column(_DIGEST, default="")
    low: Mapped[datetime | None] = mapped_column(Instant)
    high: Mapped[datetime | None] = mapped_column(Instant)


class AssertionRow(Base):
    """An assertion that a client has proved itself by, until it has expired: it counts once."""

    __tablename__ = "used_assertions"

    digest: Mapped[str] = mapped_column(_DIGEST, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class SigningKeyRow(Base):
    """A key that signs access tokens; its private half is sealed in `payload`."""

    __tablename__ = "signing_keys"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    key_id: Mapped[str] = mapped_column(_WORD, index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class JobRow(Base):
    """One asynchronous job of a client. `payload` is what it works on, and then what it has made, sealed."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    client: Mapped[str] = mapped_column(_WORD, index=True)
    kind: Mapped[str] = mapped_column(_WORD)
    state: Mapped[str] = mapped_column(_WORD, index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(Instant)
    moved_at: Mapped[datetime] = mapped_column(Instant)
    key_id: Mapped[str] = mapped_column(_WORD, index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
