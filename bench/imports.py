"""The import of generated rows, with balances and without, beside the bulk write of the same rows and what a Python
team would take instead: each import in a process of its own, whose memory is measured.
"""

import csv
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import text

from bench import django_import
from bench.apart import apart
from bench.bulk_limits import Prepared, without_balances
from bench.openings import CURRENCIES
from bench.samples import write_csv
from bench.settings import leaves_out
from crm.db import atomic, db
from crm.ledger import accounts
from crm.tabular.writing import write_workbook

STAND_IN_ROWS = 5_000  # it looks up row by row: more of them take minutes and change nothing
WORKBOOK_ROWS = 10_000
_LARGE = 200_000  # from so many rows on one round is enough
_TABLES = (
    "customers, contact_channels, customer_tags, tags, imports, import_rows, audit_entries, currencies, operations"
)
_LIMIT = {"postgresql": "bare COPY", "sqlite": "bare inserts by the hundred"}


def run(app: Flask, engine: str, customers: int) -> list[dict[str, Any]]:
    """Rows for the limits, the imports and the stand-in; the customers imported last stay in the tables."""
    with tempfile.TemporaryDirectory(prefix="crm-bench-import-") as name, app.app_context():
        folder = Path(name)
        files = {"with balances": folder / "with.csv", "without balances": folder / "without.csv"}
        write_csv(files["with balances"], customers)
        without_balances(files["with balances"], files["without balances"])
        found = [] if leaves_out("xlsx") else [_workbook(engine, folder)]
        kinds = ("with balances",) if leaves_out("without") else ("without balances", "with balances")
        for kind in kinds:
            found += _compared(engine, kind, files[kind], folder, customers)
        if engine == "postgresql" and len(kinds) == 2 and not leaves_out("django"):
            found += django_import.run(app, files["without balances"], min(customers, STAND_IN_ROWS), found[-3])
        db.session.rollback()
    return found


def _workbook(engine: str, folder: Path) -> dict[str, Any]:
    """What somebody waits for who uploads a workbook: from its arrival to the last row."""
    aside, path = folder / "workbook", folder / "customers.xlsx"
    aside.mkdir()
    write_csv(aside / "customers.csv", WORKBOOK_ROWS)
    with (aside / "customers.csv").open(encoding="utf-8", newline="") as text:
        header, *rows = csv.reader(text)
    write_workbook(path, "Customers", header, rows)
    done = _import(engine, path, aside)
    seconds = round(done["with_upload"], 1)
    about = {"engine": engine, "rows": WORKBOOK_ROWS, "way": "import of an XLSX, upload included", "seconds": seconds}
    return {**about, "rows_per_second": round(WORKBOOK_ROWS / seconds), "peak_mb": done["peak_mb"]}


def _compared(engine: str, kind: str, source: Path, folder: Path, customers: int) -> list[dict[str, Any]]:
    ready = Prepared(source, folder / kind)
    rounds = 3 if engine == "postgresql" and customers < _LARGE else 1
    bare, ours = [], []
    for _round in range(rounds):
        bare.append(_limit(engine, ready))
        ours.append(_import(engine, source, ready.folder if kind == "without balances" else None))
    shutil.rmtree(ready.folder)
    limit = ready.count / median(bare)
    speed = customers / median(one["seconds"] for one in ours)
    about = {"engine": engine, "rows": customers}
    return [
        {**about, "way": f"{_LIMIT[engine]} {kind}", "rows_per_second": round(limit)},
        {
            **about,
            "way": f"import {kind}",
            "rows_per_second": round(speed),
            "share_of_limit": round(speed / limit, 2),
            "processor_us_per_row": round(1e6 * median(one["processor"] for one in ours) / customers),
            "peak_mb": max(one["peak_mb"] for one in ours),
        },
    ]


def _limit(engine: str, ready: Prepared) -> float:
    if engine == "sqlite":
        return ready.insert(_empty_copy(ready.folder))
    _empty()
    return ready.copy(_url())


def _import(engine: str, source: Path, aside: Path | None) -> dict[str, Any]:
    """On SQLite, which nothing empties, into a copy of the database in the folder `aside`, or the app's own."""
    if engine == "postgresql":
        _empty()
        return apart("import_once", str(source))
    return apart("import_once", str(source), url=f"sqlite:///{_empty_copy(aside)}" if aside else "")


def _url() -> str:
    return db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _empty_copy(folder: Path) -> Path:
    """The app's own database as it is, which is empty until the last import."""
    db.session.rollback()
    target = folder / "empty.db"
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(str(db.engine.url.database))) as connection:
        connection.execute("VACUUM INTO ?", [str(target)])
    return target


def _empty() -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {_TABLES} RESTART IDENTITY CASCADE"))
    with atomic():
        for currency in CURRENCIES:
            accounts.add_currency(currency)
