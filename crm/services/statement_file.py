"""A statement as a file: every operation a line, streamed at a constant size in memory."""

import csv
import io
from collections.abc import Iterator

from crm.money import to_decimal
from crm.services.statements import Line, Statement
from crm.spreadsheet import guarded

CHUNK = 1_000
COLUMNS = (
    "sequence", "created_at", "kind", "part", "description", "signed_amount", "currency", "balance_after", "source",
    "created_by", "payment",
)  # fmt: skip


def csv_lines(statement: Statement) -> Iterator[str]:
    """The CSV (comma, UTF-8 with BOM for Excel), a chunk of lines at a time; amounts are plain decimals (`-1250.00`),
    and what a spreadsheet program would run is disarmed.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(COLUMNS)
    for number, line in enumerate(statement.lines(), 1):
        writer.writerow([guarded(cell) for cell in _cells(line, statement.account.currency)])
        if number % CHUNK == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _cells(line: Line, currency: str) -> list[str]:
    amount, balance = (f"{to_decimal(minor, currency):f}" for minor in (line.signed_amount, line.balance_after))
    return [
        str(line.sequence), line.at.isoformat(timespec="seconds"), line.kind, line.part, line.description, amount,
        currency, balance, line.source or "", line.who, str(line.payment_id),
    ]  # fmt: skip


def _drain(buffer: io.StringIO) -> str:
    chunk = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return chunk
