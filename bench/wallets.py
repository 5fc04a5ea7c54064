"""Wallets to pay into, and bare copies of their tables: the same columns and indexes, without our rules."""

import re

from sqlalchemy import text

from crm.db import atomic, db, is_postgresql
from crm.ledger import accounts
from crm.services import customers
from crm.services.audit import Actor
from crm.services.customer_data import CustomerData
from crm.services.wallet import WalletService

ACTOR = Actor(None, "bench")
SERVICE = WalletService(ACTOR)
CURRENCY = "RUB"
_TABLES = ("payments", "operations", "account_balances")


def opened(count: int) -> list[int]:
    """The account ids of so many new, empty wallets."""
    customer = customers.create(ACTOR, CustomerData(name="Bench"), allow_duplicate=True)
    with atomic():
        return accounts.open_wallets([(customer.id, CURRENCY, "")] * count)


def technical(code: str) -> int:
    """The id of a technical account."""
    wanted = text("SELECT id FROM accounts WHERE code = :code AND currency = :currency")
    return int(db.session.execute(wanted, {"code": code, "currency": CURRENCY}).scalar_one())


def copy_tables() -> None:
    """Make `bare_payments`, `bare_operations` and `bare_account_balances` anew: the balances as they are, the payments
    that wait, no operations. Without triggers; foreign keys are not copied on PostgreSQL, and the bare writers of
    SQLite do not look at them.
    """
    db.session.rollback()
    with db.engine.begin() as connection:
        for table in _TABLES:
            connection.execute(text(f"DROP TABLE IF EXISTS bare_{table}"))
            for statement in _definitions(table) if is_postgresql() else _sqlite_definitions(table):
                connection.exec_driver_sql(statement)
        connection.execute(text("INSERT INTO bare_account_balances SELECT * FROM account_balances"))
        connection.execute(text("INSERT INTO bare_payments SELECT * FROM payments WHERE status = 'INITIATED'"))


def _definitions(table: str) -> list[str]:
    room = " WITH (fillfactor = 70)" if table == "account_balances" else ""  # which LIKE leaves out
    return [f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL){room}"]


def _sqlite_definitions(table: str) -> list[str]:
    wanted = text("SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type IN ('table', 'index') AND sql <> ''")
    pattern = rf'(CREATE TABLE |INDEX )"?(\w+)"?( ON )?"?({table})?"?'  # a table made anew has its name in quotes
    found = db.session.scalars(wanted, {"table": table}).all()
    db.session.rollback()
    return [
        re.sub(pattern, lambda m: f"{m[1]}bare_{m[2]}{m[3] or ''}{f'bare_{m[4]}' if m[4] else ''}", sql, count=1)
        for sql in found
    ]
