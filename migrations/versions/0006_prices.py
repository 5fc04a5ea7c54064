"""What moving money costs: commission rules and exchange rates, with their history"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MAX_MINOR = 10**15
SCALE = 10**9
SOURCES = "'bank_transfer', 'cash', 'card', 'e_wallet', 'crypto'"


def upgrade() -> None:
    op.create_table(
        "commission_rules",
        sa.Column("id", BigId, nullable=False),
        sa.Column("payment_kind", sa.String(length=12), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=True),
        sa.Column("percent", BigId, nullable=False),
        sa.Column("fixed", BigId, nullable=False),
        sa.Column("minimum", BigId, nullable=False),
        sa.Column("maximum", BigId, nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "payment_kind IN ('deposit', 'withdrawal', 'spend', 'transfer')",
            name=op.f("ck_commission_rules_payment_kind"),
        ),
        sa.CheckConstraint(
            f"source IS NULL OR (source IN ({SOURCES}) AND payment_kind IN ('deposit', 'withdrawal'))",
            name=op.f("ck_commission_rules_source"),
        ),
        sa.CheckConstraint(f"percent BETWEEN 0 AND {100 * SCALE}", name=op.f("ck_commission_rules_percent")),
        sa.CheckConstraint(
            f"fixed BETWEEN 0 AND {MAX_MINOR} AND minimum BETWEEN 0 AND {MAX_MINOR}"
            f" AND (maximum IS NULL OR maximum BETWEEN minimum AND {MAX_MINOR})",
            name=op.f("ck_commission_rules_bounds"),
        ),
        sa.CheckConstraint(
            "currency IS NOT NULL OR (fixed = 0 AND minimum = 0 AND maximum IS NULL)",
            name=op.f("ck_commission_rules_amounts_have_a_currency"),
        ),
        sa.ForeignKeyConstraint(["currency"], ["currencies.code"], name="fk_commission_rules_currency_currencies"),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_commission_rules_created_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_commission_rules"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exchange_rates",
        sa.Column("id", BigId, nullable=False),
        sa.Column("from_currency", sa.String(length=3), nullable=False),
        sa.Column("to_currency", sa.String(length=3), nullable=False),
        sa.Column("rate", BigId, nullable=False),
        sa.Column("spread", BigId, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_currency <> to_currency", name=op.f("ck_exchange_rates_pair")),
        sa.CheckConstraint(f"rate BETWEEN 1 AND {10**9 * SCALE - 1}", name=op.f("ck_exchange_rates_rate")),
        sa.CheckConstraint(f"spread BETWEEN 0 AND {100 * SCALE - 1}", name=op.f("ck_exchange_rates_spread")),
        sa.ForeignKeyConstraint(
            ["from_currency"], ["currencies.code"], name="fk_exchange_rates_from_currency_currencies"
        ),
        sa.ForeignKeyConstraint(["to_currency"], ["currencies.code"], name="fk_exchange_rates_to_currency_currencies"),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_exchange_rates_created_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_rates"),
        sa.UniqueConstraint(
            "from_currency", "to_currency", "valid_from", name="uq_exchange_rates_from_currency_to_currency_valid_from"
        ),
        sqlite_autoincrement=True,
    )
    _charge_transfers()


def _charge_transfers() -> None:
    """Two percent on transfers between customers, until somebody says otherwise."""
    rules = sa.table(
        "commission_rules",
        *map(sa.column, ("payment_kind", "percent", "fixed", "minimum")),
        sa.column("valid_from", sa.DateTime(timezone=True)),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    terms = {"payment_kind": "transfer", "percent": 2 * SCALE, "fixed": 0, "minimum": 0}
    op.bulk_insert(rules, [terms | {"valid_from": beginning, "created_at": beginning}])


def downgrade() -> None:
    op.drop_table("exchange_rates")
    op.drop_table("commission_rules")
