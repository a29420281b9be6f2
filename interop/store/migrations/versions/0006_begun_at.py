"""The sixth form: when it was last counted that a delivery or an arrival was taken up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the times."""
    for table in ("deliveries", "arrivals"):
        op.add_column(table, sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
