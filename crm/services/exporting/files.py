"""Sheets written as files: in pieces for whoever waits, or into a file on the disk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from crm.db import end_reading
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.services.exporting.sheet import Cells, Sheet
from crm.tabular import writing
from crm.tabular.writing import TooLongError, csv_pieces, json_pieces, write_workbook

MIME = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}
Beat = Callable[[int], object]  # is told how many rows more have been written


def pieces(sheet: Sheet, format_: str, for_people: bool = True) -> Iterator[str]:
    """The text of a CSV or of JSON lines; what is written for programs has the names that they know as its header.

    Between pieces nothing is kept open in the database: who reads slowly keeps nobody waiting.
    """
    rows = _beating(sheet.rows, lambda _rows: end_reading())
    if format_ == "jsonl":
        return json_pieces(sheet.columns, rows)
    return csv_pieces(sheet.headings if for_people else sheet.columns, map(sheet.flat, rows))


def write(
    sheet: Sheet, format_: str, file: IO[bytes], beat: Beat, for_people: bool = True, scratch: Path | None = None
) -> None:
    """Write the whole file; after every thousand rows `beat` is called, with 0 after the last ones, and may stop it by
    raising. A workbook is put together in the end, from what has been written to the folder `scratch` meanwhile; it is
    refused as `Invalid` where a cell has no room in it.
    """
    rows = _beating(sheet.rows, beat)
    header = sheet.headings if for_people else sheet.columns
    if format_ == "xlsx":
        _write_workbook(file, sheet, header, rows, scratch)
        return
    text = json_pieces(sheet.columns, rows) if format_ == "jsonl" else csv_pieces(header, map(sheet.flat, rows))
    for piece in text:
        file.write(piece.encode("utf-8"))


def _write_workbook(
    file: IO[bytes], sheet: Sheet, header: Sequence[str], rows: Iterable[Cells], scratch: Path | None
) -> None:
    try:
        write_workbook(file, sheet.title, header, map(sheet.flat, rows), scratch)
    except TooLongError as error:
        sentence = _(
            "A cell of row %(row)d is longer than the %(room)d characters that Excel has room for."
            " Take CSV or JSON lines, which have all of it.",
            row=error.row,
            room=error.room,
        )
        raise Invalid({"format": [sentence]}) from error


def _beating(rows: Iterable[Cells], beat: Beat) -> Iterator[Cells]:
    rest = iter(rows)
    while some := list(islice(rest, writing.PIECE)):
        beat(len(some))
        yield from some
    beat(0)
