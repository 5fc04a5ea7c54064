"""Tables as files: CSV in pieces or a workbook, at a constant size in memory however many rows there are."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO

import xlsxwriter

from crm.spreadsheet import guarded

PIECE = 1_000  # rows
SHEET_ROWS = 1_048_576  # that a sheet has room for, the header's among them
Row = Iterable[object]  # its cells: '' stands for None, a moment as ISO 8601 has it


def csv_pieces(columns: Row, rows: Iterable[Row], delimiter: str = ",") -> Iterator[str]:
    """The text of a CSV file, a byte order mark for Excel first; what a spreadsheet program would run is disarmed."""
    buffer = io.StringIO("\ufeff")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow([guarded(cell) for cell in _texts(columns)])
    for number, row in enumerate(rows, 1):
        writer.writerow([guarded(cell) for cell in _texts(row)])
        if number % PIECE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def write_workbook(file: Path | IO[bytes], name: str, columns: Row, rows: Iterable[Row]) -> None:
    """Write a workbook of one sheet of this name; every cell is text, so nothing is run as a formula. What the sheet
    has no room for is left out.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file if not isinstance(file, Path) else str(file), options) as book:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, _texts(columns))
        for number, row in enumerate(islice(rows, SHEET_ROWS - 1), 1):
            sheet.write_row(number, 0, _texts(row))


def _texts(row: Row) -> list[str]:
    return [_text(cell) for cell in row]


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return "" if cell is None else str(cell)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
