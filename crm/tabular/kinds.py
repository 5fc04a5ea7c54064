"""What a file is by its first bytes, whatever its name says."""

import zipfile
from pathlib import Path

from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.tabular.errors import Unreadable

# Signatures as in the `file` program's database.
_SIGNATURES = (
    (b"%PDF-", _l("a PDF document")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _l("an old Excel file (.xls) or one with a password")),
    (b"\x89PNG", _l("a picture")),
    (b"\xff\xd8\xff", _l("a picture")),
    (b"GIF8", _l("a picture")),
    (b"RIFF", _l("a picture, a sound or a video")),
    (b"{\\rtf", _l("a text document (RTF)")),
    (b"<!doctype html", _l("a web page")),
    (b"<html", _l("a web page")),
    (b"<?xml", _l("an XML document")),
    (b"\x1f\x8b", _l("an archive")),
    (b"Rar!", _l("an archive")),
    (b"7z\xbc\xaf", _l("an archive")),
    (b"SQLite format 3\x00", _l("a database")),
)
_INSIDE_ZIP = (
    ("xl/workbook.bin", _l("a binary Excel file (.xlsb)")),
    ("word/document.xml", _l("a Word document")),
    ("ppt/presentation.xml", _l("a presentation")),
    ("content.xml", _l("an OpenDocument file")),
)


def is_workbook(path: Path) -> bool:
    """True for XLSX, False for what may be text; `Unreadable` says what else the file is."""
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"PK\x03\x04"):
        return _is_xlsx(path)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for signature, name in _SIGNATURES:
        if start[: len(signature)].lower() == signature.lower():
            raise _refused(str(name))
    return False


def _is_xlsx(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise Unreadable(
            _("The XLSX file is damaged, or only a part of it arrived. Save it again and upload it once more.")
        ) from None
    if "xl/workbook.xml" in names:
        return True
    for inside, name in _INSIDE_ZIP:
        if inside in names:
            raise _refused(str(name))
    raise _refused(_("an archive"))


def _refused(name: str) -> Unreadable:
    return Unreadable(_("This is %(kind)s. Save the table as CSV or XLSX and upload that.", kind=name))
