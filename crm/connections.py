"""Connections to the database: how SQLite's are set up and begin, and which of PostgreSQL's are of use no more."""

import select
import sqlite3
from contextlib import nullcontext
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import Pool

from crm import one_writer
from crm.text import fold

SQLITE_BUSY_SECONDS = 15


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # the driver's own BEGIN is deferred; `_begin_sqlite` says which is wanted
    for pragma in (
        f"busy_timeout={SQLITE_BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # without it INSERT OR REPLACE walks past a DELETE trigger
        "cache_size=-32000",
        "wal_autocheckpoint=32000",  # 128 MB: pages that change again and again are written home once
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("fold", 1, fold, deterministic=True)  # LIKE and lower() know ASCII alone there


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    if connection.dialect.name != "sqlite" or not kind:
        return
    database = connection.engine.url.database
    with one_writer.waiting(database) if database and kind == "IMMEDIATE" else nullcontext():
        connection.exec_driver_sql(f"BEGIN {kind}")


@event.listens_for(Pool, "checkin")
def _mark(_connection: Any, record: Any) -> None:
    record.info["was_used"] = True


@event.listens_for(Pool, "checkout")
def _refuse_broken(connection: Any, record: Any, _fairy: Any) -> None:
    """Have a connection replaced that the server has hung up: something has come though nothing was asked. To ask the
    server each time whether it is there (`pool_pre_ping`) takes as long as what a request asks.
    """
    if "was_used" not in record.info or isinstance(connection, sqlite3.Connection):
        return
    if connection.closed or _has_news(connection.fileno()):
        raise DisconnectionError("the server has closed this connection")


def _has_news(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
