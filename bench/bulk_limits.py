"""The limit of an import: the same rows, worked out beforehand, written in bulk into the same tables and indexes."""

import csv
import pickle
import sqlite3
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from bench import openings
from bench.openings import CURRENCIES, Table
from bench.samples import HEADER
from crm.models import ledger_rules
from crm.services.importing import write
from crm.services.importing.merge import Record
from crm.services.importing.plan import Plan
from crm.services.importing.rows import Format, rows
from crm.tabular.records import records

_CHUNK = 5_000
_STAMP = "2026-11-01 12:00:00+00"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Prepared:
    """The good rows of a CSV as the tables' rows, in files: a million of them need no memory."""

    def __init__(self, source: Path, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.count = folder, 0
        self.columns: dict[str, tuple[str, ...]] = {}
        with (folder / "chunks").open("wb") as chunks:
            for tables in self._tables(source):
                pickle.dump(tables, chunks)
                self._as_text(tables)

    def _tables(self, source: Path) -> Iterator[list[Table]]:
        with source.open(encoding="utf-8") as text:
            header = text.readline().strip().split(",")
        layout = Format(header, Plan.of_fields(header), "RU", "RUB", frozenset(CURRENCIES))
        good = (row for row in rows(records(source, "utf-8", ","), 0, layout) if not row.error and not row.debt)
        account = openings.FIRST
        while chunk := list(islice(good, _CHUNK)):
            numbered = list(enumerate(chunk, self.count + 1))
            stored = [Record(row.data, pk, derived=row.derived, channels=row.data.channels) for pk, row in numbered]
            wallets = [(pk, *opening) for pk, row in numbered for opening in row.openings]
            channels = [channel for record in stored for channel in write.channel_rows(record, _STAMP)]
            yield [
                ("customers", write.CUSTOMER, [write.customer_row(record, _STAMP) for record in stored]),
                ("contact_channels", write.CHANNEL, channels),
                *(openings.tables(wallets, _STAMP, account) if wallets else []),
            ]
            self.count += len(chunk)
            account += len(wallets)

    def _as_text(self, tables: list[Table]) -> None:
        for table, columns, found in tables:
            self.columns[table] = tuple(columns)
            with (self.folder / table).open("a", encoding="utf-8") as text:
                text.writelines(f"{chr(9).join(map(_escaped, row))}\n" for row in found)

    def copy(self, url: str) -> float:
        """Seconds of COPY, table by table, in one transaction."""
        begun = time.perf_counter()
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            for table, columns in self.columns.items():
                if table == "accounts":  # from here on the ledger's own: without its triggers and keys
                    cursor.execute("SET LOCAL session_replication_role = replica")
                copying = cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN")
                with copying as copy, (self.folder / table).open("rb") as text:
                    while block := text.read(1 << 20):
                        copy.write(block)
                if table == "customers":
                    # Where the server looks at the table by itself while none of its rows is committed, it takes it for
                    # empty, and walks whole indexes for each channel's customer: half an hour for a million.
                    cursor.execute("ANALYZE customers")
        return time.perf_counter() - begun

    def insert(self, empty: Path) -> float:
        """Seconds of inserts into a copy of the empty database, in one transaction: nobody else gets a turn, as they
        would in an import.
        """
        seconds = 0.0
        target = self.folder / "bare.db"
        target.write_bytes(empty.read_bytes())
        connection = sqlite3.connect(target, isolation_level=None)
        for name in ledger_rules.SQLITE:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-32000; BEGIN")
        with (self.folder / "chunks").open("rb") as chunks:
            for _chunk in range(-(-self.count // _CHUNK)):
                tables = pickle.load(chunks)
                begun = time.perf_counter()
                for table, columns, found in tables:
                    _insert(connection, table, columns, found)
                seconds += time.perf_counter() - begun
        begun = time.perf_counter()
        connection.execute("COMMIT")
        connection.close()
        return seconds + time.perf_counter() - begun


def _insert(connection: sqlite3.Connection, table: str, columns: Sequence[str], found: list[tuple[Any, ...]]) -> None:
    """A hundred rows a statement, as the import writes them: it is faster than one for each."""
    row = f"({', '.join('?' * len(columns))})"
    for start in range(0, len(found), 100):
        some = found[start : start + 100]
        values = [value for one in some for value in one]
        connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * len(some))}", values)


def _escaped(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value).translate(_ESCAPES)


def without_balances(source: Path, target: Path) -> None:
    """The same customers, without the two columns of money at the end of each row."""
    assert HEADER[-2:] == ["currency", "wallet_balance"]
    with source.open(encoding="utf-8", newline="") as read, target.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written).writerows(row[:-2] for row in csv.reader(read))
