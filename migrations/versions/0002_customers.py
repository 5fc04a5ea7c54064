"""Customers, contact channels, tags, and the search index"""

import sqlalchemy as sa
from alembic import op

from crm.models import triggers

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def folded(length: int) -> sa.String:
    """Folded text sorts by code point."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "customers",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name_key", folded(600), nullable=False),
        sa.Column("city_key", folded(300), nullable=False),
        sa.Column("phone_key", folded(20), nullable=False),
        sa.Column("email_key", folded(900), nullable=False),
        sa.Column("tags_key", folded(300), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'company')", name=op.f("ck_customers_kind")),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("ck_customers_status")),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
        sa.UniqueConstraint("external_id", name="uq_customers_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customers_city_key_id", "customers", ["city_key", "id"])
    op.create_index("ix_customers_created_at_id", "customers", ["created_at", "id"])
    op.create_index("ix_customers_email_key_id", "customers", ["email_key", "id"])
    op.create_index("ix_customers_name_key_id", "customers", ["name_key", "id"])
    op.create_index("ix_customers_phone_key_id", "customers", ["phone_key", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "ix_customers_search_text",
            "customers",
            ["search_text"],
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        )
    op.create_index("ix_customers_tags_key_id", "customers", ["tags_key", "id"])
    op.create_index("ix_customers_updated_at_id", "customers", ["updated_at", "id"])
    op.create_table(
        "contact_channels",
        sa.Column("id", BigId, nullable=False),
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.Column("normalized", folded(900), nullable=False),
        sa.Column("label", sa.String(length=50), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "type IN ('phone', 'email', 'telegram', 'whatsapp', 'viber', 'vk', 'instagram', 'website', 'other')",
            name=op.f("ck_contact_channels_type"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_contact_channels_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contact_channels"),
        sa.UniqueConstraint(
            "customer_id", "type", "normalized", name="uq_contact_channels_customer_id_type_normalized"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contact_channels_type_normalized_customer_id", "contact_channels", ["type", "normalized", "customer_id"]
    )
    op.create_index(
        "uq_contact_channels_primary",
        "contact_channels",
        ["customer_id", "type"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
        sqlite_where=sa.text("is_primary"),
    )
    op.create_table(
        "tags",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("key", folded(150), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("key", name="uq_tags_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "customer_tags",
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("tag_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_tags_customer_id_customers", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_customer_tags_tag_id_tags"),
        sa.PrimaryKeyConstraint("customer_id", "tag_id", name="pk_customer_tags"),
    )
    op.create_index("ix_customer_tags_tag_id_customer_id", "customer_tags", ["tag_id", "customer_id"])
    triggers.create(
        op.get_bind(),
        "customer_search",
        "customers_search_insert",
        "customers_search_delete",
        "customers_search_update",
    )


def downgrade() -> None:
    op.drop_table("customer_tags")
    op.drop_table("tags")
    op.drop_table("contact_channels")
    op.drop_table("customers")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE customer_search")
