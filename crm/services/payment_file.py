"""Payments as a file: CSV streamed, or a workbook, at a constant size in memory."""

from collections.abc import Iterator
from typing import IO

from crm.money import to_text
from crm.services import payment_list as listed
from crm.services.payment_criteria import Criteria, check
from crm.tabular.writing import Row, csv_pieces, write_workbook

COLUMNS = (
    "id", "created_at", "completed_at", "kind", "status", "failure_code", "source", "from_account", "from_code",
    "from_customer_id", "from_customer", "to_account", "to_code", "to_customer_id", "to_customer", "currency", "amount",
    "commission", "to_currency", "to_amount", "reversal_of", "reversed_amount", "batch", "description", "created_by",
)  # fmt: skip


def csv_lines(criteria: Criteria) -> Iterator[str]:
    """The CSV (comma, UTF-8 with BOM for Excel), in pieces, the newest payment first; amounts are plain decimals
    (`1250.00`), and what a spreadsheet program would run is disarmed. Raises `Invalid` before anything is written.
    """
    check(criteria)
    return csv_pieces(COLUMNS, map(_cells, listed.every(criteria)))


def write_xlsx(criteria: Criteria, file: IO[bytes]) -> None:
    """Write a workbook of one sheet; every cell is text, so nothing is run as a formula. What a sheet has no room for
    is left out. Raises `Invalid`.
    """
    check(criteria)
    write_workbook(file, "Payments", COLUMNS, map(_cells, listed.every(criteria)))


def _cells(row: listed.Row) -> Row:
    to_currency = row.to_currency or row.currency
    arrives = row.amount - row.commission if row.to_amount is None else row.to_amount
    return (
        row.id, row.created_at, row.completed_at, row.kind, row.status, row.failure_code,
        row.source, row.from_account, row.from_code, row.from_customer, row.from_name, row.to_account, row.to_code,
        row.to_customer, row.to_name, row.currency, to_text(row.amount, row.currency),
        to_text(row.commission, row.currency), to_currency, to_text(arrives, to_currency), row.reversal_of_id,
        to_text(row.reversed_amount, row.currency), row.batch_id, row.description, row.who,
    )  # fmt: skip
