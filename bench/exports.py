"""The export of all customers with what belongs to them, beside what PostgreSQL's COPY TO takes for the same cells; the
memory is that of a process of its own.
"""

import tempfile
from collections.abc import Callable
from statistics import median
from typing import Any

import psycopg
from flask import Flask

from bench.apart import apart
from bench.export_once import written
from bench.measure import interleaved
from bench.settings import leaves_out
from crm.channel_types import ChannelType
from crm.db import db
from crm.services.exporting.orders import Order
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
        ways: dict[str, Callable[[Any], object]] = {"CSV": lambda _none: written("csv")}
        if engine == "postgresql":
            ways |= {"COPY TO of the same cells": lambda _none: _copied(_joined())}
            ways |= {"COPY TO of the customers alone": lambda _none: _copied(_BARE)}
        seconds = {name: median(taken) for name, taken in interleaved(ways, [None], ROUNDS).items()}
        rows = [_row(engine, name, count, taken, seconds["CSV"]) for name, taken in seconds.items()]
        rows[0] |= {"peak_mb": apart("export_once", "csv")["peak_mb"]}
        if not leaves_out("xlsx"):
            xlsx = apart("export_once", "xlsx")
            rows.append(_row(engine, "XLSX", count, xlsx["seconds"], 0) | {"peak_mb": xlsx["peak_mb"]})
        return rows


def _row(engine: str, way: str, count: int, seconds: float, ours: float) -> dict[str, Any]:
    found: dict[str, Any] = {"engine": engine, "way": way, "rows": count, "rows_per_second": round(count / seconds)}
    if way.startswith("COPY"):
        found["share_that_csv_reaches"] = round(seconds / ours, 2)
    return found


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
