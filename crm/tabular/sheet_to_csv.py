"""Write one sheet of a workbook as UTF-8 CSV: a program of its own, so that a hostile file can only bring down itself.

`python sheet_to_csv.py SOURCE TARGET INDEX` prints JSON with the names of the sheets. Exit codes: 0 written,
2 damaged, 3 no such sheet, 4 password; a crash or any other code means that the file was too much.
"""

import csv
import datetime as dt
import json
import resource
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

DAMAGED, NO_SHEET, PASSWORD = 2, 3, 4
_MEMORY, _SECONDS = 3 * 1024**3, 120


def cell(value: Any) -> str:
    """The value as text: whole numbers without .0, the 15 digits that Excel shows, dates as in ISO 8601.

    >>> cell(79120000008.0), cell(0.1 + 0.2), cell(26320.21), cell(True)
    ('79120000008', '0.3', '26320.21', 'TRUE')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return format(Decimal(f"{value:.15g}").normalize(), "f")
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def write(rows: Iterable[list[Any]], target: Path) -> None:
    """Write the rows; blank ones stay, so that a row keeps the number that the spreadsheet shows."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in rows:
            cells = [cell(value) for value in row]
            writer.writerow(cells if any(cells) else [])


def main(source: str, target: str, index: int) -> int:
    """Convert and return the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        book = CalamineWorkbook.from_path(source)
        names = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        if index >= len(names):
            return NO_SHEET
        write(book.get_sheet_by_name(names[index]).iter_rows(), Path(target))
    except PasswordError:
        return PASSWORD
    except (CalamineError, OSError):
        return DAMAGED
    print(json.dumps(names))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
