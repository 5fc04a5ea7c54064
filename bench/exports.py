"""The export of all customers with what belongs to them, beside what PostgreSQL's COPY TO takes for the same cells."""

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from flask import Flask

from bench.measure import interleaved
from crm.channel_types import ChannelType
from crm.db import db
from crm.services.exporting import files
from crm.services.exporting.orders import Order
from crm.services.importing.run import seldom_collected
from crm.services.search import Criteria

ROUNDS = 3
_BARE = (
    "id, external_id, name, kind, company, city, notes, attributes, status, created_at, updated_at"
    " FROM customers ORDER BY id"
)


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row for each way; the customers are those that the import has left."""
    with app.app_context():
        order = Order("customers", Criteria(status=""))
        count = order.count()
        ways: dict[str, Callable[[Any], object]] = {"CSV": lambda _none: _written("csv")}
        if engine == "postgresql":
            ways |= {"COPY TO of the same cells": lambda _none: _copied(_joined())}
            ways |= {"COPY TO of the customers alone": lambda _none: _copied(_BARE)}
        seconds = {name: median(taken) for name, taken in interleaved(ways, [None], ROUNDS).items()}
        rows = [_row(engine, name, count, taken, seconds["CSV"]) for name, taken in seconds.items()]
        begun = time.perf_counter()
        _written("xlsx")
        return [*rows, _row(engine, "XLSX", count, time.perf_counter() - begun, 0)]


def _row(engine: str, way: str, count: int, seconds: float, ours: float) -> dict[str, Any]:
    found: dict[str, Any] = {"engine": engine, "way": way, "rows": count, "rows_per_second": round(count / seconds)}
    if way.startswith("COPY"):
        found["share_that_csv_reaches"] = round(seconds / ours, 2)
    else:
        found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def _written(format_: str) -> None:
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "file").open("wb") as file, seldom_collected():
        sheet = Order("customers", Criteria(status="")).sheet()
        files.write(sheet, format_, file, lambda _rows: None, scratch=Path(folder))
    db.session.rollback()


def _copied(query: str) -> None:
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    wanted = f"COPY (SELECT {query}) TO STDOUT CSV"
    with tempfile.TemporaryFile() as file, psycopg.connect(url) as connection, connection.cursor() as cursor:
        copying = cursor.copy(wanted)
        with copying as copy:
            file.writelines(copy)


def _joined() -> str:
    """All that the CSV has in one query: channels by type, tags and balances, put together by the database."""
    values = "string_agg(value, ' ::: ' ORDER BY is_primary DESC, id)"
    each = (f"{values} FILTER (WHERE type = '{type_}') AS {type_}" for type_ in _TYPES)
    channels = f"SELECT customer_id, {', '.join(each)} FROM contact_channels GROUP BY customer_id"
    tags = (
        "SELECT customer_id, string_agg(name, ', ' ORDER BY key) AS tags FROM customer_tags"
        " JOIN tags ON tags.id = tag_id GROUP BY customer_id"
    )
    sums = (f"sum(balance) FILTER (WHERE currency = '{code}') AS {code}" for code in ("RUB", "USD", "EUR"))
    held = f"SELECT customer_id, {', '.join(sums)} FROM account_balances GROUP BY customer_id"
    return (
        f"c.*, t.tags, h.*, b.* FROM (SELECT {_BARE}) c LEFT JOIN ({tags}) t ON t.customer_id = c.id"
        f" LEFT JOIN ({channels}) h ON h.customer_id = c.id LEFT JOIN ({held}) b ON b.customer_id = c.id ORDER BY c.id"
    )


_TYPES = tuple(type_.value for type_ in ChannelType)
