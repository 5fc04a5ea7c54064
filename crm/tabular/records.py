"""The records of a delimited text file, one at a time."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from crm.i18n import gettext as _
from crm.tabular.errors import Unreadable

DELIMITERS = (",", ";", "\t")
CELL_LIMIT = 131_072  # characters; csv's own limit
_LINE_LIMIT = 1 << 20  # characters


def records(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Every record, blank ones too (their cells are [] or all blank).

    Raises `Unreadable` naming the line where a quotation mark is not closed or a cell has no end.
    """
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(_lines(file), delimiter=delimiter, strict=True)
        begin = 0
        try:
            for record in reader:
                begin = reader.line_num
                yield record
        except csv.Error as error:
            raise _broken(str(error), begin + 1) from None


def is_blank(cells: Sequence[str]) -> bool:
    """Whether there is nothing in the row but blanks."""
    return not any(cells) or not any(map(str.strip, cells))


def below(found: Iterable[list[str]], header: int) -> Iterator[tuple[int, list[str]]]:
    """The records that are below the header and not blank, each with the number that a spreadsheet shows; `header`
    records are above it.
    """
    for number, cells in enumerate(found, 1):
        if number > header + 1 and not is_blank(cells):
            yield number, cells


def _lines(file: TextIO) -> Iterator[str]:
    number = 0
    while line := file.readline(_LINE_LIMIT):
        number += 1
        if len(line) == _LINE_LIMIT:
            raise Unreadable(_("Line %(line)d is too long to be a row of a table.", line=number))
        yield line


def _broken(error: str, line: int) -> Unreadable:
    if "limit" in error:
        return Unreadable(
            _(
                "The row that begins in line %(line)d has a cell of more than %(count)d characters;"
                " probably a quotation mark is not closed there.",
                line=line,
                count=CELL_LIMIT,
            )
        )
    return Unreadable(
        _(
            "In the row that begins in line %(line)d a quotation mark is not closed."
            " Close it, or double the quotation marks inside the text, and upload the file again.",
            line=line,
        )
    )
