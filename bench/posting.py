"""Stored payments posted in batches by the engine, beside one set-based statement for as many (SQLite: executemany)."""

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import astuple
from statistics import median
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import select

from bench import wallets
from bench.bare import AMOUNT, PRAGMAS
from crm import bulk
from crm.bulk import stamp
from crm.db import atomic, db, utcnow
from crm.ledger import engine as ledger
from crm.ledger.posting import Balance, Decisions, Order, decide
from crm.models import AccountBalance, Payment

ACCOUNTS, PAYMENTS, ROUNDS = 1_000, 20_000, 3
BATCHES = {"postgresql": (1_000,), "sqlite": (1_000, 10_000)}
WANTED = {"postgresql": 0.5, "sqlite": 0.3}
_ORDER = (Payment.id, Payment.from_account_id, Payment.to_account_id, Payment.amount, Payment.commission)
_BALANCE = (
    AccountBalance.account_id, AccountBalance.status, AccountBalance.overdraft_limit, AccountBalance.balance,
    AccountBalance.held, AccountBalance.sequence,
)  # fmt: skip

# A batch as one statement: no refusals, nothing to decide, and none of the rules that the ledger's tables hold.
_SET_BASED = """
    WITH batch AS MATERIALIZED (
        SELECT id, from_account_id, to_account_id, amount FROM bare_payments
        WHERE id = ANY (string_to_array(%s, ',')::uuid[]) AND status = 'INITIATED' ORDER BY id FOR UPDATE
    ), line AS MATERIALIZED (
        SELECT id, account_id, signed_amount FROM batch CROSS JOIN LATERAL (
            VALUES (from_account_id, -amount), (to_account_id, amount)) AS side (account_id, signed_amount)
    ), held AS MATERIALIZED (
        SELECT account_id, balance, sequence FROM bare_account_balances
        WHERE account_id IN (SELECT account_id FROM line) ORDER BY account_id FOR UPDATE
    ), chain AS MATERIALIZED (
        SELECT line.*, held.balance + sum(signed_amount) OVER earlier AS balance_after,
            held.sequence + row_number() OVER earlier AS sequence
        FROM line LEFT JOIN held USING (account_id)
        WINDOW earlier AS (PARTITION BY line.account_id ORDER BY id ROWS UNBOUNDED PRECEDING)
    ), operation AS (
        INSERT INTO bare_operations (payment_id, account_id, kind, signed_amount, balance_after, sequence, created_at)
        SELECT id, account_id, 'transfer', signed_amount, balance_after, sequence, now() FROM chain
    ), moved AS (
        UPDATE bare_account_balances AS moving
        SET balance = balance + total, sequence = sequence + lines, last_at = now()
        FROM (SELECT account_id, sum(signed_amount) AS total, count(*) AS lines FROM line GROUP BY account_id) AS sums
        WHERE sums.account_id = moving.account_id
    )
    UPDATE bare_payments SET status = 'COMPLETED', completed_at = now() FROM batch WHERE bare_payments.id = batch.id"""
_INSERT = """
    INSERT INTO bare_operations (payment_id, account_id, kind, signed_amount, balance_after, sequence, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_MOVE = "UPDATE bare_account_balances SET balance = ?, sequence = ?, last_at = ? WHERE account_id = ?"
_END = "UPDATE bare_payments SET status = 'COMPLETED', completed_at = ? WHERE id = ?"


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row for each size of batch."""
    with app.app_context():
        accounts = wallets.opened(ACCOUNTS)
        outside = wallets.technical("cash")
        for account in accounts:
            wallets.SERVICE.deposit(account, 1_000 * AMOUNT)
        return [_compared(engine, accounts, outside, size) for size in BATCHES[engine]]


def _compared(engine: str, accounts: list[int], outside: int, size: int) -> dict[str, Any]:
    limits, ours = [], []
    for number in range(ROUNDS):
        orders = stored(PAYMENTS, accounts, outside, random.Random(number))
        batches = [orders[start : start + size] for start in range(0, len(orders), size)]
        wallets.copy_tables()
        limits.append(LIMITS[engine](batches))
        ours.append(post(batches))
    limit, speed = PAYMENTS / median(limits), PAYMENTS / median(ours)
    return {
        "engine": engine,
        "limit": LIMIT_NAMES[engine],
        "batch": size,
        "limit_per_second": round(limit),
        "ours_per_second": round(speed),
        "share_of_limit": round(speed / limit, 2),
        "wanted": WANTED[engine],
    }


def stored(count: int, accounts: list[int], outside: int, chance: random.Random) -> list[Order]:
    """New payments: by turns into a wallet from outside, and from one wallet to another."""
    drafts = []
    for number in range(count):
        payer, payee = chance.sample(accounts, 2)
        kind, payer = ("transfer", payer) if number % 2 else ("deposit", outside)
        drafts.append(ledger.Draft(kind, payer, payee, AMOUNT, wallets.CURRENCY, key=f"{time.time_ns()} {number}"))
    with atomic():
        ledger.store(drafts)
    return [draft.order for draft in drafts]


def post(batches: list[list[Order]]) -> float:
    """Seconds. As a worker does: what is to be posted is locked, read and posted, a batch in one transaction."""
    begun = time.perf_counter()
    for batch in batches:
        with atomic():
            wanted = select(*_ORDER).where(bulk.among(Payment.id), Payment.status == "INITIATED")
            ids = bulk.packed([order.payment_id for order in batch])
            found = db.session.execute(wanted.order_by(Payment.id).with_for_update(), ids)
            decisions = ledger.post([Order(pk.hex, *rest) for pk, *rest in found])
        if len(decisions.completed) != len(batch):
            raise RuntimeError("payments were refused")
    return time.perf_counter() - begun


def _statement(batches: list[list[Order]]) -> float:
    """One statement and one transaction for a batch."""
    address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        begun = time.perf_counter()
        for batch in batches:
            done = connection.execute(_SET_BASED, (",".join([order.payment_id for order in batch]),)).rowcount
            connection.commit()
            if done != len(batch):
                raise RuntimeError("payments were left out")
        return time.perf_counter() - begun


def _executemany(batches: list[list[Order]]) -> float:
    """One transaction for a batch, of rows that were worked out beforehand."""
    rows = db.session.execute(select(*_BALANCE)).all()
    db.session.rollback()
    balances = {row[0]: Balance(*row) for row in rows}
    ready = [_rows(decide(batch, balances), balances) for batch in batches]
    with closing(sqlite3.connect(str(db.engine.url.database), isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        begun = time.perf_counter()
        for given in ready:
            connection.execute("BEGIN IMMEDIATE")
            for statement, values in zip((_INSERT, _MOVE, _END), given, strict=True):
                connection.executemany(statement, values)
            connection.execute("COMMIT")
        return time.perf_counter() - begun


def _rows(decisions: Decisions, balances: dict[int, Balance]) -> tuple[list[Any], list[Any], list[Any]]:
    at = stamp(utcnow())
    moved = [balances[pk] for pk in sorted(decisions.touched)]
    return (
        [(*astuple(entry), at) for entry in decisions.entries],
        [(balance.balance, balance.sequence, at, balance.account_id) for balance in moved],
        [(at, pk) for pk in decisions.completed],
    )


LIMIT_NAMES = {"postgresql": "one set-based statement", "sqlite": "executemany, rows ready"}
LIMITS: dict[str, Callable[[list[list[Order]]], float]] = {"postgresql": _statement, "sqlite": _executemany}
