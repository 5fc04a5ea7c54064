"""Holds: payments that reserve money before they move it"""

import sqlalchemy as sa
from alembic import op

from crm.models import hold_rules, ledger_rules, triggers

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HOLDS = sa.text("held_amount IS NOT NULL")
STATUS_BEFORE = (
    "(status = 'INITIATED' AND completed_at IS NULL AND failure_code IS NULL)"
    " OR (status = 'COMPLETED' AND completed_at IS NOT NULL AND failure_code IS NULL)"
    " OR (status = 'FAILED' AND completed_at IS NOT NULL AND failure_code IS NOT NULL)"
)
STATUS = (
    "(status IN ('INITIATED', 'HELD') AND completed_at IS NULL AND failure_code IS NULL)"
    " OR (status IN ('COMPLETED', 'VOIDED', 'EXPIRED') AND completed_at IS NOT NULL AND failure_code IS NULL)"
    " OR (status = 'FAILED' AND completed_at IS NOT NULL AND failure_code IS NOT NULL)"
)
HOLD = (
    "(held_amount IS NULL AND hold_expires_at IS NULL AND held_at IS NULL"
    " AND status NOT IN ('HELD', 'VOIDED', 'EXPIRED'))"
    " OR (held_amount IS NOT NULL AND hold_expires_at IS NOT NULL AND kind IN ('spend', 'transfer', 'withdrawal')"
    " AND amount <= held_amount AND (amount = held_amount OR status = 'COMPLETED')"
    " AND (held_at IS NULL) = (status IN ('INITIATED', 'FAILED')))"
)
CHANGED = ("check_operations", "operations_chain", "payments_fixed", "check_payments", "payments_path")
COLUMNS = ("held_amount", "hold_expires_at", "held_at")
# In the words of the table's own definition on SQLite, which adds no constraints to a table that is there.
CHECK_BEFORE = f"CONSTRAINT ck_payments_status CHECK ({STATUS_BEFORE})"
CHECK = f"CONSTRAINT ck_payments_status CHECK ({STATUS}), \n\tCONSTRAINT ck_payments_hold CHECK ({HOLD})"
LAST_COLUMN = "completed_at DATETIME, \n\t"
ADDED = "held_amount INTEGER, \n\thold_expires_at DATETIME, \n\theld_at DATETIME, \n\t"


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("amount", BigId, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount >= 1", name=op.f("ck_holds_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_holds_account_id_accounts"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_holds_payment_id_payments"),
        sa.PrimaryKeyConstraint("payment_id", name="pk_holds"),
    )
    op.create_index("ix_holds_account_id", "holds", ["account_id"])
    op.create_index("ix_holds_expires_at", "holds", ["expires_at"])
    if op.get_bind().dialect.name == "sqlite":
        _rebuild([(CHECK_BEFORE, CHECK), (LAST_COLUMN, LAST_COLUMN + ADDED)], before="0016")
        op.create_index("ix_payments_holds", "payments", ["id"], sqlite_where=HOLDS)
        return
    _drop_changed()
    for name, type_ in zip(COLUMNS, (BigId, *[sa.DateTime(timezone=True)] * 2), strict=True):
        op.add_column("payments", sa.Column(name, type_, nullable=True))
    op.drop_constraint("ck_payments_status", "payments")
    op.create_check_constraint(op.f("ck_payments_status"), "payments", STATUS)
    op.create_check_constraint(op.f("ck_payments_hold"), "payments", HOLD)
    op.create_index("ix_payments_holds", "payments", ["id"], postgresql_where=HOLDS)
    triggers.create(op.get_bind(), *CHANGED, *hold_rules.POSTGRESQL, before="0016")


def downgrade() -> None:
    connection = op.get_bind()
    told = """SELECT count(*) FROM payments WHERE status IN ('HELD', 'VOIDED', 'EXPIRED')
        OR (status = 'INITIATED' AND held_amount IS NOT NULL)"""  # that would be posted as if nothing was to be held
    if connection.scalar(sa.text(told)):
        raise RuntimeError("There are payments that were reserved, which the revision before knows nothing of.")
    op.drop_index("ix_payments_holds", "payments")
    if connection.dialect.name == "sqlite":
        _rebuild([(CHECK, CHECK_BEFORE), (ADDED, "")], before="0015")
        op.drop_table("holds")
        return
    _drop_changed()
    op.drop_table("holds")
    for name, statement in hold_rules.POSTGRESQL.items():
        if "CREATE TRIGGER" in statement and " ON holds" not in statement:
            op.execute(f"DROP TRIGGER {name} ON {'payments' if ' ON payments' in statement else 'account_balances'}")
    for name, statement in hold_rules.POSTGRESQL.items():
        if "CREATE FUNCTION" in statement:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_constraint("ck_payments_hold", "payments")
    op.drop_constraint("ck_payments_status", "payments")
    for name in COLUMNS:
        op.drop_column("payments", name)
    op.create_check_constraint(op.f("ck_payments_status"), "payments", STATUS_BEFORE)
    triggers.create(connection, *CHANGED, before="0015")


def _drop_changed() -> None:
    op.execute("DROP TRIGGER payments_fixed ON payments")
    op.execute("DROP TRIGGER payments_path ON payments")
    op.execute("DROP TRIGGER operations_chain ON operations")
    op.execute("DROP FUNCTION check_payments()")
    op.execute("DROP FUNCTION check_operations()")


def _rebuild(changes: list[tuple[str, str]], before: str) -> None:
    """On SQLite a table that is defined otherwise takes the place of the one that is there, with all its rows."""
    connection = op.get_bind()
    for name in ledger_rules.NAMES:  # those of other tables look at payments too
        op.execute(f"DROP TRIGGER IF EXISTS {name}")
    wanted = "SELECT sql FROM sqlite_master WHERE tbl_name = 'payments' AND type = :type AND sql IS NOT NULL"
    definition = connection.scalar(sa.text(wanted), {"type": "table"})
    indexes = connection.scalars(sa.text(wanted), {"type": "index"}).all()
    for formerly, now in [('CREATE TABLE "payments"', "CREATE TABLE payments_made_anew"), *changes]:
        if definition.count(formerly) != 1:
            raise RuntimeError(f"The table of payments is not what it was made as: {definition}")
        definition = definition.replace(formerly, now)
    connection.exec_driver_sql(definition)
    names = [column["name"] for column in sa.inspect(connection).get_columns("payments_made_anew")]
    kept = ", ".join(name for name in names if before == "0015" or name not in COLUMNS)
    op.execute(f"INSERT INTO payments_made_anew ({kept}) SELECT {kept} FROM payments")  # noqa: S608  (own names)
    op.drop_table("payments")
    op.rename_table("payments_made_anew", "payments")
    for index in indexes:
        connection.exec_driver_sql(index)
    triggers.create(connection, *ledger_rules.NAMES, before=before)
