"""`python -m bench [name …]`: print tables, and write `bench/results/*.json`."""

import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from bench import (
    api,
    background,
    beside,
    chain,
    exports,
    followers,
    history,
    imports,
    page,
    payments,
    posting,
    search,
    technical,
    verify,
    writers16,
)
from bench.settings import ENGINES, ROWS
from bench.stage import stage

RESULTS = Path(__file__).parent / "results"


def main(names: list[str]) -> None:
    """Run what was asked for, everything by default, on both engines; the import fills the tables of some others."""
    wanted = names or ["import", *_RUNS]
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in wanted}
    with stage() as apps:
        for engine, app in ((name, apps[name]) for name in ENGINES):
            filled = imports.run(app, engine, ROWS) if _OF_CUSTOMERS.intersection(wanted) else []
            for name in wanted:
                rows[name] += filled if name == "import" else _RUNS[name](app, engine)
    for name, found in rows.items():
        _print(name, found)
        _write(name, found)


_RUNS: dict[str, Callable[[Flask, str], list[dict[str, Any]]]] = {
    "search": search.run,
    "page": page.run,
    "exports": exports.run,
    "payments": payments.run,
    "writers16": writers16.run,
    "posting": posting.run,
    "background": background.run,
    "chain": chain.run,
    "history": history.run,
    "technical": technical.run,
    "verify": verify.run,
    "followers": followers.run,
    "api": api.run,
    "beside": beside.run,
}
_OF_CUSTOMERS = {"import", "search", "page", "exports", "api", "beside"}


def _print(name: str, rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = [columns, *([str(row.get(column, "")) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    print(f"\n{name}")
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def _write(name: str, rows: list[dict[str, Any]]) -> None:
    RESULTS.mkdir(exist_ok=True)
    machine = {"cpu": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    document = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, "rows": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
