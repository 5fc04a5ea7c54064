"""A payment by four statements of the bare driver, into the bare copies of the tables: what a single one could cost."""

import random
import sqlite3
from collections.abc import Callable, Sequence

import psycopg
from sqlalchemy import URL
from uuid_utils.compat import uuid7

from crm.bulk import stamp
from crm.db import utcnow

AMOUNT = 100
PRAGMAS = ("busy_timeout=15000", "synchronous=FULL", "cache_size=-32000")  # as the product's own connections have them
Pay = Callable[[], object]

_COLUMNS = (
    "id", "kind", "from_account_id", "to_account_id", "source", "amount", "currency", "commission", "description",
    "caller", "origin", "idempotency_key", "fingerprint", "created_at", "completed_at",
)  # fmt: skip
_LOCK = "SELECT balance, sequence FROM bare_account_balances WHERE account_id = %s FOR UPDATE"
_PAYMENT = f"""
    INSERT INTO bare_payments ({", ".join(_COLUMNS)}, status)
    VALUES ({", ".join(["%s"] * len(_COLUMNS))}, 'COMPLETED')"""
_OPERATIONS = """
    INSERT INTO bare_operations (payment_id, account_id, kind, signed_amount, balance_after, sequence, created_at)
    VALUES (%s, %s, 'transfer', %s, NULL, NULL, %s), (%s, %s, 'transfer', %s, %s, %s, %s)"""
_BALANCE = "UPDATE bare_account_balances SET balance = %s, sequence = %s, last_at = %s WHERE account_id = %s"


def postgresql(url: URL, accounts: Sequence[int], outside: int, seed: int) -> Pay:
    """A function that pays into one of the accounts, by prepared statements over a connection of its own."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(address, prepare_threshold=0)
    chance = random.Random(seed)

    def pay() -> None:
        account, at = chance.choice(accounts), utcnow()
        payment = _payment(outside, account, at)
        connection.execute(_PAYMENT, payment)
        balance, sequence = connection.execute(_LOCK, (account,)).fetchone()
        connection.execute(_OPERATIONS, _operations(payment[0], outside, account, balance, sequence, at))
        connection.execute(_BALANCE, (balance + AMOUNT, sequence + 1, at, account))
        connection.commit()

    return pay


def sqlite(url: URL, accounts: Sequence[int], outside: int, seed: int) -> Pay:
    """The same on SQLite; the write lock is taken at once, as by everything that writes."""
    connection = sqlite3.connect(str(url.database), isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    chance = random.Random(seed)
    insert, lock, lines, balances = (
        statement.replace("%s", "?").replace(" FOR UPDATE", "")
        for statement in (_PAYMENT, _LOCK, _OPERATIONS, _BALANCE)
    )

    def pay() -> None:
        account, at = chance.choice(accounts), stamp(utcnow())
        payment = _payment(outside, account, at)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(insert, payment)
        balance, sequence = connection.execute(lock, (account,)).fetchone()
        connection.execute(lines, _operations(payment[0], outside, account, balance, sequence, at))
        connection.execute(balances, (balance + AMOUNT, sequence + 1, at, account))
        connection.execute("COMMIT")

    return pay


def _payment(outside: int, account: int, at: object) -> tuple[object, ...]:
    pk = uuid7().hex
    return (
        pk, "deposit", outside, account, "cash", AMOUNT, "RUB", 0, "", 0, "bench", pk, b"\0" * 32, at, at,
    )  # fmt: skip


def _operations(
    payment: object, outside: int, account: int, balance: int, sequence: int, at: object
) -> tuple[object, ...]:
    return (
        *(payment, outside, -AMOUNT, at),
        *(payment, account, AMOUNT, balance + AMOUNT, sequence + 1, at),
    )  # fmt: skip
