"""What a billing gateway keeps of a payment: conversion, reversal, terms, metadata, the batch it came with"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from crm.models import ledger_rules, triggers

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MAX_MINOR = 10**15
CHANGED = ("payments_fixed", "check_payments", "payments_path")
ADDED = (
    "to_amount", "to_currency", "rate", "terms", "reversal_of_id", "reversed_amount", "metadata", "batch_id",
    "batch_row",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "payment_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_payment_batches_created_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_payment_batches"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _rebuild([*_first_columns(), *_new_columns()], [*_first_constraints(), *_new_constraints()], _indexes(True))
        return
    _drop_changed()
    for column in _new_columns():
        op.add_column("payments", column)
    for constraint in _new_constraints():
        _add(constraint)
    for name, columns, where in _indexes(True)[3:]:
        op.create_index(name, "payments", columns, postgresql_where=where)
    triggers.create(op.get_bind(), *CHANGED)
    # What is accepted together ends together: half of a page is room for the other half's new versions.
    op.execute("ALTER TABLE payments SET (fillfactor = 50)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild([*_first_columns()], [*_first_constraints()], _indexes(False), before="0007")
    else:
        _drop_changed()
        for column in ADDED:
            op.drop_column("payments", column)
        triggers.create(op.get_bind(), *CHANGED, before="0007")
        op.execute("ALTER TABLE payments SET (fillfactor = 70)")
    op.drop_table("payment_batches")


def _drop_changed() -> None:
    op.execute("DROP TRIGGER payments_fixed ON payments")
    op.execute("DROP TRIGGER payments_path ON payments")
    op.execute("DROP FUNCTION check_payments()")


def _add(constraint: Any) -> None:
    if isinstance(constraint, sa.CheckConstraint):
        op.create_check_constraint(constraint.name, "payments", constraint.sqltext)
    else:
        element = constraint.elements[0]
        table, column = element.target_fullname.split(".")
        op.create_foreign_key(constraint.name, "payments", table, constraint.column_keys, [column])


def _rebuild(columns: list[Any], constraints: list[Any], indexes: list[Any], before: str | None = None) -> None:
    """SQLite adds no constraints to a table that is there: a new one takes its place."""
    connection = op.get_bind()
    for name in ledger_rules.NAMES:  # those of other tables look at payments too
        op.execute(f"DROP TRIGGER IF EXISTS {name}")
    kept = ", ".join(column.name for column in _first_columns())
    op.create_table("payments_made_anew", *columns, *constraints)
    op.execute(f"INSERT INTO payments_made_anew ({kept}) SELECT {kept} FROM payments")  # noqa: S608  (own names)
    op.drop_table("payments")
    op.rename_table("payments_made_anew", "payments")
    for name, names, where in indexes:
        op.create_index(name, "payments", names, unique=name.startswith("uq_"), sqlite_where=where)
    triggers.create(connection, *ledger_rules.NAMES, before=before)


def _indexes(with_new: bool) -> list[tuple[str, list[str], sa.TextClause | None]]:
    first = [
        ("ix_payments_from_account_id", ["from_account_id"], None),
        ("ix_payments_to_account_id", ["to_account_id"], None),
        ("uq_payments_opening", ["to_account_id"], sa.text("kind = 'opening'")),
    ]
    new = [
        ("ix_payments_reversal_of_id", ["reversal_of_id"], sa.text("reversal_of_id IS NOT NULL")),
        ("ix_payments_batch_id_batch_row", ["batch_id", "batch_row"], sa.text("batch_id IS NOT NULL")),
    ]
    return first + new if with_new else first


def _new_columns() -> Iterator[sa.Column[Any]]:
    yield sa.Column("to_amount", BigId, nullable=True)
    yield sa.Column("to_currency", sa.String(length=3), nullable=True)
    yield sa.Column("rate", BigId, nullable=True)
    yield sa.Column("terms", sa.Text(), nullable=True)
    yield sa.Column("reversal_of_id", sa.Uuid(), nullable=True)
    yield sa.Column("reversed_amount", BigId, nullable=False, server_default="0")
    yield sa.Column("metadata", sa.Text(), nullable=True)
    yield sa.Column("batch_id", sa.Uuid(), nullable=True)
    yield sa.Column("batch_row", sa.Integer(), nullable=True)


def _new_constraints() -> Iterator[sa.Constraint]:
    yield sa.CheckConstraint(
        "(to_amount IS NULL AND to_currency IS NULL AND rate IS NULL AND kind <> 'conversion')"
        f" OR (to_amount BETWEEN 1 AND {MAX_MINOR} AND to_currency <> currency AND rate > 0"
        " AND to_amount IS NOT NULL AND to_currency IS NOT NULL AND rate IS NOT NULL"
        " AND kind IN ('conversion', 'reversal'))",
        name=op.f("ck_payments_conversion"),
    )
    yield sa.CheckConstraint("(kind = 'reversal') = (reversal_of_id IS NOT NULL)", name=op.f("ck_payments_reversal"))
    yield sa.CheckConstraint(
        "reversed_amount BETWEEN 0 AND amount"
        " AND (reversed_amount = 0 OR (status = 'COMPLETED' AND kind <> 'reversal'))",
        name=op.f("ck_payments_reversed_amount"),
    )
    yield sa.ForeignKeyConstraint(["reversal_of_id"], ["payments.id"], name="fk_payments_reversal_of_id_payments")
    yield sa.ForeignKeyConstraint(["batch_id"], ["payment_batches.id"], name="fk_payments_batch_id_payment_batches")


def _first_columns() -> Iterator[sa.Column[Any]]:
    yield sa.Column("id", sa.Uuid(), nullable=False)
    yield sa.Column("kind", sa.String(length=12), nullable=False)
    yield sa.Column("status", sa.String(length=10), nullable=False)
    yield sa.Column("from_account_id", BigId, nullable=False)
    yield sa.Column("to_account_id", BigId, nullable=False)
    yield sa.Column("source", sa.String(length=20), nullable=True)
    yield sa.Column("amount", BigId, nullable=False)
    yield sa.Column("currency", sa.String(length=3), nullable=False)
    yield sa.Column("commission", BigId, nullable=False)
    yield sa.Column("description", sa.String(length=500), nullable=False)
    yield sa.Column("failure_code", sa.String(length=40), nullable=True)
    yield sa.Column("created_by_id", BigId, nullable=True)
    yield sa.Column("caller", BigId, nullable=False)
    yield sa.Column("origin", sa.String(length=64), nullable=False)
    yield sa.Column("idempotency_key", sa.String(length=200), nullable=False)
    yield sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False)
    yield sa.Column("created_at", sa.DateTime(timezone=True), nullable=False)
    yield sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True)


def _first_constraints() -> Iterator[sa.Constraint]:
    yield sa.CheckConstraint(
        "kind IN ('deposit', 'withdrawal', 'spend', 'transfer', 'adjustment', 'conversion', 'reversal', 'opening')",
        name=op.f("ck_payments_kind"),
    )
    yield sa.CheckConstraint(
        "(status = 'INITIATED' AND completed_at IS NULL AND failure_code IS NULL)"
        " OR (status = 'COMPLETED' AND completed_at IS NOT NULL AND failure_code IS NULL)"
        " OR (status = 'FAILED' AND completed_at IS NOT NULL AND failure_code IS NOT NULL)",
        name=op.f("ck_payments_status"),
    )
    yield sa.CheckConstraint(f"amount BETWEEN 1 AND {MAX_MINOR}", name=op.f("ck_payments_amount"))
    yield sa.CheckConstraint("commission >= 0 AND commission < amount", name=op.f("ck_payments_commission"))
    yield sa.CheckConstraint("from_account_id <> to_account_id", name=op.f("ck_payments_sides"))
    yield sa.CheckConstraint("caller = coalesce(created_by_id, 0)", name=op.f("ck_payments_caller"))
    yield sa.CheckConstraint(
        "kind <> 'adjustment' OR length(replace(description, ' ', '')) >= 3",
        name=op.f("ck_payments_adjustment_described"),
    )
    yield sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_payments_created_by_id_users")
    yield sa.ForeignKeyConstraint(["from_account_id"], ["accounts.id"], name="fk_payments_from_account_id_accounts")
    yield sa.ForeignKeyConstraint(["to_account_id"], ["accounts.id"], name="fk_payments_to_account_id_accounts")
    yield sa.PrimaryKeyConstraint("id", name="pk_payments")
    yield sa.UniqueConstraint("caller", "idempotency_key", name="uq_payments_caller_idempotency_key")
