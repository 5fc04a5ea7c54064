"""The rows that were not taken, as a CSV file to mend and upload again. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator

from crm.services.import_columns import ERROR_COLUMN, is_error_column
from crm.spreadsheet import guarded, unguarded

Failure = tuple[list[str], str]  # the row's cells as they stood, what is wrong with it


def lines(columns: list[str], delimiter: str, failures: Iterable[Failure]) -> Iterator[str]:
    """The file's text in pieces, a byte order mark for Excel first: the columns of the upload and `error` behind them.

    An `error` column of the upload itself gives way. Nothing in it runs as a formula.
    """
    old = {index for index, column in enumerate(columns) if is_error_column(column)}
    width = len(columns)
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    buffer.write("\ufeff")
    writer.writerow([*_without(columns, old), ERROR_COLUMN])
    for cells, error in failures:
        inside = cells[:width] + [""] * (width - len(cells))
        writer.writerow([*_without(inside, old), guarded(error), *_without(cells[width:], set())])
        yield _drain(buffer)
    yield _drain(buffer)


def _without(cells: list[str], left_out: set[int]) -> list[str]:
    return [guarded(unguarded(cell)) for index, cell in enumerate(cells) if index not in left_out]


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
