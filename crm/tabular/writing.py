"""Tables as files: CSV and JSON lines in pieces, or a workbook, at a constant size in memory however many rows."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from crm.spreadsheet import escaped, guarded, runs_inside

PIECE = 1_000  # rows
SHEET_ROWS = 1_048_576  # that a sheet has room for, the header's among them
_CELL_ROOM = 32_767  # characters that a workbook's cell has room for
_SUSPECT = frozenset("=+-@\t\r\n'")  # with which what `guarded` changes begins


Row = Iterable[object]  # its cells: '' stands for None, a moment as ISO 8601 has it


class TooLongError(ValueError):
    """A workbook has no room for a cell of the row with this number, as a spreadsheet shows it."""

    def __init__(self, row: int, room: int) -> None:
        super().__init__(row, room)
        self.row, self.room = row, room


def csv_pieces(columns: Row, rows: Iterable[Sequence[object]], delimiter: str = ",") -> Iterator[str]:
    """The text of a CSV file, a byte order mark for Excel first; what a spreadsheet program would run is disarmed."""
    buffer = io.StringIO("\ufeff")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow([guarded(str(cell)) for cell in columns])
    yield _taken(buffer)
    rest = iter(rows)
    while some := list(islice(rest, PIECE)):
        writer.writerows(
            [c if not c else _safe(c) if c.__class__ is not str else guarded(c) if c[0] in _SUSPECT else c for c in row]
            for row in some
        )
        text = _taken(buffer)
        if runs_inside(text):  # seldom, so that it is looked for in all of them at once
            writer.writerows([guarded(c) if c.__class__ is str else _safe(c) for c in row] for row in some)
            text = _taken(buffer)
        yield text


def json_pieces(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """One JSON object a line; moments as ISO 8601 has them, lists as lists, what there is none of as null."""
    encode = json.JSONEncoder(ensure_ascii=False, default=datetime.isoformat).encode
    rest = iter(rows)
    while some := list(islice(rest, PIECE)):
        yield "".join([f"{encode(dict(zip(names, row, strict=True)))}\n" for row in some])


def write_workbook(
    file: Path | IO[bytes],
    name: str,
    columns: Row,
    rows: Iterable[Row],
    scratch: Path | None = None,
    whole: bool = True,
) -> None:
    """Write a workbook of a sheet of this name, or several where one has no room; every cell is text, so nothing is
    run as a formula. What is written meanwhile goes into the folder `scratch`.

    Raises `TooLongError` where a cell has no room; unless it is to be `whole`, it is cut there.
    """
    options: dict[str, Any] = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    options["tmpdir"] = str(scratch) if scratch else None
    header, rest, number = list(columns), iter(rows), 1
    with xlsxwriter.Workbook(file if not isinstance(file, Path) else str(file), options) as book:
        _write_sheet(book.add_worksheet(name), header, islice(rest, SHEET_ROWS - 1), whole=whole)
        while following := list(islice(rest, 1)):
            number += 1
            _write_sheet(
                book.add_worksheet(f"{name} {number}"), header, [*following], islice(rest, SHEET_ROWS - 2), whole=whole
            )


def _write_sheet(sheet: Any, header: Row, *parts: Iterable[Row], whole: bool) -> None:
    rows = (row for part in ([header], *parts) for row in part)
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            text = _text(cell)
            if text:
                text = escaped(text)
                if len(text) > _CELL_ROOM:
                    if whole:
                        raise TooLongError(number + 1, _CELL_ROOM)
                    text = text[:_CELL_ROOM]
                sheet.write_string(number, place, text)


def _safe(cell: object) -> object:
    """The cell as the CSV writer takes it: it makes '' of None and text of numbers by itself."""
    if cell.__class__ is not str:
        return cell.isoformat(timespec="seconds") if isinstance(cell, datetime) else cell
    return guarded(cell) if cell[:1] in _SUSPECT else cell


def _text(cell: object) -> str:
    if cell.__class__ is str:
        return cell
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return "" if cell is None else str(cell)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
