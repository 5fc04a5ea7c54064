"""What the engine says to PostgreSQL: one statement for so many rows.

Few rows are parameters of their own: the plan of such a statement is made once for a connection, while that for a list
in one parameter is made anew each time, which costs more than to use it. Of many rows each column is one text: an array
would take psycopg longer to write than the server to use; a text is joined and split in C.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from crm.copying import copy
from crm.db import atomic, utcnow
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

FEW = 8  # rows; a payment has four operations, or eight
MANY = 100  # payments, from which on a COPY is worth its savepoint
_BETWEEN, _NULL = "\x1f", "\x1e"  # no value has a control character in it
_TYPES = {
    "id": "uuid", "from_account_id": "bigint", "to_account_id": "bigint", "amount": "bigint", "commission": "bigint",
    "to_amount": "bigint", "rate": "bigint", "reversal_of_id": "uuid", "batch_id": "uuid", "batch_row": "int",
    "created_by_id": "bigint", "caller": "bigint", "held_amount": "bigint", "hold_expires_at": "timestamptz",
    "fingerprint": "bytea", "created_at": "timestamptz",
}  # fmt: skip
_PAYMENT = tuple(_TYPES.get(name, "text") for name in PAYMENT)
_OPERATION = ("uuid", "bigint", "text", "bigint", "bigint", "bigint")
_BALANCE = ("bigint", "bigint", "bigint")
_HELD_BALANCE = (*_BALANCE, "bigint")
_STATUS = ("uuid", "text")
_HOLD = ("uuid", "text", "bigint", "bigint")

_LOCK = """
    SELECT account_id, status, overdraft_limit, balance, held, sequence, last_at FROM account_balances
    WHERE account_id = ANY ({}::bigint[]) ORDER BY account_id FOR UPDATE"""
_STORE = f"""
    INSERT INTO payments ({", ".join(PAYMENT)}, status)
    SELECT given.*, 'INITIATED' FROM {{}}
    ON CONFLICT (caller, idempotency_key) DO NOTHING"""
_STORED = r"""
    SELECT caller, idempotency_key, replace(id::text, '-', ''), fingerprint, status, failure_code
    FROM payments
    WHERE caller = ANY (string_to_array(%s, E'\x1f')::bigint[])
        AND idempotency_key = ANY (string_to_array(%s, E'\x1f'))"""
_OPERATIONS = """
    INSERT INTO operations (payment_id, account_id, kind, signed_amount, balance_after, sequence, created_at)
    SELECT given.*, %s::timestamptz FROM {}"""
_BALANCES = f"""
    WITH operation AS ({_OPERATIONS})
    UPDATE account_balances SET balance = c1, sequence = c2, last_at = %s::timestamptz
    FROM {{}} WHERE account_id = c0"""
# The balance may be as low as what is held allows: so what is captured is held no more in the same statement.
_CAPTURES = f"""
    WITH operation AS ({_OPERATIONS}), gone AS (DELETE FROM holds WHERE payment_id = ANY ({{}}::uuid[]))
    UPDATE account_balances SET balance = c1, sequence = c2, held = held - c3, last_at = %s::timestamptz
    FROM {{}} WHERE account_id = c0"""
_HOLDS = """
    UPDATE payments SET status = c1, amount = coalesce(c2, amount), commission = coalesce(c3, commission),
        held_at = CASE c1 WHEN 'HELD' THEN %s::timestamptz ELSE held_at END,
        completed_at = CASE c1 WHEN 'HELD' THEN NULL ELSE %s::timestamptz END
    FROM {} WHERE id = c0"""
_STATUSES = """
    UPDATE payments SET status = CASE WHEN c1 IS NULL THEN 'COMPLETED' ELSE 'FAILED' END,
        failure_code = c1, completed_at = %s::timestamptz
    FROM {} WHERE id = c0"""


def parties(connection: Connection, accounts: Sequence[int], codes: Sequence[str], prices: Prices) -> Parties:
    """The accounts with these ids, the technical ones with these codes in their currencies, and the prices."""
    (ids, first), (names, second), (kinds, third) = _array(accounts), _array(codes), _array(prices.rules)
    now = utcnow().isoformat()
    query = parties_query(
        f"= ANY ({ids}::bigint[])", f"= ANY ({names}::text[])", f"= ANY ({kinds}::text[])", "%s::timestamptz", prices
    )
    values = (*first, *second, *((*third, now, now, now) if prices.rules else ()), *((now,) if prices.rates else ()))
    return read_parties(connection.exec_driver_sql(query, values))


def lock(connection: Connection, accounts: Sequence[int]) -> tuple[list[Balance], datetime]:
    """The customers' accounts among these, locked in order, and a moment no earlier than their last operations."""
    ids, values = _array(accounts)
    rows = connection.exec_driver_sql(_LOCK.format(ids), values).all()
    return [Balance(*row[:6]) for row in rows], max([utcnow(), *(row[6] for row in rows if row[6])])


def store(connection: Connection, payments: Sequence[Storable], now: datetime) -> int:
    """Insert those whose keys are new; how many they were. Where there are many, mostly all keys are."""
    if len(payments) >= MANY and _copied(payments, now):
        return len(payments)
    rows = [(*row[:-2], rf"\x{row[-2].hex()}", row[-1]) for row in (payment.row(now) for payment in payments)]
    given, values = _given(_PAYMENT, rows)
    return connection.exec_driver_sql(_STORE.format(given), tuple(values)).rowcount


def _copied(payments: Sequence[Storable], now: datetime) -> bool:
    """Whether all payments could be stored at once; none is, where a key was used."""
    try:
        with atomic() as session:
            rows = (payment.row(now) for payment in payments)
            copy(session.connection(), "payments", (*PAYMENT, "status"), rows, ("INITIATED",))
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
        return False
    return True


def stored(connection: Connection, callers: Sequence[int], keys: Sequence[str]) -> list[Stored]:
    """The payments that have one of the callers and one of the keys."""
    found = connection.exec_driver_sql(_STORED, (_BETWEEN.join(map(str, callers)), _BETWEEN.join(keys)))
    return [Stored(*row) for row in found]


def write(
    connection: Connection,
    entries: Sequence[Entry],
    balances: Sequence[Balance],
    at: datetime,
    captured: Sequence[Capture] = (),
) -> None:
    """Append the operations, and bring the read model up to them; what was captured is held no more."""
    rows = [(e.payment_id, e.account_id, e.kind, e.signed_amount, e.balance_after, e.sequence) for e in entries]
    lines, values = _given(_OPERATION, rows)
    statement, parameters = _OPERATIONS.format(lines), (at.isoformat(), *values)
    if captured:
        ids, gone = _array([capture.payment_id for capture in captured])
        freed = freed_of(captured)
        changed = [(one.account_id, one.balance, one.sequence, freed.get(one.account_id, 0)) for one in balances]
        moved, values = _given(_HELD_BALANCE, changed)
        statement = _CAPTURES.format(lines, ids, moved)
        parameters = (*parameters, *gone, at.isoformat(), *values)
    elif balances:  # none, where technical accounts were all
        moved, values = _given(_BALANCE, [(each.account_id, each.balance, each.sequence) for each in balances])
        statement, parameters = _BALANCES.format(lines, moved), (*parameters, at.isoformat(), *values)
    connection.exec_driver_sql(statement, parameters)


def write_statuses(connection: Connection, results: Sequence[tuple[str, str | None]], at: datetime) -> None:
    """End payments: (id, None) is completed, (id, failure code) has failed."""
    if not results:
        return
    given, values = _given(_STATUS, results)
    connection.exec_driver_sql(_STATUSES.format(given), (at.isoformat(), *values))


def write_holds(connection: Connection, results: Sequence[HoldResult], at: datetime) -> None:
    """Have payments held, or end those that are."""
    if results:
        given, values = _given(_HOLD, results)
        connection.exec_driver_sql(_HOLDS.format(given), (at.isoformat(), at.isoformat(), *values))


def _array(values: Sequence[Any]) -> tuple[str, tuple[str, ...]]:
    """An array of the values in SQL, and its parameters."""
    texts = tuple(map(str, values))
    if len(texts) <= FEW:
        return f"ARRAY[{', '.join(['%s'] * len(texts))}]", texts
    return r"string_to_array(%s, E'\x1f')", (_BETWEEN.join(texts),)


def _given(types: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> tuple[str, list[str | None]]:
    """The rows as a table `given` in SQL, with the columns c0, c1 …, and its parameters."""
    if len(rows) <= FEW:
        return _few(types, len(rows)), [None if value is None else str(value) for row in rows for value in row]
    columns = list(zip(*rows, strict=True))
    # The first one has them apart; what is the same in all rows is sent, and read over there, once.
    alike = (False, *(column.count(column[0]) == len(rows) for column in columns[1:]))
    once = [None if column[0] is None else str(column[0]) for column, same in zip(columns, alike, strict=True) if same]
    texts = [_text(column) for column, same in zip(columns, alike, strict=True) if not same]
    return _many(types, alike), [*once, *texts]


def _text(column: Sequence[Any]) -> str:
    return _BETWEEN.join([_NULL if value is None else str(value) for value in column])


@cache
def _few(types: tuple[str, ...], count: int) -> str:
    row = f"({', '.join(f'%s::{type_}' for type_ in types)})"
    return f"(VALUES {', '.join([row] * count)}) AS given ({_names(types)})"


@cache
def _many(types: tuple[str, ...], alike: tuple[bool, ...]) -> str:
    names = [f"c{place}" for place in range(len(types))]
    columns = list(zip(names, types, alike, strict=True))
    values = ", ".join(f"%s::{type_} AS {name}" if same else name for name, type_, same in columns)
    arrays = ", ".join(rf"string_to_array(%s, E'\x1f', E'\x1e')::{type_}[]" for _, type_, same in columns if not same)
    apart = ", ".join(name for name, _, same in columns if not same)
    return f"(SELECT {values} FROM unnest({arrays}) AS apart ({apart})) AS given ({_names(types)})"


def _names(types: tuple[str, ...]) -> str:
    return ", ".join(f"c{number}" for number in range(len(types)))
