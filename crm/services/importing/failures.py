"""The rows that were not taken, as a file like the one that was uploaded, to mend and upload again. Pure."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from crm.i18n import gettext as _
from crm.services.importing.columns import ERROR_COLUMN, is_error_column
from crm.spreadsheet import unguarded
from crm.tabular.converter import MANY
from crm.tabular.kinds import WORKBOOKS, Kind
from crm.tabular.writing import csv_pieces, json_pieces, write_workbook

Failure = tuple[list[str], str]  # the row's cells as they stood, what is wrong with it
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PIECE = 1 << 16  # bytes
_PEEKED = 100  # failures whose reasons tell whether the upload's encoding has their letters


@dataclass(frozen=True)
class File:
    """A file to be sent: its name's ending, its media type, and its content in pieces."""

    suffix: str
    mimetype: str
    pieces: Iterator[bytes]


def as_uploaded(kind: Kind, encoding: str, delimiter: str, columns: list[str], failures: Iterable[Failure]) -> File:
    """The columns of the upload, and `error` with the reasons behind them; an `error` column of its own gives way.

    CSV has the encoding and the delimiter of the upload; UTF-8, for which Excel wants a mark, where that lacks the
    letters of the reasons. Any workbook, and what is called one, becomes XLSX, and any JSON has an object a line.
    Nothing runs as a formula, and read again, every cell is what it was.
    """
    if kind in WORKBOOKS:
        return File("xlsx", _XLSX, _workbook(columns, failures))
    if kind == "csv":
        return File("csv", "text/csv", _encoded(encoding, delimiter, columns, failures))
    names = _header(columns)
    texts = json_pieces(names, (list(map(_listed, row[: len(names)])) for row in _mended(columns, failures)))
    return File("jsonl", "application/x-ndjson", (text.encode() for text in texts))


def lines(columns: list[str], delimiter: str, failures: Iterable[Failure]) -> Iterator[str]:
    """The text of a CSV file in pieces, a byte order mark for Excel first, with the columns of `as_uploaded`."""
    return csv_pieces(_header(columns), _mended(columns, failures), delimiter)


def _header(columns: list[str]) -> list[str]:
    return [*(column for column in columns if not is_error_column(column)), ERROR_COLUMN]


def _mended(columns: list[str], failures: Iterable[Failure]) -> Iterator[list[str]]:
    """The rows as `_header` has it; cells beyond the columns stand behind the reason."""
    old, width = {index for index, column in enumerate(columns) if is_error_column(column)}, len(columns)
    for cells, error in failures:
        inside = cells[:width] + [""] * (width - len(cells))
        yield [*_without(inside, old), error, *_without(cells[width:], set())]


def _without(cells: list[str], left_out: set[int]) -> list[str]:
    return [unguarded(cell) for index, cell in enumerate(cells) if index not in left_out]


def _encoded(encoding: str, delimiter: str, columns: list[str], failures: Iterable[Failure]) -> Iterator[bytes]:
    rest = iter(failures)
    first = list(islice(rest, _PEEKED))
    target = _target(encoding, "".join(error for _cells, error in first))
    fitting = ((cells, error.encode(target, "replace").decode(target)) for cells, error in chain(first, rest))
    for number, text in enumerate(lines(columns, delimiter, fitting)):
        text = text.removeprefix("\ufeff") if number == 0 else text
        # What was put right, or came in as a name, may have letters that the upload had not.
        yield text.encode(target if number == 0 else _going_on(target), "replace")


def _target(encoding: str, words: str) -> str:
    if encoding.startswith("utf-16"):
        return "utf-16"
    if encoding.startswith("utf-32"):
        return "utf-32"
    try:
        words.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return "utf-8-sig"
    return "utf-8-sig" if encoding.startswith("utf-8") else encoding


def _going_on(encoding: str) -> str:
    """The encoding without the mark that stands at the beginning of a file."""
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding)


def _workbook(columns: list[str], failures: Iterable[Failure]) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        write_workbook(file, _("Failed rows"), _header(columns), _mended(columns, failures), whole=False)
        file.seek(0)
        yield from iter(lambda: file.read(_PIECE), b"")


def _listed(cell: str) -> str | list[str]:
    return cell.split(MANY) if MANY in cell else cell
