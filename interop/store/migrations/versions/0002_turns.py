"""The second form, for several workers: turns, arrivals, circuits, and who works with the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WORD = sa.String(64)
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds what several workers need; the form of the tables is told by Alembic's own table from now on."""
    op.drop_column("secrets", "schema_version")
    op.add_column("deliveries", sa.Column("turn", sa.Integer, nullable=False, server_default="0"))
    op.add_column("deliveries", sa.Column("worker", _WORD, nullable=False, server_default=""))
    op.create_index("ix_deliveries_next_at", "deliveries", ["next_at"])
    op.create_table(
        "arrivals",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("source", _WORD, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("next_at", _INSTANT, nullable=False),
        sa.Column("listed_at", _INSTANT, nullable=False),
        sa.Column("key_id", _WORD, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_arrivals"),
        sa.UniqueConstraint("name", name="uq_arrivals_name"),
    )
    op.create_index("ix_arrivals_state_next_at", "arrivals", ["state", "next_at"])
    op.create_index("ix_arrivals_key_id", "arrivals", ["key_id"])
    op.create_table(
        "circuits",
        sa.Column("system", _WORD, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("openings", sa.Integer, nullable=False),
        sa.Column("open_until", _INSTANT, nullable=True),
        sa.Column("probe_until", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("system", name="pk_circuits"),
    )
    op.create_table(
        "workers",
        sa.Column("name", _WORD, nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("beat_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )
    op.create_table(
        "leases",
        sa.Column("name", _WORD, nullable=False),
        sa.Column("worker", _WORD, nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
