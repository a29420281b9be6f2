"""Rows of the audit's tables turned into plain values and back."""

from __future__ import annotations

from typing import cast

from sqlalchemy.orm import Session

from interop.store.audit_chain import Anchor, Link
from interop.store.audit_entries import Entry, Purpose, What
from interop.store.audit_tables import AuditMarkRow, AuditRow

__all__ = ["entry_of", "link_of", "mark_of", "mark_row", "subjects_of", "values_of"]

_SAME = (
    "id", "at", "who", "what", "outcome", "cause", "reason", "document", "version", "document_id", "delivery",
    "receiver", "purpose", "act", "section", "ground", "decision", "decided_at",
)  # fmt: skip


def values_of(entry: Entry, code: str) -> dict[str, object]:
    """The values of the row of an entry that is not sealed yet."""
    return {name: getattr(entry, name) for name in _SAME} | {"clients": " ".join(entry.clients), "code": code}


def subjects_of(entry: Entry) -> list[dict[str, object]]:
    """The values of the rows by which the entry is found from its clients."""
    return [{"entry": entry.id, "client": client} for client in entry.clients]


def entry_of(row: AuditRow) -> Entry:
    """The entry of a row."""
    return Entry(
        at=row.at, who=row.who, what=cast("What", row.what),
        outcome="success" if row.outcome == "success" else "failure",
        cause=row.cause, reason=row.reason, document=row.document, version=row.version, document_id=row.document_id,
        delivery=row.delivery, receiver=row.receiver, purpose=cast("Purpose", row.purpose), act=row.act,
        section=row.section, ground=row.ground, decision=row.decision, decided_at=row.decided_at,
        clients=tuple(row.clients.split()), id=row.id, sequence=row.sequence,
    )  # fmt: skip


def link_of(row: AuditRow) -> Link:
    """The entry of a row with its code and link."""
    return Link(entry_of(row), row.code, row.link or "")


def mark_row(name: str, anchor: Anchor, code: str) -> AuditMarkRow:
    """The row of an end of the chain."""
    return AuditMarkRow(name=name, sequence=anchor.sequence, link=anchor.link, at=anchor.at, code=code)


def mark_of(session: Session, name: str) -> Anchor | None:
    """An end of the chain as it stands in the database, or None."""
    row = session.get(AuditMarkRow, name)
    return Anchor(row.sequence, row.link, row.at) if row is not None else None
