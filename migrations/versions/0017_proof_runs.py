"""Proofs of the ledger, and what they have found"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "proof_runs",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("laws", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("differences", BigId, nullable=False),
        sa.Column("from_position", BigId, nullable=False),
        sa.Column("to_position", BigId, nullable=False),
        sa.Column("head_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('full', 'incremental')", name=op.f("ck_proof_runs_kind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'clean', 'broken', 'failed')", name=op.f("ck_proof_runs_state")
        ),
        sa.CheckConstraint(
            "(state IN ('clean', 'broken', 'failed')) = (finished_at IS NOT NULL)",
            name=op.f("ck_proof_runs_finished"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('clean', 'broken') OR head_hash IS NOT NULL", name=op.f("ck_proof_runs_head")
        ),
        sa.CheckConstraint("from_position >= 0 AND to_position >= from_position", name=op.f("ck_proof_runs_span")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_proof_runs_created_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_proof_runs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_proof_runs_state_id", "proof_runs", ["state", "id"])
    op.create_index("ix_proof_runs_kind_id", "proof_runs", ["kind", "id"])
    op.create_table(
        "proof_queries",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sql", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_proof_queries"),
    )
    op.create_table(
        "proof_findings",
        sa.Column("run_id", BigId, nullable=False),
        sa.Column("law", sa.String(length=30), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("rows", BigId, nullable=False),
        sa.Column("differences", BigId, nullable=False),
        sa.Column("milliseconds", BigId, nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.Column("query", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "rows >= 0 AND differences >= 0 AND milliseconds >= 0", name=op.f("ck_proof_findings_counts")
        ),
        sa.ForeignKeyConstraint(["query"], ["proof_queries.digest"], name="fk_proof_findings_query_proof_queries"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["proof_runs.id"], name="fk_proof_findings_run_id_proof_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "law", name="pk_proof_findings"),
    )


def downgrade() -> None:
    op.drop_table("proof_findings")
    op.drop_table("proof_queries")
    op.drop_table("proof_runs")
