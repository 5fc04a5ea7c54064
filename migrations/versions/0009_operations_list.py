"""All operations in the order of time: the list of them, and reports on all accounts over some days"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_operations_created_at_id", "operations", ["created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_operations_created_at_id", "operations")
