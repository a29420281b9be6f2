"""The third form: what was begun and never ended is counted, and findings about a document are kept with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the counts, the findings, and which document an arrival has brought that waits for a person."""
    for table in ("deliveries", "arrivals"):
        op.add_column(table, sa.Column("begun", sa.Integer, nullable=False, server_default="0"))
    op.add_column("arrivals", sa.Column("document_id", sa.String(36), nullable=True))
    op.create_index("ix_arrivals_document_id", "arrivals", ["document_id"])
    op.add_column("documents", sa.Column("findings", sa.JSON(none_as_null=True), nullable=True))
    op.create_index("ix_documents_status", "documents", ["status"])
