"""A file that is one table with a header, read whole by the names of its columns."""

from collections.abc import Iterator
from pathlib import Path

from crm.i18n import gettext as _
from crm.tabular import encodings, kinds, workbook
from crm.tabular.errors import Unreadable
from crm.tabular.records import DELIMITERS, records


def rows(path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """The line (1 is the header's) and the cells of every row by its column's name; blank rows are left out, and what
    stands in no column is under "".

    `path` is CSV or XLSX, of which the first sheet is read. Raises `Unreadable` for what is no table, and for a column
    that is missing, unknown, or there twice.
    """
    found = _records(path)
    header = [cell.strip().casefold() for cell in next(found, [])]
    _check(header, required, optional)
    for line, cells in enumerate(found, 2):
        if any(cell.strip() for cell in cells):
            beyond = " ".join(cell.strip() for cell in cells[len(header) :])
            yield line, dict.fromkeys(header, "") | dict(zip(header, cells, strict=False)) | {"": beyond}


def _records(path: Path) -> Iterator[list[str]]:
    if path.stat().st_size == 0:
        raise Unreadable(_("The file is empty."))
    if kinds.is_workbook(path):
        sheet = path.with_suffix(".sheet")
        try:
            workbook.convert(path, sheet, 0)
            yield from records(sheet, "utf-8", ",")
        finally:
            sheet.unlink(missing_ok=True)
        return
    encoding = encodings.detect(path)
    widest = max(DELIMITERS, key=lambda delimiter: len(next(records(path, encoding, delimiter), [])))
    yield from records(path, encoding, widest)


def _check(header: list[str], required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    wanted = ", ".join([*required, *(f"[{name}]" for name in optional)])
    missing = [name for name in required if name not in header]
    if missing:
        raise Unreadable(
            _("There is no column %(name)s; the columns are %(columns)s.", name=missing[0], columns=wanted)
        )
    for name in header:
        shown = "".join(character if character.isprintable() else " " for character in name[:60]) or "—"
        if name not in (*required, *optional):
            raise Unreadable(
                _("The column %(name)s is unknown; the columns are %(columns)s.", name=shown, columns=wanted)
            )
        if header.count(name) > 1:
            raise Unreadable(_("The column %(name)s is there twice.", name=shown))
