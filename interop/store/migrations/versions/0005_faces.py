"""The fifth form, for the HTTP faces: the index of resources, signing keys, used assertions, jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WORD = sa.String(64)
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the tables; the documents that are here already are indexed when the service next looks."""
    op.add_column("documents", sa.Column("indexed_as", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_documents_status_indexed_as", "documents", ["status", "indexed_as"])
    _index()
    _access()


def _index() -> None:
    op.create_table(
        "resources",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("document_id", sa.String(36), nullable=False),
        sa.Column("chain", sa.String(255), nullable=False),
        sa.Column("type", _WORD, nullable=False),
        sa.Column("name", _WORD, nullable=False),
        sa.Column("version", sa.Integer, nullable=True),
        sa.Column("is_current", sa.Boolean, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_resources"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_resources_document_id"),
    )
    for columns in (["document_id"], ["chain"], ["type", "name"], ["type", "is_current"]):
        op.create_index(f"ix_resources_{'_'.join(columns)}", "resources", columns)
    op.create_table(
        "resource_terms",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("resource_id", sa.Integer, nullable=False),
        sa.Column("parameter", _WORD, nullable=False),
        sa.Column("digest", _WORD, nullable=False),
        sa.Column("low", _INSTANT, nullable=True),
        sa.Column("high", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_resource_terms"),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name="fk_resource_terms_resource_id", ondelete="CASCADE"
        ),
    )
    for columns in (["resource_id"], ["parameter", "digest"]):
        op.create_index(f"ix_resource_terms_{'_'.join(columns)}", "resource_terms", columns)


def _access() -> None:
    op.create_table(
        "used_assertions",
        sa.Column("digest", _WORD, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_assertions"),
    )
    op.create_index("ix_used_assertions_expires_at", "used_assertions", ["expires_at"])
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        *_sealed(),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("client", _WORD, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("moved_at", _INSTANT, nullable=False),
        *_sealed(),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    for table, columns in (("signing_keys", ["key_id"]), ("jobs", ["client", "state", "key_id"])):
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])


def _sealed() -> list[sa.Column[str] | sa.Column[bytes]]:
    return [
        sa.Column("key_id", _WORD, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    ]
