"""The hash chain over operations"""

import sqlalchemy as sa
from alembic import op

from crm.models import chain_rules, triggers

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "operation_chain",
        sa.Column("position", BigId, nullable=False, autoincrement=False),
        sa.Column("operation_id", BigId, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_operation_chain_hash")),
        sa.PrimaryKeyConstraint("position", name="pk_operation_chain"),
        sa.UniqueConstraint("operation_id", name="uq_operation_chain_operation_id"),
    )
    triggers.create(op.get_bind(), *chain_rules.NAMES)


def downgrade() -> None:
    op.drop_table("operation_chain")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION check_operation_chain()")
