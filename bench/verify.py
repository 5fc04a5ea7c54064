"""The proof of the ledger: everything beside the plain sums, and what is new with few and with many old operations."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import text

from bench import wallets
from bench.history import analyze, without_rules
from bench.measure import interleaved, milliseconds
from crm import bulk
from crm.db import atomic, db, is_postgresql
from crm.ledger import chain
from crm.ledger.laws.law import Span
from crm.ledger.rebuild import rebuild
from crm.ledger.verify import verify

MANY, FEW = int(os.environ.get("BENCH_OPERATIONS", "1000000")), 10_000
NEW, WALLETS, DAYS, ROUNDS, ROUNDS_OF_NEW = 200, 1_000, 365, 3, 20
WANTED_TIMES, WANTED_FLAT = 15, 1.5
_SUMS = text("SELECT account_id, sum(signed_amount) FROM operations GROUP BY account_id")
# The words that the engines have for the same.
_POSTGRESQL = {
    "numbers": "SELECT generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n",
    "id": "lpad(to_hex(n), 32, '0')::uuid",
    "print": "decode(lpad(to_hex(n), 64, '0'), 'hex')",
    "at": "CAST(:begun AS timestamptz) + n * CAST(:step AS double precision) * interval '1 second'",
}
_SQLITE = {
    "numbers": "WITH RECURSIVE up(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM up WHERE n < :last)"
    " SELECT n FROM up",
    "id": "printf('%032x', n)",
    "print": "CAST(printf('%032d', n) AS BLOB)",
    "at": "strftime('%Y-%m-%d %H:%M:%f000', unixepoch(:begun) + n * :step, 'unixepoch')",
}
_PAYMENTS = """
    INSERT INTO payments (id, kind, status, from_account_id, to_account_id, source, amount, currency, commission,
        description, caller, origin, idempotency_key, fingerprint, created_at, completed_at)
    SELECT {id}, 'deposit', 'COMPLETED', :cash, :wallet + n % :wallets, 'cash', 100, 'RUB', 0, '', 0, 'bench',
        'proof ' || n, {print}, {at}, {at}
    FROM ({numbers}) AS numbered"""
_OPERATIONS = """
    INSERT INTO operations (payment_id, account_id, kind, signed_amount, balance_after, sequence, created_at)
    SELECT id, account_id, 'transfer', amount, balance, sequence, at FROM (
        SELECT n, {id} AS id, :cash AS account_id, -100 AS amount,
            NULL AS balance, NULL AS sequence, {at} AS at FROM ({numbers}) AS numbered
        UNION ALL
        SELECT n, {id}, :wallet + n % :wallets, 100, 100 * (n / :wallets + 1), n / :wallets + 1, {at}
        FROM ({numbers}) AS numbered_too
    ) AS lines ORDER BY n"""


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row for everything beside the plain sums, one for each law, and two for what is new."""
    with app.app_context():
        old, others = wallets.opened(WALLETS), wallets.opened(10)
        few = _of_what_is_new(FEW, 0, old, others)
        many = _of_what_is_new(MANY, FEW, old, others)
        ways = {"plain sums": lambda _input: db.session.execute(_SUMS).all(), "everything": lambda _input: _hold()}
        seconds = interleaved(ways, [None], ROUNDS)
        laws = [(found.law, found.milliseconds) for found in verify()]
        db.session.rollback()
    figures = {way: milliseconds(times) for way, times in seconds.items()}
    plain = figures["plain sums"]["median_ms"]
    rows = [
        {"engine": engine, "way": way, "operations": MANY, **each, "times": round(each["median_ms"] / plain, 1)}
        | {"wanted": f"<= {WANTED_TIMES}" if way == "everything" else ""}
        for way, each in figures.items()
    ]
    rows += [
        {"engine": engine, "way": law, "operations": MANY, "median_ms": took, "times": round(took / plain, 1)}
        for law, took in laws
    ]
    return rows + list(_rows_of_new(engine, {FEW: few, MANY: many}))


def _rows_of_new(engine: str, figures: dict[int, dict[str, float]]) -> Iterator[dict[str, Any]]:
    for operations, each in figures.items():
        yield {
            "engine": engine,
            "way": f"what is new: {NEW} operations",
            "operations": operations,
            **each,
            "times": round(each["median_ms"] / figures[FEW]["median_ms"], 2),
            "wanted": f"<= {WANTED_FLAT}" if operations == MANY else "",
        }


def _of_what_is_new(operations: int, already: int, old: list[int], others: list[int]) -> dict[str, float]:
    """How long it takes to prove some new operations with so many old ones, of which some are there already."""
    _fill(already // 2, operations // 2, old)
    chain.extend()
    since = chain.head().position
    for number in range(NEW // 2):
        wallets.SERVICE.deposit(others[number % len(others)], 100)
    chain.extend()
    analyze()
    span = Span(since, chain.head().position)
    seconds = interleaved({"new": lambda _input: _hold(span)}, [None], ROUNDS_OF_NEW)
    return milliseconds(seconds["new"])


def _hold(span: Span | None = None) -> None:
    if broken := [found for found in verify(span) if found.differences]:
        raise RuntimeError(f"the ledger is not right: {broken}")


def _fill(first: int, last: int, old: list[int]) -> None:
    """Write deposits number `first` to `last`, evenly over the year until now, as if the engine had posted them."""
    words = _POSTGRESQL if is_postgresql() else _SQLITE
    begun, step = bulk.stamp(datetime.now(UTC) - timedelta(days=DAYS)), (DAYS - 1) * 86_400 / (MANY // 2)
    values: dict[str, Any] = {"first": first, "last": last - 1, "begun": begun, "step": step}
    values |= {"cash": wallets.technical("cash"), "wallet": min(old), "wallets": len(old)}
    with atomic() as session, without_rules(session.connection()):
        for statement in (_PAYMENTS, _OPERATIONS):
            session.connection().execute(text(statement.format(**words)), values)
    rebuild()
