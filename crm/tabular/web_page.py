"""The tables of a web page: what many a program calls Excel. It knows nothing of the package, as `converter`, whose
process reads hostile files, knows nothing of it. Pure.
"""

import re
from contextlib import suppress
from html.parser import HTMLParser

# Of HTML: what begins a new line, what is never seen, rows that a cell reaches down at most.
_BREAKS = ("blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "ul")
_SILENT, _BREAK = ("script", "style", "template"), "\0"
_COLUMNS, _REACH = 1_000, 1_000  # that one cell stands in at most
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)", re.I)


def table_of(raw: bytes, wanted: int) -> tuple[int, list[list[str]]]:
    """How many tables the page has, and the rows of one of them, counted from 0; [] where it is not there.

    Raises AssertionError, as the parser does, for a declaration that is none.

    >>> table_of(b"<table><tr><th>Name<tr><td>Anna</table>", 0)
    (1, [['Name'], ['Anna']])
    """
    page = Page(wanted)
    page.feed(_decoded(raw))
    page.close()
    return page.tables, page.rows


class Page(HTMLParser):
    """Gathers the rows of one of a web page's tables, and counts how many there are. HTML lets rows and cells end where
    the next ones begin; a table within a cell is one by itself.
    """

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.wanted, self.tables = wanted, 0
        self.rows: list[list[str]] = []
        self._open: list[int] = []  # the tables that we are in, the innermost last
        self._cells: list[str] | None = None
        self._text: list[str] | None = None
        self._span = 1, 1  # columns and rows that the cell stands in
        self._hanging: dict[int, tuple[int, str]] = {}  # column: rows that a cell above reaches down yet, its text
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A table, a row, a cell, or what breaks a line in one."""
        if tag == "table":
            self._open.append(self.tables)
            self.tables += 1
        elif tag in _SILENT:
            self._silent += 1
        elif self._open[-1:] != [self.wanted]:
            return
        elif tag == "tr":
            self._end_row()
            self._cells = []
        elif tag in ("td", "th") and self._cells is not None:
            self._end_cell(self._cells)
            self._hang(self._cells)
            self._text = []
            said = dict(attrs)
            self._span = _span(said.get("colspan"), _COLUMNS), _span(said.get("rowspan"), _REACH)
        elif tag in _BREAKS and self._text is not None:
            self._text.append(_BREAK)

    def handle_endtag(self, tag: str) -> None:
        """The end of a table, or of what breaks a line."""
        if tag == "table" and self._open:
            if self._open[-1] == self.wanted:
                self._end_row()
            self._open.pop()
        elif tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS and self._text is not None and self._open[-1:] == [self.wanted]:
            self._text.append(_BREAK)

    def handle_data(self, data: str) -> None:
        """What a browser shows of it: runs of blanks are one."""
        if self._text is not None and not self._silent and self._open[-1:] == [self.wanted]:
            self._text.append(data.replace(_BREAK, ""))

    def _end_cell(self, cells: list[str]) -> None:
        if self._text is None:
            return
        lines = (" ".join(line.split()) for line in "".join(self._text).split(_BREAK))
        text = "\n".join(line for line in lines if line)
        columns, rows = self._span
        for _column in range(columns):
            if rows > 1:
                self._hanging[len(cells)] = rows - 1, text
            cells.append(text)
            text = ""
        self._text = None

    def _hang(self, cells: list[str]) -> None:
        """Let cells from above come down, up to the first place that has none."""
        while len(cells) in self._hanging:
            rows, text = self._hanging.pop(len(cells))
            if rows > 1:
                self._hanging[len(cells)] = rows - 1, text
            cells.append(text)

    def _end_row(self) -> None:
        if self._cells is not None:
            self._end_cell(self._cells)
            self._hang(self._cells)
            self.rows.append(self._cells)
        self._cells = None


def _span(said: str | None, most: int) -> int:
    return max(1, min(int(said), most)) if said and said.isascii() and said.isdecimal() and len(said) < 6 else 1


def _decoded(raw: bytes) -> str:
    """By its mark, by what the page says of itself, else what Russian programs write."""
    declared = _CHARSET.search(raw, 0, 4096)
    named = [declared[1].decode()] if declared else []
    for encoding in ["utf-8-sig", *named, "cp1251"]:
        with suppress(UnicodeDecodeError, LookupError):
            return raw.decode(encoding)
    return raw.decode("cp1251", "replace")
