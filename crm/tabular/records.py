"""The records of a delimited text file, one at a time."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeVar

from crm.i18n import gettext as _
from crm.tabular.converter import CELL_LIMIT
from crm.tabular.errors import Unreadable

Row = TypeVar("Row")
DELIMITERS = (",", ";", "\t", "|")
MIXED = "utf-8+cp1251"  # each line in one of them
_HELD = 4 << 20  # characters of rows that are worked on together
_ROW_LIMIT = 1 << 20  # characters of a line, and of a row that takes several


def records(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Every record, blank ones too (their cells are [] or all blank).

    Raises `Unreadable` naming the line where a quotation mark is not closed or a cell has no end.
    """
    with _opened(path, encoding) as file:
        lines = _Lines(file, _told if encoding == MIXED else None)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        begin = 0
        try:
            for record in reader:
                begin, lines.held = reader.line_num, 0
                yield record
        except csv.Error as error:
            raise _broken(str(error), begin + 1) from None


def following(rows: Iterator[Row], many: int, cells: Callable[[Row], Sequence[str]]) -> list[Row]:
    """The next rows: so many, but of long ones no more than memory should hold at once; [] at the end."""
    found: list[Row] = []
    held = 0
    for row in islice(rows, many):
        found.append(row)
        held += sum(map(len, cells(row)))
        if held > _HELD:
            break
    return found


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


class _Lines:
    """The lines of a file, until a row has none or no end: `held` is what has been read of the present row."""

    def __init__(self, file: TextIO, told: Callable[[str], str] | None) -> None:
        self.file, self.told, self.number, self.held = file, told, 0, 0

    def __iter__(self) -> Iterator[str]:
        while line := self.file.readline(_ROW_LIMIT):
            self.number += 1
            self.held += len(line)
            if self.held >= _ROW_LIMIT:
                raise Unreadable(_("Line %(line)d is too long to be a row of a table.", line=self.number))
            yield self.told(line) if self.told else line


def _opened(path: Path, encoding: str) -> TextIO:
    # As Latin-1 every byte is a character, so that each line can be told by itself.
    return path.open(encoding="latin-1" if encoding == MIXED else encoding, newline="")


def _told(line: str) -> str:
    raw = line.encode("latin-1")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1251", "replace")


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
