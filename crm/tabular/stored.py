"""An upload in its folder: the file as it came, and beside it, as `<name>.<sheet>.csv`, what was made of it."""

import contextlib
import secrets
from pathlib import Path

from crm.i18n import gettext as _
from crm.tabular import conversion
from crm.tabular.errors import Unreadable
from crm.tabular.kinds import Kind

ENCODING, DELIMITER = "utf-8", ","  # of whatever was made


def text(path: Path, kind: Kind, sheet: int = 0) -> Path:
    """The delimited text of the table: the file itself, or its sheet (0 is the first visible one) as CSV, converted
    where it is not there yet. Raises `Unreadable`, and `FileNotFoundError` where the upload is gone.
    """
    if kind == "csv":
        return path
    target = beside(path, sheet)
    if not target.exists() and not convert(path, kind, sheet):
        raise Unreadable(_("The workbook has no such sheet."))
    return target


def convert(path: Path, kind: Kind, sheet: int | str = 0) -> list[str]:
    """Make the CSV of the sheet, by its place or its name; the names of all visible sheets, [] where it is not there.

    It gets its name when it is complete: two processes that convert at once do not disturb each other.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    made = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        names = conversion.convert(path, made, kind, sheet)
        if names:
            made.replace(beside(path, sheet if isinstance(sheet, int) else names.index(sheet)))
        return names
    finally:
        made.unlink(missing_ok=True)


def beside(path: Path, sheet: int) -> Path:
    """Where the sheet's CSV is kept."""
    return path.with_name(f"{path.name}.{sheet}.csv")


def forget_sheets(path: Path, but: int | None = None) -> None:
    """Delete what was made of the file, except for one sheet; it can be made again."""
    for made in path.parent.glob(f"{path.name}.*.csv"):
        if but is None or made != beside(path, but):
            made.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Delete the upload and all that was made of it."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    forget_sheets(path)
