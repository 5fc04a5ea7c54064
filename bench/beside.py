"""Search while an import is at work beside it, and while none is: how much longer people wait then."""

import random
import tempfile
import time
from pathlib import Path
from typing import Any

from flask import Flask

from bench.apart import begun, ended
from bench.measure import milliseconds
from bench.people import admin_client
from bench.samples import write_csv
from bench.search import QUERIES, answered
from bench.settings import ROWS
from crm.db import db

_MOST = 20_000  # rows of the import: so many take longer than the searches need


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """Two rows; the customers that come in stay."""
    rows = min(ROWS, _MOST)
    with tempfile.TemporaryDirectory(prefix="crm-bench-beside-") as name, app.app_context():
        source = Path(name) / "others.csv"
        _others(source, rows)
        client = admin_client(app)
        _searches(client, None)
        alone = milliseconds(_searches(client, None))
        importing = begun("import_once", str(source), "create")
        time.sleep(2)  # until it has started and looked through the file
        beside = milliseconds(_searches(client, importing))
        speed = rows / ended(importing)["seconds"]
        db.session.rollback()
    share = round(beside["p95_ms"] / alone["p95_ms"], 2)
    return [
        {"engine": engine, "way": "whole HTMX answer, alone", **alone},
        {"engine": engine, "way": f"beside an import of {rows}", **beside, "p95_to_alone": share,
         "rows_per_second": round(speed)},
    ]  # fmt: skip


def _others(path: Path, count: int) -> None:
    """Customers with external ids that nobody has yet."""
    write_csv(path, count, seed=8)
    lines = path.read_text(encoding="utf-8")
    path.write_text(lines.replace("\nC0", "\nD0"), encoding="utf-8")


def _searches(client: Any, importing: Any) -> list[float]:
    """Seconds of each: a round, or until the import has ended."""
    queries, seconds = list(QUERIES) * 4, []
    random.Random(7).shuffle(queries)
    while True:
        for query in queries:
            start = time.perf_counter()
            answered(client, query)
            seconds.append(time.perf_counter() - start)
            if importing is not None and importing.poll() is not None:
                return seconds
        if importing is None:
            return seconds
