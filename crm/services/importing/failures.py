"""The rows that were not taken, as a CSV file to mend and upload again. Pure."""

from collections.abc import Iterable, Iterator

from crm.services.importing.columns import ERROR_COLUMN, is_error_column
from crm.spreadsheet import unguarded
from crm.tabular.writing import csv_pieces

Failure = tuple[list[str], str]  # the row's cells as they stood, what is wrong with it


def lines(columns: list[str], delimiter: str, failures: Iterable[Failure]) -> Iterator[str]:
    """The file's text in pieces, a byte order mark for Excel first: the columns of the upload and `error` behind them.

    An `error` column of the upload itself gives way. Nothing in it runs as a formula.
    """
    old, width = {index for index, column in enumerate(columns) if is_error_column(column)}, len(columns)

    def mended(cells: list[str], error: str) -> list[str]:
        inside = cells[:width] + [""] * (width - len(cells))
        return [*_without(inside, old), error, *_without(cells[width:], set())]

    rows = (mended(cells, error) for cells, error in failures)
    return csv_pieces([*_without(columns, old), ERROR_COLUMN], rows, delimiter)


def _without(cells: list[str], left_out: set[int]) -> list[str]:
    return [unguarded(cell) for index, cell in enumerate(cells) if index not in left_out]
