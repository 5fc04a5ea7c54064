"""Operations as a file: every one a line, streamed at a constant size in memory."""

from collections.abc import Iterator

from crm.money import to_text
from crm.services.operations import Criteria, Line, check, every
from crm.tabular.writing import Row, csv_pieces

COLUMNS = (
    "id", "created_at", "kind", "part", "description", "account", "code", "account_name", "customer_id", "customer",
    "currency", "signed_amount", "balance_after", "sequence", "source", "created_by", "payment",
)  # fmt: skip


def csv_lines(criteria: Criteria) -> Iterator[str]:
    """The CSV (comma, UTF-8 with BOM for Excel), in pieces; amounts are plain decimals (`-1250.00`),
    and what a spreadsheet program would run is disarmed. Raises `Invalid` before anything is written.
    """
    check(criteria)
    return csv_pieces(COLUMNS, map(_cells, every(criteria)))


def _cells(line: Line) -> Row:
    balance = None if line.balance_after is None else to_text(line.balance_after, line.currency)
    return (
        line.id, line.at, line.kind, line.part, line.description, line.account_id,
        line.code, line.account_name, line.customer_id, line.customer_name, line.currency,
        to_text(line.signed_amount, line.currency), balance, line.sequence, line.source, line.who, line.payment_id,
    )  # fmt: skip
