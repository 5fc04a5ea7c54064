"""A table that has just arrived: what kind of file it is, how it reads, which columns it has, how many rows. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from crm.i18n import gettext as _
from crm.i18n import ngettext
from crm.services.importing.columns import Header, is_error_column
from crm.tabular import encodings, kinds, stored
from crm.tabular.converter import COLUMN_LIMIT
from crm.tabular.damage import Finding, Scan
from crm.tabular.errors import Unreadable
from crm.tabular.kinds import Kind
from crm.tabular.records import DELIMITERS, MIXED, below, is_blank, records

_ABOVE = 20  # the header is looked for in so many records
_SHEETS = 10
HEADER_ROWS = 1_000  # so far down the header may stand where somebody says so
_TITLE = 200  # characters of a column's name: names that are compared with it are shorter
_SHOWN = 12  # of the columns in a sentence


@dataclass(frozen=True)
class Wanted:
    """What the table is to be: `find_header` among the first records gives None where it is none of these, and
    `unrecognised` says so, given the columns that were found. With `any_columns` a table of unknown columns is taken
    too, and its header guessed.
    """

    find_header: Callable[[Sequence[Sequence[str]]], Header | None]
    unrecognised: Callable[[str], str]
    any_columns: bool = False
    scan: Callable[[Header], Scan] | None = None  # what looks for damage in its columns


@dataclass(frozen=True)
class Reading:
    """How a person wants a file to be read; None for what is to be found out. `encoding` is one of
    `encodings.CHOICES`, `delimiter` of `DELIMITERS`, `sheet` counts the visible ones from 0 or is the name of one, and
    so many records as `header` says are above the header. What the kind of file does not have is ignored.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: int | str | None = None
    header: int | None = None


@dataclass(frozen=True)
class Layout:
    """How a file reads; `total` counts the rows below the header without the blank ones, `sheets` are the names of
    the visible ones, and `top` the first records, among which the header may be chosen.
    """

    encoding: str
    delimiter: str
    header: Header
    total: int = 0
    notes: list[str] = field(default_factory=list)
    kind: Kind = "csv"
    sheet: int = 0
    sheets: list[str] = field(default_factory=list)
    top: list[list[str]] = field(default_factory=list)
    damage: list[Finding] = field(default_factory=list)

    @property
    def repairs(self) -> tuple[str, ...]:
        """What can be put right with certainty."""
        return tuple(finding.repair for finding in self.damage if finding.repair)

    @property
    def sheet_name(self) -> str:
        """What the sheet is called; '' where there are none."""
        return self.sheets[self.sheet] if self.sheets else ""

    def records(self, path: Path) -> Iterator[list[str]]:
        """Every record of the file, header and blank ones too."""
        return records(stored.text(path, self.kind, self.sheet), self.encoding, self.delimiter)

    def rows(self, path: Path) -> Iterator[tuple[int, list[str]]]:
        """The number, as a spreadsheet shows it, and the cells of every row below the header that is not blank."""
        return below(self.records(path), self.header.line)


AS_IT_IS = Reading()


def examine(path: Path, wanted: Wanted, reading: Reading = AS_IT_IS) -> Layout:
    """Read the whole file once and tell its layout, with notes for the person who sent it.

    The file stays as it is; what is made of a workbook is kept beside it (`crm.tabular.stored`). Raises `Unreadable`
    with a sentence about whatever stands in the way.
    """
    if path.stat().st_size == 0:
        raise Unreadable(_("The file is empty."))
    try:
        layout = _layout(path, wanted, reading)
    except BaseException:
        stored.forget_sheets(path)
        raise
    scan = wanted.scan(layout.header) if wanted.scan else None
    total = last = 0
    rows = scan.watch(layout.rows(path)) if scan else layout.rows(path)
    for number, _cells in rows:
        total, last = total + 1, number
    if not total:
        raise Unreadable(_("The file has a header, but no rows below it."))
    notes = [*_sheet_notes(layout), *_notes(layout.header, last - total - layout.header.line - 1)]
    return replace(layout, total=total, notes=notes, damage=scan.findings() if scan else [])


def _layout(path: Path, wanted: Wanted, reading: Reading) -> Layout:
    kind = kinds.kind_of(path)
    if kind in kinds.WORKBOOKS:
        return _sheet(path, kind, wanted, reading)
    if kind != "csv":
        stored.convert(path, kind)
        return replace(_converted(path, 0, wanted, reading), kind=kind)
    encoding = (
        encodings.chosen(path, reading.encoding)
        if reading.encoding
        else encodings.detect(path, mixed=wanted.any_columns)
    )
    delimiters = (reading.delimiter,) if reading.delimiter in DELIMITERS else DELIMITERS
    return _text(path, encoding, delimiters, wanted, reading)


def _sheet(path: Path, kind: Kind, wanted: Wanted, reading: Reading) -> Layout:
    """The layout of the sheet that was chosen, or else of the first that has what is wanted, or else is a table."""
    refusal: Unreadable | None = None
    asked = range(_SHEETS) if reading.sheet is None else (reading.sheet,)
    for any_columns in sorted({False, wanted.any_columns}):
        for sheet in asked:
            names = stored.convert(path, kind, sheet)
            if not names:
                break
            index = sheet if isinstance(sheet, int) else names.index(sheet)
            try:
                layout = _converted(path, index, replace(wanted, any_columns=any_columns), reading)
            except Unreadable as error:
                refusal = refusal or error
                continue
            stored.forget_sheets(path, but=index)
            return replace(layout, kind=kind, sheet=index, sheets=names)
    if refusal is None and reading.sheet is not None:
        raise Unreadable(_("The workbook has no such sheet."))
    raise refusal or Unreadable(_("The workbook has no sheet with a table."))


def _converted(path: Path, sheet: int, wanted: Wanted, reading: Reading) -> Layout:
    return _text(stored.beside(path, sheet), stored.ENCODING, (stored.DELIMITER,), wanted, reading)


def _text(path: Path, encoding: str, delimiters: Sequence[str], wanted: Wanted, reading: Reading) -> Layout:
    """The layout by the delimiter that makes the most of the header."""
    found = [_look(path, encoding, delimiter, wanted, reading.header) for delimiter in delimiters]
    best = max(found, key=lambda look: look.score)
    header = best.header
    if best.is_wide:
        raise Unreadable(_("The table has more than %(count)d columns.", count=COLUMN_LIMIT))
    if header is None and wanted.any_columns and best.error is None:
        header = _guessed(best.top, reading.header)
    if header is None and reading.header is not None and best.error is None:
        raise Unreadable(_("Row %(row)d does not have the names of the columns.", row=reading.header + 1))
    if header is None:
        raise best.error or _unrecognised(best.top, wanted)
    return Layout(encoding, best.delimiter, header, top=best.top)


@dataclass(frozen=True)
class _Look:
    delimiter: str
    top: list[list[str]]
    header: Header | None
    error: Unreadable | None
    is_wide: bool  # it has more columns than are taken

    @property
    def score(self) -> tuple[int, int, int]:
        """Recognised columns first, then rows that fit under the header, then columns at all."""
        if self.header is None:
            return 0, 0, max((len(record) for record in self.top), default=0)
        width = len(self.header.columns)
        return self.header.recognised, sum(len(record) <= width for record in self.top), width


def _look(path: Path, encoding: str, delimiter: str, wanted: Wanted, line: int | None) -> _Look:
    top: list[list[str]] = []
    error, is_wide = None, False
    try:
        for record in islice(records(path, encoding, delimiter), max(_ABOVE, (line or 0) + 1)):
            is_wide = is_wide or not is_blank(record[COLUMN_LIMIT:])
            top.append([cell[:_TITLE] for cell in record[:COLUMN_LIMIT]])
    except Unreadable as refusal:
        error = refusal
    return _Look(delimiter, top[:_ABOVE], _header(top, wanted, line), error, is_wide)


def _header(top: list[list[str]], wanted: Wanted, line: int | None) -> Header | None:
    if line is None:
        return wanted.find_header(top)
    found = wanted.find_header(top[line : line + 1])
    return replace(found, line=line) if found else None


def _guessed(top: list[list[str]], line: int | None) -> Header | None:
    """The record that was chosen, or the first that fills nearly as many cells as any: a title fills one."""
    filled = [sum(1 for cell in record if cell.strip()) for record in top]
    if line is None:
        most = max(filled, default=0)
        line = next((place for place, count in enumerate(filled) if count and count >= 0.8 * most), None)
    if line is None or line >= len(top) or not filled[line]:
        return None
    columns = [cell.strip() for cell in top[line]]
    while not columns[-1]:
        columns.pop()
    return Header(line, columns, [None] * len(columns))


def _unrecognised(top: list[list[str]], wanted: Wanted) -> Unreadable:
    columns = next(([cell.strip() for cell in record if cell.strip()] for record in top if not is_blank(record)), [])
    return Unreadable(wanted.unrecognised(listed(columns)) if columns else _("The file is empty."))


def _sheet_notes(layout: Layout) -> list[str]:
    if layout.encoding == MIXED:
        return [_("Some lines are written in Windows-1251, the others in UTF-8; each is read as it is written.")]
    if len(layout.sheets) < 2:
        return []
    return [_("Only the sheet “%(name)s” is read.", name=layout.sheet_name)]


def _notes(header: Header, blank: int) -> list[str]:
    notes = left_out(header.columns, header.mapping)
    if blank:
        notes.append(ngettext("%(num)d blank row is left out.", "%(num)d blank rows are left out.", blank))
    return notes


def left_out(columns: Sequence[str], fields: Sequence[str | None]) -> list[str]:
    """A note that names the columns which go into no field; no note where there are none."""
    unknown = [
        column
        for column, field_ in zip(columns, fields, strict=True)
        if column and field_ is None and not is_error_column(column)
    ]
    if not unknown:
        return []
    return [
        ngettext(
            "The column %(columns)s was not recognised and is left out.",
            "The columns %(columns)s were not recognised and are left out.",
            len(unknown),
            columns=listed(unknown),
        )
    ]


def listed(columns: list[str]) -> str:
    """Names of columns as part of a sentence, the first dozen of them."""
    shown = [column[:60] for column in columns[:_SHOWN]]
    text = ", ".join([*shown, "…"] if len(columns) > _SHOWN else shown)
    return "".join(character if character.isprintable() else " " for character in text)
