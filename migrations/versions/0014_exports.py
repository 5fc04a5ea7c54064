"""Files that are made in the background"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", BigId, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("noun", sa.String(length=20), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("filename", sa.String(length=100), nullable=False),
        sa.Column("stored_as", sa.String(length=80), nullable=True),
        sa.Column("size", BigId, nullable=False),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("written_rows", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_exports_status")
        ),
        sa.CheckConstraint("format IN ('csv', 'xlsx', 'jsonl')", name=op.f("ck_exports_format")),
        sa.CheckConstraint("(status = 'done') = (stored_as IS NOT NULL)", name=op.f("ck_exports_stored")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_exports_created_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exports_status_id", "exports", ["status", "id"])
    op.create_index("ix_exports_created_by_id_id", "exports", ["created_by_id", "id"])


def downgrade() -> None:
    op.drop_table("exports")
