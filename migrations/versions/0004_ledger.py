"""The ledger: currencies, accounts, payments, operations, and what is read fast"""

import sqlalchemy as sa
from alembic import op
from flask import current_app

from crm import money
from crm.db import utcnow
from crm.models import ledger_rules, triggers

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MAX_MINOR = 10**15
CODES = (
    "bank_transfer", "cash", "card", "e_wallet", "crypto", "sales", "commission", "adjustment", "conversion", "opening"
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "currencies",
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("exponent", sa.Integer(), nullable=False),
        sa.CheckConstraint("exponent BETWEEN 0 AND 4", name=op.f("ck_currencies_exponent")),
        sa.PrimaryKeyConstraint("code", name="pk_currencies"),
    )
    op.create_table(
        "accounts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("overdraft_limit", BigId, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('open', 'frozen', 'closed')", name=op.f("ck_accounts_status")),
        sa.CheckConstraint(
            f"code IS NULL OR code IN ({', '.join(repr(code) for code in CODES)})", name=op.f("ck_accounts_code")
        ),
        sa.CheckConstraint("(customer_id IS NULL) = (code IS NOT NULL)", name=op.f("ck_accounts_owner")),
        sa.CheckConstraint(
            "code IS NULL OR (status = 'open' AND overdraft_limit = 0)", name=op.f("ck_accounts_technical")
        ),
        sa.CheckConstraint(f"overdraft_limit BETWEEN 0 AND {MAX_MINOR}", name=op.f("ck_accounts_overdraft_limit")),
        sa.ForeignKeyConstraint(["currency"], ["currencies.code"], name="fk_accounts_currency_currencies"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_accounts_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("code", "currency", name="uq_accounts_code_currency"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_accounts_customer_id_id", "accounts", ["customer_id", "id"])
    op.create_table(
        "account_balances",
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("overdraft_limit", BigId, nullable=False),
        sa.Column("balance", BigId, nullable=False),
        sa.Column("held", BigId, nullable=False),
        sa.Column("sequence", BigId, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('open', 'frozen', 'closed')", name=op.f("ck_account_balances_status")),
        sa.CheckConstraint("balance - held >= -overdraft_limit", name=op.f("ck_account_balances_floor")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_account_balances_held")),
        sa.CheckConstraint("overdraft_limit >= 0", name=op.f("ck_account_balances_overdraft_limit")),
        sa.CheckConstraint("status <> 'closed' OR (balance = 0 AND held = 0)", name=op.f("ck_account_balances_closed")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_account_balances_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_balances"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_account_balances_customer_id_currency", "account_balances", ["customer_id", "currency"])
    _create_payments()
    _create_operations()
    op.create_table(
        "account_days",
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("count", BigId, nullable=False),
        sa.Column("incoming", BigId, nullable=False),
        sa.Column("outgoing", BigId, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_days_account_id_accounts"),
        sa.PrimaryKeyConstraint("account_id", "day", "kind", name="pk_account_days"),
    )
    triggers.create(op.get_bind(), *ledger_rules.NAMES, before="0007")
    _open_technical_accounts()


def _create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("from_account_id", BigId, nullable=False),
        sa.Column("to_account_id", BigId, nullable=False),
        sa.Column("source", sa.String(length=20), nullable=True),
        sa.Column("amount", BigId, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("commission", BigId, nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("failure_code", sa.String(length=40), nullable=True),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("caller", BigId, nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('deposit', 'withdrawal', 'spend', 'transfer', 'adjustment', 'conversion', 'reversal', 'opening')",
            name=op.f("ck_payments_kind"),
        ),
        sa.CheckConstraint(
            "(status = 'INITIATED' AND completed_at IS NULL AND failure_code IS NULL)"
            " OR (status = 'COMPLETED' AND completed_at IS NOT NULL AND failure_code IS NULL)"
            " OR (status = 'FAILED' AND completed_at IS NOT NULL AND failure_code IS NOT NULL)",
            name=op.f("ck_payments_status"),
        ),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MAX_MINOR}", name=op.f("ck_payments_amount")),
        sa.CheckConstraint("commission >= 0 AND commission < amount", name=op.f("ck_payments_commission")),
        sa.CheckConstraint("from_account_id <> to_account_id", name=op.f("ck_payments_sides")),
        sa.CheckConstraint("caller = coalesce(created_by_id, 0)", name=op.f("ck_payments_caller")),
        sa.CheckConstraint(
            "kind <> 'adjustment' OR length(replace(description, ' ', '')) >= 3",
            name=op.f("ck_payments_adjustment_described"),
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_payments_created_by_id_users"),
        sa.ForeignKeyConstraint(["from_account_id"], ["accounts.id"], name="fk_payments_from_account_id_accounts"),
        sa.ForeignKeyConstraint(["to_account_id"], ["accounts.id"], name="fk_payments_to_account_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint("caller", "idempotency_key", name="uq_payments_caller_idempotency_key"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_payments_from_account_id", "payments", ["from_account_id"])
    op.create_index("ix_payments_to_account_id", "payments", ["to_account_id"])
    op.create_index(
        "uq_payments_opening",
        "payments",
        ["to_account_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'opening'"),
        sqlite_where=sa.text("kind = 'opening'"),
    )


def _create_operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", BigId, nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("signed_amount", BigId, nullable=False),
        sa.Column("balance_after", BigId, nullable=True),
        sa.Column("sequence", BigId, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('transfer', 'commission')", name=op.f("ck_operations_kind")),
        sa.CheckConstraint("signed_amount <> 0", name=op.f("ck_operations_signed_amount")),
        sa.CheckConstraint("(sequence IS NULL) = (balance_after IS NULL)", name=op.f("ck_operations_chain")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_operations_sequence")),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
        sa.UniqueConstraint("payment_id", "account_id", "kind", name="uq_operations_payment_id_account_id_kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_operations_account_id_created_at_id", "operations", ["account_id", "created_at", "id"])
    op.create_index(
        "uq_operations_sequence",
        "operations",
        ["account_id", "sequence"],
        unique=True,
        postgresql_where=sa.text("sequence IS NOT NULL"),
        sqlite_where=sa.text("sequence IS NOT NULL"),
    )


def _open_technical_accounts() -> None:
    """For the three that most want, and for the product's own currency."""
    codes = sorted({"RUB", "USD", "EUR", current_app.config["CRM_DEFAULT_CURRENCY"]})
    currencies = sa.table("currencies", sa.column("code"), sa.column("exponent"))
    op.bulk_insert(currencies, [{"code": code, "exponent": money.exponent(code)} for code in codes])
    names = ("code", "currency", "name", "status", "overdraft_limit")
    accounts = sa.table("accounts", *map(sa.column, names), sa.column("created_at", sa.DateTime(timezone=True)))
    rows = [
        {"code": code, "currency": currency, "name": "", "status": "open", "overdraft_limit": 0, "created_at": utcnow()}
        for currency in codes
        for code in CODES
    ]
    op.bulk_insert(accounts, rows)


def downgrade() -> None:
    for table in ("account_days", "operations", "payments", "account_balances", "accounts", "currencies"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name in ledger_rules.FUNCTIONS:
            op.execute(f"DROP FUNCTION {name}()")
