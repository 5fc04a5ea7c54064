"""What imports brought into wallets, and the rows of which something was left out"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "import_notes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("import_id", BigId, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name="fk_import_notes_import_id_imports", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_import_notes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_import_notes_import_id_row", "import_notes", ["import_id", "row"])
    op.create_table(
        "import_openings",
        sa.Column("import_id", BigId, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("wallets", sa.Integer(), nullable=False),
        sa.Column("amount", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name="fk_import_openings_import_id_imports", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "currency", name="pk_import_openings"),
    )


def downgrade() -> None:
    op.drop_table("import_openings")
    op.drop_table("import_notes")
