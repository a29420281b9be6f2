"""The ninth form: what was disclosed to other controllers outside Kanta, and whether its notice was written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OID = sa.String(255)
_DIGEST = sa.String(64)
_WORD = sa.String(64)
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the table. What was disclosed before it has no row: older decisions do not tell both controllers."""
    op.create_table(
        "disclosures",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("delivery", sa.Integer, nullable=False),
        sa.Column("document_id", sa.String(36), nullable=False),
        sa.Column("document", _OID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("structure", _OID, nullable=False),
        sa.Column("system", _WORD, nullable=False),
        sa.Column("sender", _OID, nullable=False),
        sa.Column("receiver", _OID, nullable=False),
        sa.Column("ground", sa.String(100), nullable=False),
        sa.Column("act", _WORD, nullable=False),
        sa.Column("section", _WORD, nullable=False),
        sa.Column("decision", sa.String(100), nullable=False),
        sa.Column("decided_at", sa.String(40), nullable=False),
        sa.Column("permits", sa.JSON, nullable=False),
        sa.Column("client", _DIGEST, nullable=False),
        sa.Column("written_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_disclosures"),
    )
    for column in ("at", "delivery", "document", "client", "written_at"):
        op.create_index(f"ix_disclosures_{column}", "disclosures", [column])
