"""Workbooks and JSON, turned into CSV by a process that has limits of its own."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from crm.i18n import gettext as _
from crm.tabular import converter
from crm.tabular.errors import Unreadable
from crm.tabular.kinds import Kind, damaged, oversized

UNPACKED_LIMIT = 300 * 1024 * 1024  # bytes of XML: an upload of 50 MB may hold ten times as much
_SECONDS = 150
_ZIPPED = ("xlsx", "xlsb", "ods")


def convert(source: Path, target: Path, kind: Kind, sheet: int | str = 0) -> list[str]:
    """Write the visible sheet of this index (0 is the first) or name to `target` as UTF-8 CSV; the names of all such
    sheets.

    [] where it is not there; JSON has one without a name. Raises `Unreadable` for what is damaged, locked
    or too much.
    """
    if kind in _ZIPPED:
        _refuse_oversized(source)
    program = [sys.executable, "-I", converter.__file__, str(source), str(target), kind, json.dumps(sheet)]
    try:
        done = subprocess.run(program, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _too_much(kind) from None
    if done.returncode == 0:
        names: list[str] = json.loads(done.stdout)
        return names
    if done.returncode == converter.NO_SHEET:
        return []
    raise _refusal(done.returncode, kind, done.stdout, source)


def _refuse_oversized(source: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise damaged() from None
    if unpacked > UNPACKED_LIMIT:
        raise oversized()


def _refusal(code: int, kind: Kind, said: bytes, source: Path) -> Unreadable:
    if code == converter.PASSWORD:
        return _locked()
    if code == converter.LONG_CELL:
        return Unreadable(
            _(
                "Row %(line)d has a cell of more than %(count)d characters, which is too long to be taken.",
                line=int(said),
                count=converter.CELL_LIMIT,
            )
        )
    if code == converter.WIDE:
        return Unreadable(_("The table has more than %(count)d columns.", count=converter.COLUMN_LIMIT))
    if code != converter.DAMAGED:
        return _too_much(kind)
    if kind in ("json", "jsonl"):
        return _bad_json(kind, int(said or 0))
    return _no_workbook(source) if kind == "xls" else damaged()


def _no_workbook(source: Path) -> Unreadable:
    """What a container of old Office programs holds in place of a workbook: its streams have names, in UTF-16, in a
    sector that the header points to ([MS-CFB] 2.2); what has a password is in such a container too.
    """
    with source.open("rb") as file:
        head = file.read(512).ljust(512, b"\0")
        size = 1 << min(head[30], 12)
        file.seek(size * (1 + int.from_bytes(head[48:52], "little")))
        names = file.read(4096).decode("utf-16-le", "replace")
    if "EncryptedPackage" in names:
        return _locked()
    if "WordDocument" in names:
        return Unreadable(
            _("This is %(kind)s. Save the table as CSV or XLSX and upload that.", kind=_("a Word document"))
        )
    return damaged()


def _locked() -> Unreadable:
    return Unreadable(_("The workbook has a password. Save it without one and upload it again."))


def _bad_json(kind: Kind, line: int) -> Unreadable:
    if kind == "json":
        return Unreadable(_("The file is not a JSON list of objects, such as [{“name”: “Anna”}, …]."))
    return Unreadable(
        _("Line %(line)d is not a JSON object. Write one object a line, such as {“name”: “Anna”}.", line=line)
    )


def _too_much(kind: Kind) -> Unreadable:
    if kind in ("json", "jsonl"):
        return Unreadable(_("The JSON file is too large to be read. Save the table as CSV and upload that."))
    return oversized()
