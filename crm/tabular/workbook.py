"""XLSX files, turned into CSV one sheet at a time."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from crm.i18n import gettext as _
from crm.tabular import sheet_to_csv
from crm.tabular.errors import Unreadable

UNPACKED_LIMIT = 300 * 1024 * 1024  # bytes of XML: an upload of 50 MB may hold ten times as much
_SECONDS = 150


def convert(source: Path, target: Path, index: int) -> list[str]:
    """Write the visible sheet of this index (0 is the first) to `target` as UTF-8 CSV; the names of all such sheets.

    [] where there are not so many sheets. Raises `Unreadable` for damaged, locked and oversized workbooks.
    """
    _refuse_oversized(source)
    program = [sys.executable, "-I", sheet_to_csv.__file__, str(source), str(target), str(index)]
    try:
        done = subprocess.run(program, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _oversized() from None
    if done.returncode == 0:
        names: list[str] = json.loads(done.stdout)
        return names
    if done.returncode == sheet_to_csv.NO_SHEET:
        return []
    raise _refusal(done.returncode)


def _refuse_oversized(source: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        if sum(info.file_size for info in archive.infolist()) > UNPACKED_LIMIT:
            raise _oversized()


def _refusal(code: int) -> Unreadable:
    if code == sheet_to_csv.PASSWORD:
        return Unreadable(_("The XLSX file has a password. Save it without one and upload it again."))
    if code == sheet_to_csv.DAMAGED:
        return Unreadable(
            _("The XLSX file is damaged, or only a part of it arrived. Save it again and upload it once more.")
        )
    return _oversized()


def _oversized() -> Unreadable:
    return Unreadable(_("The XLSX file is too large to be read. Save the table as CSV and upload that."))
