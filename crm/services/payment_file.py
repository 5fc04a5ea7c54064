"""Payments as a file: CSV streamed, or a workbook, at a constant size in memory."""

import csv
import io
from collections.abc import Iterator
from typing import IO

import xlsxwriter

from crm.money import to_text
from crm.services.payment_criteria import Criteria, check
from crm.services.payment_list import CHUNK, Row, every
from crm.spreadsheet import guarded

SHEET_LIMIT = 1_048_575  # rows that a sheet has room for below its head
COLUMNS = (
    "id", "created_at", "completed_at", "kind", "status", "failure_code", "source", "from_account", "from_code",
    "from_customer_id", "from_customer", "to_account", "to_code", "to_customer_id", "to_customer", "currency", "amount",
    "commission", "to_currency", "to_amount", "reversal_of", "reversed_amount", "batch", "description", "created_by",
)  # fmt: skip


def csv_lines(criteria: Criteria) -> Iterator[str]:
    """The CSV (comma, UTF-8 with BOM for Excel), a chunk of lines at a time, the newest payment first; amounts are
    plain decimals (`1250.00`), and what a spreadsheet program would run is disarmed. Raises `Invalid` before anything
    is written.
    """
    check(criteria)
    return _chunks(criteria)


def write_xlsx(criteria: Criteria, file: IO[bytes]) -> None:
    """Write a workbook of one sheet; every cell is text, so nothing is run as a formula. What a sheet has no room for
    is left out. Raises `Invalid`.
    """
    check(criteria)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("Payments")
        sheet.write_row(0, 0, COLUMNS)
        for number, row in zip(range(1, SHEET_LIMIT + 1), every(criteria), strict=False):
            sheet.write_row(number, 0, _cells(row))


def _chunks(criteria: Criteria) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(COLUMNS)
    for number, row in enumerate(every(criteria), 1):
        writer.writerow([guarded(cell) for cell in _cells(row)])
        if number % CHUNK == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _cells(row: Row) -> list[str]:
    to_currency = row.to_currency or row.currency
    arrives = row.amount - row.commission if row.to_amount is None else row.to_amount
    values = (
        row.id, row.created_at.isoformat(timespec="seconds"),
        row.completed_at and row.completed_at.isoformat(timespec="seconds"), row.kind, row.status, row.failure_code,
        row.source, row.from_account, row.from_code, row.from_customer, row.from_name, row.to_account, row.to_code,
        row.to_customer, row.to_name, row.currency, to_text(row.amount, row.currency),
        to_text(row.commission, row.currency), to_currency, to_text(arrives, to_currency), row.reversal_of_id,
        to_text(row.reversed_amount, row.currency), row.batch_id, row.description, row.who,
    )  # fmt: skip
    return ["" if value is None else str(value) for value in values]


def _drain(buffer: io.StringIO) -> str:
    chunk = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return chunk
