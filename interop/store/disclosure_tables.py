"""The table of what was disclosed to other controllers outside Kanta."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from interop.store.tables import Base, Instant

__all__ = ["DisclosureRow"]

_OID = String(255)
_DIGEST = String(64)
_WORD = String(64)


class DisclosureRow(Base):
    """One document version that another controller was given, about one person: what its disclosure notice tells.

    No foreign keys: a disclosure is kept for as long as the audit. `client` is the audit's keyed digest, empty when the
    document names nobody; `written_at` the time when the notice was put into the outbox.
    """

    __tablename__ = "disclosures"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    delivery: Mapped[int] = mapped_column(index=True)
    document_id: Mapped[str] = mapped_column(String(36))
    document: Mapped[str] = mapped_column(_OID, index=True)
    version: Mapped[int]
    structure: Mapped[str] = mapped_column(_OID)
    system: Mapped[str] = mapped_column(_WORD)
    sender: Mapped[str] = mapped_column(_OID)
    receiver: Mapped[str] = mapped_column(_OID)
    ground: Mapped[str] = mapped_column(String(100))
    act: Mapped[str] = mapped_column(_WORD)
    section: Mapped[str] = mapped_column(_WORD)
    decision: Mapped[str] = mapped_column(String(100))
    decided_at: Mapped[str] = mapped_column(String(40))
    permits: Mapped[list[str]] = mapped_column(JSON)
    client: Mapped[str] = mapped_column(_DIGEST, index=True)
    written_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
