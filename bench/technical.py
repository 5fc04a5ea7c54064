"""The report on technical accounts over 1,000,000 operations: from written days and the live rest, and its chart."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import text

from bench import wallets
from bench.history import analyze, without_rules
from bench.measure import interleaved, milliseconds
from crm import bulk
from crm.db import atomic, db, is_postgresql
from crm.ledger import days
from crm.models.ledger import TechnicalCode
from crm.services import technical, technical_days

OPERATIONS, DAYS, WALLETS, ROUNDS = 1_000_000, 365, 1_000, 20
WANTED_MS = 200
# The words that the engines have for the same.
_POSTGRESQL = {
    "numbers": "SELECT generate_series(1, :count) AS n",
    "id": "lpad(to_hex(n), 32, '0')::uuid",
    "print": "decode(lpad(to_hex(n), 64, '0'), 'hex')",
    "at": "CAST(:begun AS timestamptz) + n * CAST(:step AS double precision) * interval '1 second'",
}
_SQLITE = {
    "numbers": "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < :count) SELECT n FROM up",
    "id": "printf('%032x', n)",
    "print": "CAST(printf('%032d', n) AS BLOB)",
    "at": "strftime('%Y-%m-%d %H:%M:%f000', unixepoch(:begun) + n * :step, 'unixepoch')",
}
_PAYMENTS = """
    INSERT INTO payments (id, kind, status, from_account_id, to_account_id, amount, currency, commission, description,
        caller, origin, idempotency_key, fingerprint, created_at, completed_at)
    SELECT {id}, CASE WHEN n % 1000 = 0 THEN 'adjustment' ELSE 'deposit' END, 'COMPLETED', :technical + n % :codes,
        :wallet + n % :wallets, 100 + n % 100000 * 7919 % 100000, 'RUB', 0, 'bench', 0, 'bench', 'report ' || n,
        {print}, {at}, {at}
    FROM ({numbers}) AS numbered"""
_OPERATIONS = """
    INSERT INTO operations (payment_id, account_id, kind, signed_amount, balance_after, sequence, created_at)
    SELECT id, account_id, 'transfer', amount, balance, sequence, at FROM (
        SELECT n, {id} AS id, :technical + n % :codes AS account_id, -(100 + n % 100000 * 7919 % 100000) AS amount,
            NULL AS balance, NULL AS sequence, {at} AS at FROM ({numbers}) AS numbered
        UNION ALL
        SELECT n, {id}, :wallet + n % :wallets, 100 + n % 100000 * 7919 % 100000, n, n / :wallets + 1, {at}
        FROM ({numbers}) AS numbered_too
    ) AS lines ORDER BY n"""


def run(app: Flask, engine: str, operations: int = OPERATIONS) -> list[dict[str, Any]]:
    """One row for each way of asking."""
    with app.app_context():
        fill(operations)
        days.close()
        analyze()
        today = days.day_of(datetime.now(UTC))
        year, month = today - timedelta(days=DAYS - 1), today - timedelta(days=30)
        ways = {
            "month": lambda _input: technical.turnovers(month, today),
            "year": lambda _input: technical.turnovers(year, today),
            "chart of the year": lambda _input: _chart(year, today),
            "year, from the operations": lambda _input: db.session.execute(days.sums(year, today)).all(),
        }
        seconds = interleaved(ways, [None], ROUNDS)
        db.session.rollback()
    return [
        {"engine": engine, "way": way, "operations": operations, **milliseconds(times)}
        | {"wanted_ms": WANTED_MS if way in ("month", "year") else ""}
        for way, times in seconds.items()
    ]


def _chart(first: date, last: date) -> None:
    technical_days.series([wallets.technical(code) for code in TechnicalCode], first, last)


def fill(operations: int) -> None:
    """Write payments of two operations each, evenly over the year until now, as if the engine had posted them."""
    words, opened = _POSTGRESQL if is_postgresql() else _SQLITE, wallets.opened(WALLETS)
    begun = datetime.now(UTC) - timedelta(days=DAYS)
    values = {
        "count": operations // 2,
        "begun": bulk.stamp(begun),
        "step": DAYS * 86_400 / (operations // 2),
        "technical": min(wallets.technical(code) for code in TechnicalCode),
        "codes": len(TechnicalCode),
        "wallet": min(opened),
        "wallets": WALLETS,
    }
    with atomic() as session, without_rules(session.connection()):
        for statement in (_PAYMENTS, _OPERATIONS):
            session.connection().execute(text(statement.format(**words)), values)
