"""Write one sheet of a workbook, the tables of a web page, or JSON, as UTF-8 CSV: a program of its own, so that a
hostile file can only bring down itself.

`python converter.py SOURCE TARGET KIND SHEET` (its index or its name, as JSON) prints JSON with the names of the
sheets. Exit codes: 0 written, 2 damaged (JSON lines: the line is printed), 3 no such sheet, 4 password, 5 a cell is too
long (its row is printed), 6 too many columns; a crash or any other code means that the file was too much.
"""

import csv
import datetime as dt
import errno
import json
import resource
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ijson
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

DAMAGED, NO_SHEET, PASSWORD, LONG_CELL, WIDE = 2, 3, 4, 5, 6
COLUMN_LIMIT = 1_000
MANY = " ::: "  # between several values in one cell, as rows are read
CELL_LIMIT = 131_072  # characters; csv's own limit
_LINE_LIMIT = 4 << 20  # bytes of one JSON object
_EXACT = 2**53  # so far a float is the whole number that was written
_MEMORY, _WRITTEN, _SECONDS = 1024 << 20, 2 << 30, 120  # bytes, bytes, of processor time
# The program knows nothing of the package (`-I`), so that it starts at once.
_escaped: Callable[[str], str] = runpy.run_path(str(Path(__file__).parents[1] / "spreadsheet.py"))["escaped"]
_TableOf = Callable[[bytes, int], tuple[int, list[list[str]]]]
_AS_WRITTEN: Any = {"parse_float": str, "parse_int": str, "parse_constant": str}


class StopError(Exception):
    """The file cannot be converted: the exit code, and the line where there is one."""

    def __init__(self, code: int, line: int = 0) -> None:
        self.code, self.line = code, line


def cell(value: Any) -> str:
    """The value as text: whole numbers without .0, the 15 digits that Excel keeps (where the others
    may be lost the number stays shortened, as it shows it), dates as in ISO 8601.

    >>> cell(79120000008.0), cell(0.1 + 0.2), cell(26320.21), cell(True), cell(None)
    ('79120000008', '0.3', '26320.21', 'TRUE', '')
    >>> cell(1148765432109876543.0), cell(4276380012345670.0), cell(4276380012345671.0)
    ('1.14876543210988E+18', '4.27638001234567E+15', '4276380012345671')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and abs(value) >= 1e15 and not _is_exact(value):
        return f"{value:.15G}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, float):
        value = Decimal(f"{value:.15g}").normalize()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else "" if value is None else str(value)


def _is_exact(value: float) -> bool:
    """Whether a long number was written by a program that keeps more digits than Excel: it has them."""
    return abs(value) < _EXACT and str(int(abs(value)))[15:].strip("0") != ""


def write(rows: Iterable[list[str]], target: Path) -> None:
    """Write the rows; blank ones stay, so that a row keeps the number that the spreadsheet shows."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for number, cells in enumerate(rows, 1):
            if not any(cells):
                writer.writerow([])
                continue
            if max(map(len, cells)) > CELL_LIMIT:
                raise StopError(LONG_CELL, number)
            writer.writerow(cells)


def sheet(source: str, which: int | str) -> tuple[list[str], Iterator[list[str]]]:
    """The names of the visible sheets, and the rows of one of them, by its index or its name."""
    book = CalamineWorkbook.from_path(source)
    names = [
        found.name
        for found in book.sheets_metadata
        if found.typ == SheetTypeEnum.WorkSheet and found.visible == SheetVisibleEnum.Visible
    ]
    if which not in (names if isinstance(which, str) else range(len(names))):
        raise StopError(NO_SHEET)
    found = book.get_sheet_by_name(which if isinstance(which, str) else names[which])
    return names, ([cell(value) for value in row] for row in found.iter_rows())


def objects(source: str, kind: str) -> Iterator[dict[str, Any]]:
    """The objects of the file, numbers as they are written."""
    with Path(source).open("rb") as file:
        if file.read(3) != b"\xef\xbb\xbf":
            file.seek(0)
        if kind == "json":
            found = ijson.items(file, "item", use_float=False)
        else:
            found = _lines(iter(lambda: file.readline(_LINE_LIMIT), b""))
        for item in found:
            if not isinstance(item, dict):
                raise StopError(DAMAGED)
            yield item


def _lines(lines: Iterable[bytes]) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
        try:
            item = None if line.isspace() else json.loads(line.decode(), **_AS_WRITTEN)
        except (ValueError, RecursionError):
            raise StopError(DAMAGED, number) from None
        if not isinstance(item, dict | None):
            raise StopError(DAMAGED, number)
        if item is not None:
            yield item


def flat(value: Any, name: str, cells: dict[str, list[str]]) -> None:
    """Put the value into the cells of its column: what is nested has the names above it in front, and several values
    stand in one column; `{"type": "phone", "value": …}` in a list has the type for its name.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            flat(inner, f"{name}.{key}" if name else key, cells)
    elif isinstance(value, list):
        cells.setdefault(name, [])
        for item in value:
            typed = isinstance(item, dict) and isinstance(item.get("type"), str) and "value" in item
            flat(_one(item["value"]), item["type"], cells) if typed else flat(_one(item), name, cells)
    else:
        found = cells.setdefault(name, [])
        if value is not None:
            found.append(_shown(cell(value)))


def _one(item: Any) -> Any:
    """A blank without width keeps it from being taken for several, or for Google's main one; it goes with whatever is
    invisible.
    """
    if not isinstance(item, str):
        return item
    item = item.replace(":::", ":\u200b::")
    return f"*\u200b{item[1:]}" if item.startswith("*") else item


def _shown(text: str) -> str:
    """UTF-8 has no lone surrogates: they become U+FFFD, as they do on a screen."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def table(source: str, kind: str) -> Iterator[list[str]]:
    """A header of all names that occur, in the order in which they do, and a row for each object: read twice."""
    columns: dict[str, None] = {}
    for cells in _flattened(source, kind):
        columns |= dict.fromkeys(cells)
        if len(columns) > COLUMN_LIMIT:
            raise StopError(WIDE)
    yield [_escaped(_shown(name)) for name in columns]
    for cells in _flattened(source, kind):
        yield [_escaped(MANY.join(cells.get(name, ()))) for name in columns]


def _flattened(source: str, kind: str) -> Iterator[dict[str, list[str]]]:
    for number, item in enumerate(objects(source, kind), 1):
        cells: dict[str, list[str]] = {}
        try:
            flat(item, "", cells)
        except RecursionError:
            raise StopError(DAMAGED, number) from None
        yield cells


def tables(source: str, which: int | str) -> tuple[list[str], Iterator[list[str]]]:
    """The numbers of a web page's tables, from 1 on, and the rows of one of them, by its index or its number."""
    if isinstance(which, str) and not (which.isascii() and which.isdecimal()):
        raise StopError(NO_SHEET)
    wanted = int(which) - isinstance(which, str)
    table_of: _TableOf = runpy.run_path(str(Path(__file__).with_name("web_page.py")))["table_of"]
    try:
        count, rows = table_of(Path(source).read_bytes(), wanted)
    except ValueError:
        raise StopError(DAMAGED) from None
    if not 0 <= wanted < count:
        raise StopError(NO_SHEET)
    return [str(number + 1) for number in range(count)], iter(rows)


def main(source: str, target: str, kind: str, which: int | str) -> int:
    """Convert and return the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_WRITTEN, _WRITTEN))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    if kind.startswith("json") and which:
        return NO_SHEET
    try:
        if kind.startswith("json"):
            names, rows = [""], table(source, kind)
        else:
            names, rows = tables(source, which) if kind == "html" else sheet(source, which)
        write(rows, Path(target))
    except StopError as stop:
        print(stop.line)
        return stop.code
    except PasswordError:
        return PASSWORD
    except (CalamineError, ijson.JSONError):
        return DAMAGED
    except OSError as error:
        return 1 if error.errno == errno.EFBIG else DAMAGED
    print(json.dumps(names))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])))
