"""A table that has just arrived: what kind of file it is, how it reads, which columns it has, how many rows. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from crm.i18n import gettext as _
from crm.i18n import ngettext
from crm.services.importing.columns import Header, is_error_column
from crm.tabular import encodings, kinds, workbook
from crm.tabular.errors import Unreadable
from crm.tabular.records import DELIMITERS, below, is_blank, records

_ABOVE = 20  # the header is looked for in so many records
_SHEETS = 10
_SHOWN = 12  # of the columns in a sentence


@dataclass(frozen=True)
class Wanted:
    """What the table is to be: `find_header` among the first records gives None where it is none of these, and
    `unrecognised` says so, given the columns that were found.
    """

    find_header: Callable[[Sequence[Sequence[str]]], Header | None]
    unrecognised: Callable[[str], str]


@dataclass(frozen=True)
class Layout:
    """How a file reads; `total` counts the rows below the header without the blank ones."""

    encoding: str
    delimiter: str
    header: Header
    total: int = 0
    notes: list[str] = field(default_factory=list)

    def records(self, path: Path) -> Iterator[list[str]]:
        """Every record of the file, header and blank ones too."""
        return records(path, self.encoding, self.delimiter)

    def rows(self, path: Path) -> Iterator[tuple[int, list[str]]]:
        """The number, as a spreadsheet shows it, and the cells of every row below the header that is not blank."""
        return below(self.records(path), self.header.line)


def examine(path: Path, wanted: Wanted) -> Layout:
    """Read the whole file once and tell its layout, with notes for the person who sent it.

    A workbook is replaced by its sheet as CSV. Raises `Unreadable` with a sentence about whatever stands in the way.
    """
    if path.stat().st_size == 0:
        raise Unreadable(_("The file is empty."))
    notes: list[str] = []
    if kinds.is_workbook(path):
        layout = _sheet(path, wanted, notes)
    else:
        layout = _text(path, encodings.detect(path), DELIMITERS, wanted)
    blank = total = 0
    for cells in islice(layout.records(path), layout.header.line + 1, None):
        if is_blank(cells):
            blank += 1
        else:
            total += 1
    if not total:
        raise Unreadable(_("The file has a header, but no rows below it."))
    return replace(layout, total=total, notes=[*notes, *_notes(layout.header, blank)])


def _sheet(path: Path, wanted: Wanted, notes: list[str]) -> Layout:
    target = path.with_suffix(".sheet")
    refusal: Unreadable | None = None
    try:
        for index in range(_SHEETS):
            names = workbook.convert(path, target, index)
            if not names:
                break
            try:
                layout = _text(target, "utf-8", DELIMITERS[:1], wanted)
            except Unreadable as error:
                refusal = refusal or error
                continue
            if len(names) > 1:
                notes.append(_("Only the sheet “%(name)s” is read.", name=names[index]))
            target.replace(path)
            return layout
    finally:
        target.unlink(missing_ok=True)
    raise refusal or Unreadable(_("The workbook has no sheet with a table."))


def _text(path: Path, encoding: str, delimiters: tuple[str, ...], wanted: Wanted) -> Layout:
    """The layout by the delimiter that makes the most of the header."""
    found = [_look(partial(records, path, encoding), delimiter, wanted) for delimiter in delimiters]
    best = max(found, key=lambda look: look.score)
    if best.header is None:
        raise best.error or _unrecognised(best.top, wanted)
    return Layout(encoding, best.delimiter, best.header)


@dataclass(frozen=True)
class _Look:
    delimiter: str
    top: list[list[str]]
    header: Header | None
    error: Unreadable | None

    @property
    def score(self) -> tuple[int, int, int]:
        """Recognised columns first, then rows that fit under the header, then columns at all."""
        if self.header is None:
            return 0, 0, max((len(record) for record in self.top), default=0)
        width = len(self.header.columns)
        return self.header.recognised, sum(len(record) <= width for record in self.top), width


def _look(read: Callable[[str], Iterator[list[str]]], delimiter: str, wanted: Wanted) -> _Look:
    top: list[list[str]] = []
    error = None
    try:
        top.extend(islice(read(delimiter), _ABOVE))
    except Unreadable as refusal:
        error = refusal
    return _Look(delimiter, top, wanted.find_header(top), error)


def _unrecognised(top: list[list[str]], wanted: Wanted) -> Unreadable:
    columns = next(([cell.strip() for cell in record if cell.strip()] for record in top if not is_blank(record)), [])
    return Unreadable(wanted.unrecognised(listed(columns)) if columns else _("The file is empty."))


def _notes(header: Header, blank: int) -> list[str]:
    notes = []
    unknown = [
        column
        for column, field_ in zip(header.columns, header.mapping, strict=True)
        if column and field_ is None and not is_error_column(column)
    ]
    if unknown:
        notes.append(
            ngettext(
                "The column %(columns)s was not recognised and is left out.",
                "The columns %(columns)s were not recognised and are left out.",
                len(unknown),
                columns=listed(unknown),
            )
        )
    if blank:
        notes.append(ngettext("%(num)d blank row is left out.", "%(num)d blank rows are left out.", blank))
    return notes


def listed(columns: list[str]) -> str:
    """Names of columns as part of a sentence, the first dozen of them."""
    shown = [column[:60] for column in columns[:_SHOWN]]
    text = ", ".join([*shown, "…"] if len(columns) > _SHOWN else shown)
    return "".join(character if character.isprintable() else " " for character in text)
