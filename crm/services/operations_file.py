"""Operations as a file: every one a line, streamed at a constant size in memory."""

import csv
import io
from collections.abc import Iterator

from crm.money import to_text
from crm.services.operations import CHUNK, Criteria, Line, check, every
from crm.spreadsheet import guarded

COLUMNS = (
    "id", "created_at", "kind", "part", "description", "account", "code", "account_name", "customer_id", "customer",
    "currency", "signed_amount", "balance_after", "sequence", "source", "created_by", "payment",
)  # fmt: skip


def csv_lines(criteria: Criteria) -> Iterator[str]:
    """The CSV (comma, UTF-8 with BOM for Excel), a chunk of lines at a time; amounts are plain decimals (`-1250.00`),
    and what a spreadsheet program would run is disarmed. Raises `Invalid` before anything is written.
    """
    check(criteria)
    return _chunks(criteria)


def _chunks(criteria: Criteria) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(COLUMNS)
    for number, line in enumerate(every(criteria), 1):
        writer.writerow([guarded(cell) for cell in _cells(line)])
        if number % CHUNK == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _cells(line: Line) -> list[str]:
    balance = "" if line.balance_after is None else to_text(line.balance_after, line.currency)
    values = (
        line.id, line.at.isoformat(timespec="seconds"), line.kind, line.part, line.description, line.account_id,
        line.code, line.account_name, line.customer_id, line.customer_name, line.currency,
        to_text(line.signed_amount, line.currency), balance, line.sequence, line.source, line.who, line.payment_id,
    )  # fmt: skip
    return ["" if value is None else str(value) for value in values]


def _drain(buffer: io.StringIO) -> str:
    chunk = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return chunk
