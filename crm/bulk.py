"""Rows by the thousand: found by a list of values, given ids beforehand, written by COPY or by the hundred."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, any_, bindparam, cast, column, func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from crm.copying import copy
from crm.db import atomic, db, is_postgresql

_BETWEEN = "\x1f"
_FEW, _AT_ONCE = 8, 100  # rows of one statement on SQLite


def among(attribute: Any) -> ColumnElement[bool]:
    """Whether the column's value is one of `packed` ones, which are bound as `values`: one parameter, however many
    they are (an array takes psycopg longer to write than PostgreSQL to look up).
    """
    values = bindparam("values", type_=Text())
    if is_postgresql():
        return attribute == any_(cast(func.string_to_array(values, _BETWEEN), ARRAY(attribute.type)))
    return attribute.in_(select(column("value")).select_from(func.json_each(values)))


def packed(values: Iterable[int] | Iterable[str]) -> dict[str, str]:
    """The parameter of `among`; no value has a control character in it."""
    return {"values": _BETWEEN.join(map(str, values)) if is_postgresql() else json.dumps(list(values))}


def packing(attribute: Any) -> ColumnElement[str]:
    """The aggregate that makes what `packed` makes, of the column's values: their parameter, without reading them."""
    if is_postgresql():
        return func.string_agg(cast(attribute, Text), _BETWEEN)
    return func.json_group_array(attribute)


def new_ids(table: str, count: int) -> list[int]:
    """So many ids that no other row of the table will get."""
    if not count:
        return []
    if is_postgresql():
        found = db.session.scalar(_NEXT, {"sequence": f"{table}_id_seq", "count": count})
        return [int(pk) for pk in (found or "").split()]
    # AUTOINCREMENT's counter follows by itself when rows come with ids; the write lock keeps others out.
    last = db.session.connection().exec_driver_sql(_LAST, (table,)).scalar() or 0
    return list(range(last + 1, last + 1 + count))


_NEXT = text(
    "SELECT string_agg(nextval(CAST(:sequence AS regclass))::text, ' ')"
    " FROM generate_series(1, CAST(:count AS integer))"
)
_LAST = "SELECT seq FROM sqlite_sequence WHERE name = ?"


def stamp(moment: datetime) -> str:
    """The moment in the engine's own form, for `insert`."""
    return moment.isoformat() if is_postgresql() else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def insert(table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Write tuples as they are: dates, JSON and booleans in the engine's own form (no types are looked up)."""
    if not rows:
        return
    connection = db.session.connection()
    if is_postgresql():
        copy(connection, table, columns, rows)
    else:
        marks = ", ".join("?" * len(columns))
        insert_values(connection, f"INSERT INTO {table} ({', '.join(columns)}) VALUES", f"({marks})", rows)


def insert_values(connection: Connection, head: str, row: str, rows: Sequence[Sequence[Any]], tail: str = "") -> int:
    """Write the rows on SQLite by `head` (`INSERT INTO … VALUES`), `row` (`(?, ?, …)`) for each, and `tail`; how many
    have been written.

    A hundred go in by one statement. Each statement is a savepoint of its own, at which the search index writes down
    what it has: one for each row took three times as long for customers, and twice as long for operations.
    """
    if len(rows) <= _FEW:
        return connection.exec_driver_sql(f"{head} {row} {tail}", [tuple(values) for values in rows]).rowcount
    driver: Any = connection.connection.driver_connection
    written = 0
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        statement = f"{head} {', '.join([row] * len(some))} {tail}"
        try:
            written += driver.execute(statement, tuple(chain.from_iterable(some))).rowcount
        except sqlite3.Error as error:
            raise DBAPIError.instance(f"{head} {row} …", None, error, sqlite3.Error) from error
    return written


def analyze(*tables: str) -> None:
    """Tell PostgreSQL's planner at once how much has been written; by itself it looks a minute later, and until then
    may take a hundred thousand rows for none.
    """
    if is_postgresql():
        with atomic() as session:
            session.execute(text(f"ANALYZE {', '.join(tables)}"))
