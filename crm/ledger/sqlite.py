"""What the engine says to SQLite: what it says to PostgreSQL, by the hundred. The write lock is held already."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from crm.bulk import insert_values, stamp
from crm.db import utcnow
from crm.ledger.orders import Capture
from crm.ledger.posting import Balance, Entry
from crm.ledger.rows import (
    PAYMENT,
    HoldResult,
    Parties,
    Prices,
    Storable,
    Stored,
    freed_of,
    parties_query,
    read_parties,
)

_AMONG = "IN (SELECT value FROM json_each(?))"
_LOCK = """
    SELECT account_id, status, overdraft_limit, balance, held, sequence, last_at FROM account_balances
    WHERE account_id IN (SELECT value FROM json_each(?)) ORDER BY account_id"""
_STORE = (
    f"INSERT INTO payments ({', '.join(PAYMENT)}, status) VALUES",
    f"({', '.join('?' * len(PAYMENT))}, 'INITIATED')",
)
_UNLESS_USED = "ON CONFLICT (caller, idempotency_key) DO NOTHING"
_STORED = """
    SELECT caller, idempotency_key, id, fingerprint, status, failure_code FROM payments
    WHERE caller IN (SELECT value FROM json_each(?)) AND idempotency_key IN (SELECT value FROM json_each(?))"""
_OPERATIONS = (
    "INSERT INTO operations (payment_id, account_id, kind, signed_amount, balance_after, sequence, created_at) VALUES",
    "(?, ?, ?, ?, ?, ?, ?)",
)
_BALANCES = "UPDATE account_balances SET balance = ?, sequence = ?, last_at = ? WHERE account_id = ?"
_CAPTURED = "DELETE FROM holds WHERE payment_id = ?"
_FREED = "UPDATE account_balances SET balance = ?, sequence = ?, last_at = ?, held = held - ? WHERE account_id = ?"
_HOLDS = """
    UPDATE payments SET status = ?1, amount = coalesce(?2, amount), commission = coalesce(?3, commission),
        held_at = CASE ?1 WHEN 'HELD' THEN ?4 ELSE held_at END, completed_at = CASE ?1 WHEN 'HELD' THEN NULL ELSE ?4 END
    WHERE id = ?5"""
# One statement for all: each is a savepoint of its own, which takes as long as changing a payment with its triggers.
_STATUSES = """
    UPDATE payments SET status = CASE WHEN ended.code IS NULL THEN 'COMPLETED' ELSE 'FAILED' END,
        failure_code = ended.code, completed_at = ?
    FROM (
        SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS code FROM json_each(?)
    ) AS ended WHERE payments.id = ended.id"""


def parties(connection: Connection, accounts: Sequence[int], codes: Sequence[str], prices: Prices) -> Parties:
    """The accounts with these ids, the technical ones with these codes in their currencies, and the prices."""
    query, now = parties_query(_AMONG, _AMONG, _AMONG, "?", prices), stamp(utcnow())
    values = [json.dumps(list(accounts)), json.dumps(list(codes))]
    if prices.rules:
        values += [json.dumps(list(prices.rules)), now, now, now]
    if prices.rates:
        values.append(now)
    return read_parties(connection.exec_driver_sql(query, tuple(values)))


def lock(connection: Connection, accounts: Sequence[int]) -> tuple[list[Balance], str]:
    """The customers' accounts among these, in order, and a moment no earlier than their last operations."""
    rows = connection.exec_driver_sql(_LOCK, (json.dumps(list(accounts)),)).all()
    return [Balance(*row[:6]) for row in rows], max([stamp(utcnow()), *(row[6] for row in rows if row[6])])


def store(connection: Connection, payments: Sequence[Storable], now: datetime) -> int:
    """Insert those whose keys are new; how many they were."""
    at, given = stamp(now), (payment.row(now) for payment in payments)
    rows = [(*row[:-3], row[-3] and stamp(row[-3]), row[-2], at) for row in given]
    return insert_values(connection, *_STORE, rows, _UNLESS_USED)


def stored(connection: Connection, callers: Sequence[int], keys: Sequence[str]) -> list[Stored]:
    """The payments that have one of the callers and one of the keys."""
    found = connection.exec_driver_sql(_STORED, (json.dumps(list(callers)), json.dumps(list(keys))))
    return [Stored(*row) for row in found]


def write(
    connection: Connection,
    entries: Sequence[Entry],
    balances: Sequence[Balance],
    at: str,
    captured: Sequence[Capture] = (),
) -> None:
    """Append the operations, and bring the read model up to them; what was captured is held no more."""
    rows = [(e.payment_id, e.account_id, e.kind, e.signed_amount, e.balance_after, e.sequence, at) for e in entries]
    insert_values(connection, *_OPERATIONS, rows)
    if captured:
        connection.exec_driver_sql(_CAPTURED, [(capture.payment_id,) for capture in captured])
        freed = freed_of(captured)
        ends = [(one.balance, one.sequence, at, freed.get(one.account_id, 0), one.account_id) for one in balances]
        connection.exec_driver_sql(_FREED, ends)
    elif balances:  # none, where technical accounts were all
        moved = [(each.balance, each.sequence, at, each.account_id) for each in balances]
        connection.exec_driver_sql(_BALANCES, moved)


def write_statuses(connection: Connection, results: Sequence[tuple[str, str | None]], at: str) -> None:
    """End payments: (id, None) is completed, (id, failure code) has failed."""
    if results:
        connection.exec_driver_sql(_STATUSES, (at, json.dumps(list(results))))


def write_holds(connection: Connection, results: Sequence[HoldResult], at: str) -> None:
    """Have payments held, or end those that are."""
    if results:
        connection.exec_driver_sql(_HOLDS, [(*change, at, payment_id) for payment_id, *change in results])
