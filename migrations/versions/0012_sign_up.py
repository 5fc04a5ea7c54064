"""Customers who sign in: whose money is theirs, whether their e-mail is confirmed, and the letters that go out"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("next_attempt_at IS NOT NULL")
INDEXES = {
    "ix_users_customer_id": (["customer_id"], sa.text("customer_id IS NOT NULL")),
    "ix_users_not_welcomed": (
        ["id"],
        sa.text("customer_id IS NOT NULL AND email_confirmed_at IS NOT NULL AND welcomed_at IS NULL"),
    ),
}


def folded(length: int) -> sa.String:
    """Folded text sorts by code point."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    _create_mails()
    if op.get_bind().dialect.name == "sqlite":
        _rebuild([*_first_columns(), *_new_columns()], [*_first_constraints(), *_new_constraints()])
    else:
        for column in _new_columns():
            op.add_column("users", column)
        op.create_check_constraint(op.f("ck_users_customer"), "users", "customer_id IS NULL OR role = 'customer'")
        op.create_foreign_key(
            "fk_users_customer_id_customers", "users", "customers", ["customer_id"], ["id"], ondelete="SET NULL"
        )
    for name, (columns, where) in INDEXES.items():
        op.create_index(name, "users", columns, postgresql_where=where, sqlite_where=where)
    # An administrator has made those that there are, and vouches for them.
    op.execute("UPDATE users SET email_confirmed_at = created_at WHERE role = 'customer'")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild([*_first_columns()], [*_first_constraints()])
    else:
        for column in _new_columns():
            op.drop_column("users", column.name)
    op.drop_table("mails")


def _create_mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", BigId, nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("recipient", folded(254), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.CheckConstraint("kind IN ('confirm', 'known', 'reset', 'invite')", name=op.f("ck_mails_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
        sqlite_autoincrement=True,
    )
    waiting = ["next_attempt_at"]
    op.create_index("ix_mails_waiting", "mails", waiting, postgresql_where=WAITING, sqlite_where=WAITING)
    op.create_index("ix_mails_recipient_created_at", "mails", ["recipient", "created_at"])
    op.create_index("ix_mails_created_at", "mails", ["created_at"])


def _rebuild(columns: list[Any], constraints: list[Any]) -> None:
    """SQLite adds no constraints to a table that is there: a new one takes its place."""
    kept = ", ".join(column.name for column in _first_columns())
    op.create_table("users_made_anew", *columns, *constraints, sqlite_autoincrement=True)
    op.execute(f"INSERT INTO users_made_anew ({kept}) SELECT {kept} FROM users")  # noqa: S608  (own names)
    op.drop_table("users")
    op.rename_table("users_made_anew", "users")


def _new_columns() -> Iterator[sa.Column[Any]]:
    yield sa.Column("customer_id", BigId, nullable=True)
    yield sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True)
    yield sa.Column("welcomed_at", sa.DateTime(timezone=True), nullable=True)


def _new_constraints() -> Iterator[sa.Constraint]:
    yield sa.CheckConstraint("customer_id IS NULL OR role = 'customer'", name=op.f("ck_users_customer"))
    yield sa.ForeignKeyConstraint(
        ["customer_id"], ["customers.id"], name="fk_users_customer_id_customers", ondelete="SET NULL"
    )


def _first_columns() -> Iterator[sa.Column[Any]]:
    yield sa.Column("id", BigId, nullable=False)
    yield sa.Column("email", folded(254), nullable=False)
    yield sa.Column("name", sa.String(length=200), nullable=False)
    yield sa.Column("password_hash", sa.String(length=200), nullable=False)
    yield sa.Column("role", sa.String(length=20), nullable=False)
    yield sa.Column("locale", sa.String(length=10), nullable=True)
    yield sa.Column("theme", sa.String(length=10), nullable=False)
    yield sa.Column("active", sa.Boolean(), nullable=False)
    yield sa.Column("session_key", sa.String(length=40), nullable=False)
    yield sa.Column("created_at", sa.DateTime(timezone=True), nullable=False)
    yield sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True)


def _first_constraints() -> Iterator[sa.Constraint]:
    yield sa.CheckConstraint("role IN ('viewer', 'manager', 'admin', 'customer')", name=op.f("ck_users_role"))
    yield sa.CheckConstraint("theme IN ('auto', 'light', 'dark')", name=op.f("ck_users_theme"))
    yield sa.PrimaryKeyConstraint("id", name="pk_users")
    yield sa.UniqueConstraint("email", name="uq_users_email")
