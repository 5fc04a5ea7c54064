"""A file that has just arrived: what it is, how it reads, which columns it has, how many rows. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.i18n import ngettext
from crm.models.imports import ON_DUPLICATE
from crm.services import import_columns
from crm.services.import_columns import Header
from crm.services.import_rows import is_blank
from crm.tabular import encodings, kinds, workbook
from crm.tabular.errors import Unreadable
from crm.tabular.records import DELIMITERS, records

_ABOVE = 20  # the header is looked for in so many records
_SHEETS = 10
_SHOWN = 12  # of the columns in a sentence


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


def examine(path: Path, chosen: Mapping[str, str] | None = None) -> Layout:
    """Read the whole file once and tell its layout, with notes for the person who sent it.

    A workbook is replaced by its sheet as CSV. `chosen` is as in `import_columns.find_header`. Raises `Unreadable`
    with a sentence about whatever stands in the way.
    """
    if path.stat().st_size == 0:
        raise Unreadable(_("The file is empty."))
    notes: list[str] = []
    if kinds.is_workbook(path):
        layout = _sheet(path, chosen, notes)
    else:
        layout = _text(path, encodings.detect(path), DELIMITERS, chosen)
    blank = total = 0
    for cells in islice(layout.records(path), layout.header.line + 1, None):
        if is_blank(cells):
            blank += 1
        else:
            total += 1
    if not total:
        raise Unreadable(_("The file has a header, but no rows below it."))
    return replace(layout, total=total, notes=[*notes, *_notes(layout.header, blank)])


def check_options(on_duplicate: str, mapping: Mapping[str, str] | None) -> None:
    """Raise `Invalid` (`on_duplicate`, `mapping`) for a choice that there is not, or a field that no customer has."""
    if on_duplicate not in ON_DUPLICATE:
        raise Invalid({"on_duplicate": [_("Choose what to do with customers who are there already.")]})
    unknown = [field for field in (mapping or {}).values() if field and field not in import_columns.FIELDS]
    if unknown:
        fields = ", ".join(import_columns.FIELDS)
        sentence = _("There is no field %(name)s; the fields are %(fields)s.", name=unknown[0][:60], fields=fields)
        raise Invalid({"mapping": [sentence]})


def examined(path: Path, mapping: Mapping[str, str] | None) -> Layout:
    """As `examine`, but raises `Invalid` (`file`, `mapping`)."""
    try:
        layout = examine(path, mapping)
    except Unreadable as error:
        raise Invalid({"file": [str(error)]}) from error
    absent = import_columns.missing(layout.header.columns, mapping or {})
    if absent:
        columns = listed(layout.header.columns)
        sentence = _("There is no column %(name)s; the columns are %(columns)s.", name=absent[0][:60], columns=columns)
        raise Invalid({"mapping": [sentence]})
    return layout


def _sheet(path: Path, chosen: Mapping[str, str] | None, notes: list[str]) -> Layout:
    target = path.with_suffix(".sheet")
    refusal: Unreadable | None = None
    try:
        for index in range(_SHEETS):
            names = workbook.convert(path, target, index)
            if not names:
                break
            try:
                layout = _text(target, "utf-8", DELIMITERS[:1], chosen)
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


def _text(path: Path, encoding: str, delimiters: tuple[str, ...], chosen: Mapping[str, str] | None) -> Layout:
    """The layout by the delimiter that makes the most of the header."""
    found = [_look(partial(records, path, encoding), delimiter, chosen) for delimiter in delimiters]
    best = max(found, key=lambda look: look.score)
    if best.header is None:
        raise best.error or _unrecognised(best.top)
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


def _look(read: Callable[[str], Iterator[list[str]]], delimiter: str, chosen: Mapping[str, str] | None) -> _Look:
    top: list[list[str]] = []
    error = None
    try:
        top.extend(islice(read(delimiter), _ABOVE))
    except Unreadable as refusal:
        error = refusal
    return _Look(delimiter, top, import_columns.find_header(top, chosen), error)


def _unrecognised(top: list[list[str]]) -> Unreadable:
    columns = next(([cell.strip() for cell in record if cell.strip()] for record in top if not is_blank(record)), [])
    if not columns:
        return Unreadable(_("The file is empty."))
    return Unreadable(
        _(
            "There is no column with the customers' names. The columns found are: %(columns)s."
            " Call one of them “name” or “ФИО” and upload the file again.",
            columns=listed(columns),
        )
    )


def _notes(header: Header, blank: int) -> list[str]:
    notes = []
    unknown = [
        column
        for column, field_ in zip(header.columns, header.mapping, strict=True)
        if column and field_ is None and not import_columns.is_error_column(column)
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
