"""The tables of a web page: what many a program calls Excel. It knows nothing of the package, as `converter`, whose
process reads hostile files, knows nothing of it. Pure.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from lxml import etree

# What begins a new line, and what is not shown.
_BREAKS = ("blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "ul")
_SILENT = ("script", "style", "template", "table")
_BREAK = "\ue000"
_MOST = 1_000  # columns or rows that one cell stands in
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)", re.I)
_Hanging = dict[int, tuple[int, str]]  # column: rows that a cell above reaches down yet, its text


def table_of(raw: bytes, wanted: int) -> tuple[int, list[list[str]]]:
    """How many tables the page has, and the rows of one of them, counted from 0; [] where it is not there. A table
    within a cell is one by itself. ValueError where it cannot be read.

    >>> table_of(b"<table><tr><th>Name<tr><td>Anna</table>", 0)
    (1, [['Name'], ['Anna']])
    """
    text = _decoded(raw).replace("\0", "").replace(_BREAK, "")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        page = etree.fromstring(text.encode(), parser)
    except etree.LxmlError as error:
        raise ValueError(str(error)) from error
    tables = [] if page is None else list(page.iter("table"))
    return len(tables), list(_rows(tables[wanted])) if 0 <= wanted < len(tables) else []


def _rows(table: Any) -> Iterator[list[str]]:
    hanging: _Hanging = {}
    group = None
    for row in table.iter("tr"):
        if next(row.iterancestors("table")) is not table:
            continue
        if row.getparent() is not group:
            hanging, group = {}, row.getparent()  # cells end with the part of the table
        yield _cells(row, hanging)


def _cells(row: Any, hanging: _Hanging) -> list[str]:
    """The row's cells where a browser shows them, beside those that reach down from above."""
    due = {column: text for column, (_left, text) in hanging.items()}
    for column, (left, text) in [*hanging.items()]:
        if left > 1:
            hanging[column] = left - 1, text
        else:
            del hanging[column]
    cells: list[str] = []
    for cell in row.iterchildren("td", "th"):
        while len(cells) in due:
            cells.append(due[len(cells)])
        text, down = _text(cell), _span(cell.get("rowspan"))
        for _column in range(_span(cell.get("colspan"))):
            if down > 1:
                hanging[len(cells)] = down - 1, text
            cells.append(text)
            text = ""
    for column in sorted(column for column in due if column >= len(cells)):
        cells += [*[""] * (column - len(cells)), due[column]]
    return cells


def _span(said: str | None) -> int:
    return max(1, min(int(said), _MOST)) if said and said.isascii() and said.isdecimal() and len(said) < 6 else 1


def _text(cell: Any) -> str:
    """What a browser shows of it: runs of blanks are one."""
    lines = (" ".join(line.split()) for line in "".join(_pieces(cell)).split(_BREAK))
    return "\n".join(line for line in lines if line)


def _pieces(element: Any) -> Iterator[str]:
    yield element.text or ""
    for inner in element:
        edge = _BREAK if inner.tag in _BREAKS else ""
        if inner.tag not in _SILENT:
            yield edge
            yield from _pieces(inner)
            yield edge
        yield inner.tail or ""


def _decoded(raw: bytes) -> str:
    """By its mark, by what the page says of itself, else what Russian programs write."""
    declared = _CHARSET.search(raw, 0, 4096)
    named = [declared[1].decode()] if declared else []
    for encoding in ["utf-8-sig", *named, "cp1251"]:
        with suppress(UnicodeDecodeError, LookupError):
            return raw.decode(encoding)
    return raw.decode("cp1251", "replace")
