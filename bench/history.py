"""A wallet with 10, 10,000 and 1,000,000 operations: a spend, the balance at a moment, a page of its history."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bench import wallets
from bench.bare import AMOUNT
from bench.measure import interleaved, milliseconds
from crm import bulk
from crm.db import atomic, db, is_postgresql
from crm.ledger.rows import PAYMENT
from crm.services import statements

LENGTHS, ROUNDS, CHUNK = (10, 10_000, 1_000_000), 300, 50_000
WANTED = 1.2
_TABLES = ("payments", "operations", "account_balances")
_PAYMENT = (*PAYMENT, "completed_at", "status")
_OPERATION = ("payment_id", "account_id", "kind", "signed_amount", "balance_after", "sequence", "created_at")


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row for each way and length."""
    with app.app_context():
        accounts = dict(zip(LENGTHS, wallets.opened(len(LENGTHS)), strict=True))
        begun = datetime.now(UTC) - timedelta(seconds=max(LENGTHS))
        for length, account in accounts.items():
            _fill(account, length, begun)
        analyze()
        found = []
        for name, way in _WAYS.items():
            ways = {length: partial(way, account, length, begun) for length, account in accounts.items()}
            seconds = interleaved(ways, [None], ROUNDS)
            found += _rows(engine, name, {length: milliseconds(times) for length, times in seconds.items()})
        db.session.rollback()
    return found


def _rows(engine: str, name: str, figures: dict[int, dict[str, float]]) -> list[dict[str, Any]]:
    shortest = figures[LENGTHS[0]]["median_ms"]
    return [
        {
            "engine": engine,
            "way": name,
            "operations": length,
            **each,
            "to_10": round(each["median_ms"] / shortest, 2),
            "wanted": WANTED if name == _SPEND else "",
        }
        for length, each in figures.items()
    ]


def _spend(account: int, _length: int, _begun: datetime, _input: object) -> None:
    wallets.SERVICE.spend(account, 1)


def _balance(account: int, length: int, begun: datetime, _input: object) -> None:
    middle = length // 2
    if wallets.SERVICE.balance(account, at=begun + timedelta(seconds=middle)) != middle * AMOUNT:
        raise RuntimeError("the chain is not what was written")
    db.session.rollback()


def _page(account: int, _length: int, _begun: datetime, _input: object) -> None:
    statements.history(account)
    db.session.rollback()


def _middle_page(account: int, length: int, _begun: datetime, _input: object) -> None:
    statements.history(account, before=length // 2)
    db.session.rollback()


_SPEND = "spend"
_WAYS: dict[str, Callable[[int, int, datetime, object], None]] = {
    _SPEND: _spend,
    "balance at a moment in the middle": _balance,
    "newest page of history": _page,
    "page of history from the middle": _middle_page,
}


def _fill(account: int, length: int, begun: datetime) -> None:
    """Give the wallet so many deposits, one a second, with both their operations: as if the engine had posted them."""
    outside = wallets.technical("cash")
    for start in range(1, length + 1, CHUNK):
        payments, operations = [], []
        for number in range(start, min(start + CHUNK, length + 1)):
            pk, at = f"{account:016x}{number:016x}", bulk.stamp(begun + timedelta(seconds=number))
            fingerprint = rf"\x{number:064x}" if is_postgresql() else number.to_bytes(32)
            payments.append(
                (
                    *(pk, "deposit", outside, account, "cash", AMOUNT, wallets.CURRENCY, 0, "", None, 0, "bench", pk),
                    *(fingerprint, at, at, "COMPLETED"),
                )
            )
            operations.append((pk, outside, "transfer", -AMOUNT, None, None, at))
            operations.append((pk, account, "transfer", AMOUNT, number * AMOUNT, number, at))
        with atomic() as session, without_rules(session.connection()):
            bulk.insert("payments", _PAYMENT, payments)
            bulk.insert("operations", _OPERATION, operations)
    with atomic() as session:
        moved = text(
            "UPDATE account_balances SET balance = :balance, sequence = :sequence, last_at = :at WHERE account_id = :id"
        )
        at = bulk.stamp(begun + timedelta(seconds=length))
        values = {"balance": length * AMOUNT, "sequence": length, "at": at, "id": account}
        session.connection().execute(moved, values)


@contextmanager
def without_rules(connection: Connection) -> Iterator[None]:
    """Rows are taken as they are, within the present transaction."""
    if is_postgresql():
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        return
    wanted = text(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('payments', 'operations')"
    )
    rules = connection.execute(wanted).all()
    for name, _rule in rules:
        connection.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _name, rule in rules:
        connection.exec_driver_sql(rule)


def analyze() -> None:
    """Tell the database what there is, so that its plans are those of a database that has grown."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
