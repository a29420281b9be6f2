"""The seventh form: the audit's entries, the ends of their chain, and the clients of documents as keyed digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OID = sa.String(255)
_DIGEST = sa.String(64)
_WORD = sa.String(64)
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the tables of the audit. What happened before it has no entries."""
    op.add_column("documents", sa.Column("clients", sa.Text, nullable=False, server_default=""))
    op.add_column("transitions", sa.Column("entry", sa.String(36), nullable=True))
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("what", _WORD, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("document", _OID, nullable=False),
        sa.Column("version", sa.Integer, nullable=True),
        sa.Column("document_id", sa.String(36), nullable=False),
        sa.Column("delivery", sa.Integer, nullable=True),
        sa.Column("receiver", _WORD, nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("act", _WORD, nullable=False),
        sa.Column("section", _WORD, nullable=False),
        sa.Column("ground", sa.String(100), nullable=False),
        sa.Column("decision", sa.String(100), nullable=False),
        sa.Column("decided_at", sa.String(40), nullable=False),
        sa.Column("clients", sa.Text, nullable=False),
        sa.Column("code", _DIGEST, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=True),
        sa.Column("link", _DIGEST, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
        sa.UniqueConstraint("sequence", name="uq_audit_entries_sequence"),
    )
    for column in ("at", "document", "delivery"):
        op.create_index(f"ix_audit_entries_{column}", "audit_entries", [column])
    op.create_table(
        "audit_subjects",
        sa.Column("client", _DIGEST, nullable=False),
        sa.Column("entry", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("client", "entry", name="pk_audit_subjects"),
    )
    op.create_index("ix_audit_subjects_entry", "audit_subjects", ["entry"])
    op.create_table(
        "audit_marks",
        sa.Column("name", _WORD, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("link", _DIGEST, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("code", _DIGEST, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_audit_marks"),
    )
