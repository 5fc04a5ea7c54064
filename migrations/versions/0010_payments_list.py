"""Payments that failed: found for the list and counted for the first page"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FAILED = sa.text("failure_code IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_payments_failed", "payments", ["id"], postgresql_where=FAILED, sqlite_where=FAILED)


def downgrade() -> None:
    op.drop_index("ix_payments_failed", "payments")
