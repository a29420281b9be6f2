"""The first form: documents, their deliveries, every change of these, and the database's secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_OID = sa.String(255)
_DIGEST = sa.String(64)
_WORD = sa.String(64)
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "secrets",
        sa.Column("name", _WORD, nullable=False),
        sa.Column("schema_version", sa.String(16), nullable=False),
        sa.Column("key_id", _WORD, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )
    _documents()
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("document_id", sa.String(36), nullable=False),
        sa.Column("receiver", _WORD, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.Column("released", sa.Boolean, nullable=False),
        sa.Column("next_at", _INSTANT, nullable=False),
        sa.Column("reference", sa.String(500), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_deliveries_document_id"),
        sa.UniqueConstraint("document_id", "receiver", name="uq_deliveries_document_id_receiver"),
    )
    op.create_index("ix_deliveries_document_id", "deliveries", ["document_id"])
    op.create_index("ix_deliveries_state_receiver_next_at", "deliveries", ["state", "receiver", "next_at"])
    op.create_table(
        "transitions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("delivery_id", sa.Integer, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("before", _WORD, nullable=True),
        sa.Column("after", _WORD, nullable=False),
        sa.Column("cause", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("decision", sa.JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_transitions"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_transitions_delivery_id"),
    )
    op.create_index("ix_transitions_delivery_id", "transitions", ["delivery_id"])


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("source", _WORD, nullable=False),
        sa.Column("message", _DIGEST, nullable=False),
        sa.Column("payload_digest", _DIGEST, nullable=False),
        sa.Column("record_digest", _DIGEST, nullable=True),
        sa.Column("format", _WORD, nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("document", _OID, nullable=True),
        sa.Column("version", sa.Integer, nullable=True),
        sa.Column("chain", _OID, nullable=True),
        sa.Column("structure", _OID, nullable=True),
        sa.Column("filed_as", sa.String(280), nullable=True),
        sa.Column("answer", sa.String(2), nullable=False),
        sa.Column("answer_code", sa.String(200), nullable=False),
        sa.Column("answer_text", sa.String(2000), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("acknowledged_at", _INSTANT, nullable=True),
        sa.Column("key_id", _WORD, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("filed_as", name="uq_documents_filed_as"),
        sa.UniqueConstraint("message", "payload_digest", name="uq_documents_message_payload_digest"),
    )
    for column in ("chain", "document", "key_id"):
        op.create_index(f"ix_documents_{column}", "documents", [column])
