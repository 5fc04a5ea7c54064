"""The import of generated rows with balances, beside the bare bulk write of the same rows into the same indexes."""

import io
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import text

from bench import openings
from bench.openings import CURRENCIES, Table
from bench.samples import HEADER, customers_csv
from crm.db import atomic, db
from crm.ledger import accounts
from crm.models import ledger_rules
from crm.services import imports
from crm.services.audit import Actor
from crm.services.importing import write
from crm.services.importing.decide import Record
from crm.services.importing.plan import Plan
from crm.services.importing.rows import Format, rows
from crm.tabular.records import records

ROUNDS = {"postgresql": 3, "sqlite": 1}
_TABLES = (
    "customers, contact_channels, customer_tags, tags, imports, import_rows, audit_entries, currencies, operations"
)
_STAMP = "2026-11-01 12:00:00+00"


def run(app: Flask, engine: str, customers: int) -> list[dict[str, Any]]:
    """One row for the limit and one for the import; the imported customers stay in the tables."""
    data = customers_csv(customers)
    ready = _tuples(data)
    bare, ours = [], []
    with app.app_context():
        for _round in range(ROUNDS[engine]):
            bare.append(_LIMITS[engine](ready))
            if engine == "postgresql":
                _empty()
            ours.append(_import(data))
        db.session.rollback()
    customers_ready = len(ready[0][2])
    limit = customers_ready / median(bare)
    speed = customers / median(ours)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return [
        {"engine": engine, "way": _NAMES[engine], "rows": customers_ready, "rows_per_second": round(limit)},
        {
            "engine": engine,
            "way": "import",
            "rows": customers,
            "rows_per_second": round(speed),
            "share_of_limit": round(speed / limit, 2),
            "peak_mb": memory,
        },
    ]


def _import(data: bytes) -> float:
    upload = imports.accept(Actor(None, "bench"), io.BytesIO(data), "customers.csv", start=False)
    begun = time.perf_counter()
    imports.run(upload.id)
    seconds = time.perf_counter() - begun
    done = imports.get(upload.id)
    if done.status != "done" or done.read_rows != done.total_rows:
        raise RuntimeError(done.error)
    return seconds


def _tuples(data: bytes) -> list[Table]:
    """The rows as they go into the tables, worked out beforehand: customers, channels, and wallets with openings."""
    layout = Format(HEADER, Plan.of_fields(HEADER), "RU", "RUB", frozenset(CURRENCIES))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.csv"
        path.write_bytes(data)
        good = [row for row in rows(records(path, "utf-8", ","), 0, layout) if not row.error]
    stored = [Record(row.data, pk, 1, row.derived, row.data.channels) for pk, row in enumerate(good, 1)]
    channels = [channel for record in stored for channel in write.channel_rows(record, _STAMP)]
    return [
        ("customers", write.CUSTOMER, [write.customer_row(record, _STAMP) for record in stored]),
        ("contact_channels", write.CHANNEL, channels),
        *openings.tables([(pk, *opening) for pk, row in enumerate(good, 1) for opening in row.openings], _STAMP),
    ]


def _copy(tables: list[Table]) -> float:
    _empty()
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    begun = time.perf_counter()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, columns, found in tables:
            if table == "accounts":  # from here on the ledger's own: without its triggers and keys
                cursor.execute("SET LOCAL session_replication_role = replica")
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in found:
                    copy.write_row(row)
    return time.perf_counter() - begun


def _executemany(tables: list[Table]) -> float:
    """Into a copy of the database, in one transaction: nobody else gets a turn, as nobody could in an import."""
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(f"{folder}/bare.db") as connection:
        with sqlite3.connect(str(db.engine.url.database)) as source:
            source.backup(connection)
        for name in ledger_rules.SQLITE:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-32000")
        begun = time.perf_counter()
        for table, columns, found in tables:
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", found)
        connection.commit()
        return time.perf_counter() - begun


def _empty() -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {_TABLES} RESTART IDENTITY CASCADE"))
    with atomic():
        for currency in CURRENCIES:
            accounts.add_currency(currency)


_NAMES = {"postgresql": "bare COPY of the same rows", "sqlite": "bare executemany of the same rows"}
_LIMITS: dict[str, Callable[[list[Table]], float]] = {"postgresql": _copy, "sqlite": _executemany}
