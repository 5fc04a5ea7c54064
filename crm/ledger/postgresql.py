"""What the engine says to PostgreSQL: one statement for so many rows, each column one text parameter.

An array would take psycopg longer to write than the server to use; a text is joined and split in C.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from crm.db import utcnow
from crm.ledger.posting import Balance, Entry
from crm.ledger.rows import PAYMENT, Stored

_BETWEEN, _NULL = "\x1f", "\x1e"  # no value has a control character in it
_TYPES = {
    "id": "uuid", "from_account_id": "bigint", "to_account_id": "bigint", "amount": "bigint", "commission": "bigint",
    "created_by_id": "bigint", "caller": "bigint", "fingerprint": "bytea", "created_at": "timestamptz",
}  # fmt: skip


def _unnest(types: Sequence[str]) -> str:
    arrays = (rf"string_to_array(%s, E'\x1f', E'\x1e')::{type_}[]" for type_ in types)
    names = ", ".join(f"c{number}" for number in range(len(types)))
    return f"unnest({', '.join(arrays)}) AS given ({names})"


_LOCK = r"""
    SELECT account_id, status, overdraft_limit, balance, held, sequence, last_at FROM account_balances
    WHERE account_id = ANY (string_to_array(%s, E'\x1f')::bigint[]) ORDER BY account_id FOR UPDATE"""
_COLUMNS = ", ".join(
    f"coalesce(c{number}, '')" if name in ("description", "origin") else f"c{number}"
    for number, name in enumerate(PAYMENT)
)
_STORE = f"""
    INSERT INTO payments ({", ".join(PAYMENT)}, status)
    SELECT {_COLUMNS}, 'INITIATED' FROM {_unnest([_TYPES.get(name, "text") for name in PAYMENT])}
    ON CONFLICT (caller, idempotency_key) DO NOTHING"""
_STORED = r"""
    SELECT caller, idempotency_key, replace(id::text, '-', ''), fingerprint FROM payments
    WHERE caller = ANY (string_to_array(%s, E'\x1f')::bigint[])
        AND idempotency_key = ANY (string_to_array(%s, E'\x1f'))"""
_OPERATIONS = f"""
    INSERT INTO operations (payment_id, account_id, kind, signed_amount, balance_after, sequence, created_at)
    SELECT c0, c1, c2, c3, c4, c5, %s FROM {_unnest(["uuid", "bigint", "text", "bigint", "bigint", "bigint"])}"""
_BALANCES = f"""
    UPDATE account_balances SET balance = c1, sequence = c2, last_at = %s
    FROM {_unnest(["bigint", "bigint", "bigint"])} WHERE account_id = c0"""
_STATUSES = f"""
    UPDATE payments SET status = CASE WHEN c1 IS NULL THEN 'COMPLETED' ELSE 'FAILED' END,
        failure_code = c1, completed_at = %s
    FROM {_unnest(["uuid", "text"])} WHERE id = c0"""


def _columns(rows: Sequence[Sequence[Any]]) -> list[str]:
    return [
        _BETWEEN.join([_NULL if value is None else value if type(value) is str else str(value) for value in column])
        for column in zip(*rows, strict=True)
    ]


def lock(connection: Connection, accounts: Sequence[int]) -> tuple[list[Balance], datetime]:
    """The customers' accounts among these, locked in order, and a moment no earlier than their last operations."""
    rows = connection.exec_driver_sql(_LOCK, (_BETWEEN.join(map(str, accounts)),)).all()
    return [Balance(*row[:6]) for row in rows], max([utcnow(), *(row[6] for row in rows if row[6])])


def store(connection: Connection, payments: Sequence[Sequence[Any]]) -> int:
    """Insert rows of `PAYMENT` columns whose keys are new; how many those were."""
    rows = [(*row[:-2], rf"\x{row[-2].hex()}", row[-1].isoformat()) for row in payments]
    return connection.exec_driver_sql(_STORE, tuple(_columns(rows))).rowcount


def stored(connection: Connection, callers: Sequence[int], keys: Sequence[str]) -> list[Stored]:
    """The payments that have one of the callers and one of the keys."""
    found = connection.exec_driver_sql(_STORED, (_BETWEEN.join(map(str, callers)), _BETWEEN.join(keys)))
    return [Stored(*row) for row in found]


def write_operations(connection: Connection, entries: Sequence[Entry], at: datetime) -> None:
    """Append the operations."""
    rows = [(e.payment_id, e.account_id, e.kind, e.signed_amount, e.balance_after, e.sequence) for e in entries]
    connection.exec_driver_sql(_OPERATIONS, (at, *_columns(rows)))


def write_balances(connection: Connection, balances: Sequence[Balance], at: datetime) -> None:
    """Bring the read model up to the operations."""
    rows = [(balance.account_id, balance.balance, balance.sequence) for balance in balances]
    connection.exec_driver_sql(_BALANCES, (at, *_columns(rows)))


def write_statuses(connection: Connection, results: Sequence[tuple[str, str | None]], at: datetime) -> None:
    """End payments: (id, None) is completed, (id, failure code) has failed."""
    connection.exec_driver_sql(_STATUSES, (at, *_columns(results)))
