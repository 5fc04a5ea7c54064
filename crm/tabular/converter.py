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
import re
import resource
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from decimal import Decimal
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ijson
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

DAMAGED, NO_SHEET, PASSWORD, LONG_CELL, WIDE = 2, 3, 4, 5, 6
COLUMN_LIMIT = 1_000
MANY = " ::: "  # between several values in one cell, as rows are read
CELL_LIMIT = 131_072  # characters; csv's own limit
_LINE_LIMIT = 4 << 20  # bytes of one JSON object
_PIECE = 1 << 20  # characters
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)", re.I)
_MEMORY, _WRITTEN, _SECONDS = 1024 << 20, 2 << 30, 120  # bytes, bytes, of processor time
# The program knows nothing of the package (`-I`), so that it starts at once.
_escaped: Callable[[str], str] = runpy.run_path(str(Path(__file__).parents[1] / "spreadsheet.py"))["escaped"]
_AS_WRITTEN: Any = {"parse_float": str, "parse_int": str, "parse_constant": str}


class StopError(Exception):
    """The file cannot be converted: the exit code, and the line where there is one."""

    def __init__(self, code: int, line: int = 0) -> None:
        self.code, self.line = code, line


def cell(value: Any) -> str:
    """The value as text: whole numbers without .0, the 15 digits that Excel keeps (of longer numbers the others are
    lost, and they stay shortened, as it shows them), dates as in ISO 8601.

    >>> cell(79120000008.0), cell(0.1 + 0.2), cell(26320.21), cell(True), cell(None)
    ('79120000008', '0.3', '26320.21', 'TRUE', '')
    >>> cell(1148765432109876543.0)
    '1.14876543210988E+18'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and abs(value) >= 1e15:
        return f"{value:.15G}"
    if isinstance(value, float):
        value = Decimal(f"{value:.15g}").normalize()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else "" if value is None else str(value)


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
    yield [_shown(name) for name in columns]
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


class Page(HTMLParser):
    """Gathers in `rows` those of a web page's tables; of a table in a cell, the text alone."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._tables = 0
        self._cells: list[str] | None = None
        self._text: list[str] | None = None
        self._blanks = 0  # behind the cell, which stands over so many columns more

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """HTML lets rows and cells end where the next ones begin."""
        self._tables += tag == "table"
        if self._tables != 1:
            return
        if tag == "tr":
            self.end_row()
            self._cells = []
        elif tag in ("td", "th") and self._cells is not None:
            self._end_cell()
            self._text, span = [], dict(attrs).get("colspan") or ""
            self._blanks = min(int(span), COLUMN_LIMIT) - 1 if span.isascii() and span.isdecimal() else 0
        elif tag == "br" and self._text is not None:
            self._text.append("\0")

    def handle_endtag(self, tag: str) -> None:
        """As above."""
        if self._tables == 1 and tag in ("tr", "table"):
            self.end_row()
        self._tables -= tag == "table" and self._tables > 0

    def handle_data(self, data: str) -> None:
        """What a browser would show of it: runs of blanks are one, and only <br> breaks a line."""
        if self._text is not None:
            self._text.append(data.replace("\0", ""))

    def end_row(self) -> None:
        """Keep the row that there is."""
        self._end_cell()
        if self._cells is not None:
            self.rows.append(self._cells)
        self._cells = None

    def _end_cell(self) -> None:
        if self._text is not None and self._cells is not None:
            lines = "".join(self._text).split("\0")
            self._cells += ["\n".join(" ".join(line.split()) for line in lines).strip(), *[""] * self._blanks]
        self._text = None


def tables(source: str) -> Iterator[list[str]]:
    """The rows of a web page's tables, one after another."""
    page, text = Page(), _decoded(Path(source).read_bytes())
    for start in range(0, len(text), _PIECE):
        page.feed(text[start : start + _PIECE])
        yield from page.rows
        page.rows.clear()
    page.close()
    page.end_row()
    yield from page.rows


def _decoded(raw: bytes) -> str:
    """By its mark, by what the page says of itself, else what Russian programs write."""
    declared = _CHARSET.search(raw, 0, 4096)
    named = [declared[1].decode()] if declared else []
    for encoding in ["utf-8-sig", *named, "cp1251"]:
        with suppress(UnicodeDecodeError, LookupError):
            return raw.decode(encoding)
    return raw.decode("cp1251", "replace")


_UNNAMED: dict[str, Callable[[str], Iterator[list[str]]]] = {  # without sheets
    "json": partial(table, kind="json"),
    "jsonl": partial(table, kind="jsonl"),
    "html": tables,
}


def main(source: str, target: str, kind: str, which: int | str) -> int:
    """Convert and return the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_WRITTEN, _WRITTEN))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    if kind in _UNNAMED and which:
        return NO_SHEET
    try:
        names, rows = sheet(source, which) if kind not in _UNNAMED else ([""], _UNNAMED[kind](source))
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
