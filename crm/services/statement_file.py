"""A statement as a file: every operation a line, streamed at a constant size in memory."""

from collections.abc import Iterator

from crm.money import to_decimal
from crm.services.statements import Line, Statement
from crm.tabular.writing import Row, csv_pieces

COLUMNS = (
    "sequence", "created_at", "kind", "part", "description", "signed_amount", "currency", "balance_after", "source",
    "created_by", "payment",
)  # fmt: skip


def csv_lines(statement: Statement) -> Iterator[str]:
    """The CSV (comma, UTF-8 with BOM for Excel), in pieces; amounts are plain decimals (`-1250.00`),
    and what a spreadsheet program would run is disarmed.
    """
    currency = statement.account.currency
    return csv_pieces(COLUMNS, (_cells(line, currency) for line in statement.lines()))


def _cells(line: Line, currency: str) -> Row:
    amount, balance = (f"{to_decimal(minor, currency):f}" for minor in (line.signed_amount, line.balance_after))
    return (
        line.sequence, line.at, line.kind, line.part, line.description, amount,
        currency, balance, line.source, line.who, line.payment_id,
    )  # fmt: skip
