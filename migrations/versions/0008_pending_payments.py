"""Payments that wait to be posted in the background"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pending_payments",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_pending_payments_payment_id_payments"),
        sa.PrimaryKeyConstraint("payment_id", name="pk_pending_payments"),
        postgresql_with={"fillfactor": 50},
    )


def downgrade() -> None:
    op.drop_table("pending_payments")
