"""What a file is by its first bytes, whatever its name says."""

import re
import zipfile
from pathlib import Path
from typing import Literal

from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.tabular.errors import Unreadable

# csv is any delimited text; html is what many a program calls Excel
Kind = Literal["csv", "xlsx", "xlsb", "xls", "ods", "html", "jsonl", "json"]
WORKBOOKS: tuple[Kind, ...] = ("xlsx", "xlsb", "xls", "ods", "html")  # what has sheets, or several tables

# Signatures as in the `file` program's database.
_SIGNATURES = (
    (b"%PDF-", _l("a PDF document")),
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
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOKS: tuple[tuple[str, Kind], ...] = (
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsb"),
    ("content.xml", "ods"),
)
_INSIDE_ZIP = (
    ("word/document.xml", _l("a Word document")),
    ("ppt/presentation.xml", _l("a presentation")),
)
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_END = b"PK\x05\x06"  # of the central directory, whose size stands 12 bytes on (APPNOTE 4.3.16)
_DIRECTORY_LIMIT = 4 << 20  # bytes: a workbook lists some dozen parts
_TAGS = rb"html|head|meta|title|style|link|script|body|table|div|center|font|span|p|h\d"  # that a page begins with
_PAGE = re.compile(rb"<(?:!--|!doctype html|(?:%b)[\s>/])" % _TAGS, re.I)
_TABLE, _PREAMBLE = re.compile(rb"<table[\s>]", re.I), 1 << 16  # it stands behind styles
_JSONL, _JSON = re.compile(rb"\{\s*[\"}]"), re.compile(rb"\[\s*[\[{\]]")


def kind_of(path: Path) -> Kind:
    """The kind of table; `Unreadable` says what else the file is."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    if head.startswith(_OLE):
        return "xls"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _PAGE.match(start) and _has_table(path):
        return "html"
    for signature, name in _SIGNATURES:
        if start[: len(signature)].lower() == signature.lower():
            raise _refused(str(name))
    return "jsonl" if _JSONL.match(start) else "json" if _JSON.match(start) else "csv"


def _has_table(path: Path) -> bool:
    with path.open("rb") as file:
        return _TABLE.search(file.read(_PREAMBLE)) is not None


def _zipped(path: Path) -> Kind:
    _refuse_long_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mimetype = _start(archive, "mimetype") if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        raise damaged() from None
    for inside, kind in _WORKBOOKS:
        if inside in names and (kind != "ods" or mimetype.startswith(_ODS)):
            return kind
    for inside, name in _INSIDE_ZIP:
        if inside in names:
            raise _refused(str(name))
    raise _refused(str(_l("an OpenDocument file")) if "content.xml" in names else _("an archive"))


def _start(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(100)


def _refuse_long_directory(path: Path) -> None:
    """Python reads the list of parts whole, and a hostile file may list a million."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16) - 22))
        tail = file.read()
    end = tail.rfind(_END)
    if end >= 0 and int.from_bytes(tail[end + 12 : end + 16], "little") > _DIRECTORY_LIMIT:
        raise oversized()


def _refused(name: str) -> Unreadable:
    return Unreadable(_("This is %(kind)s. Save the table as CSV or XLSX and upload that.", kind=name))


def damaged() -> Unreadable:
    """What is said of a workbook that cannot be opened."""
    return Unreadable(
        _("The workbook is damaged, or only a part of it arrived. Save it again and upload it once more.")
    )


def oversized() -> Unreadable:
    """What is said of a workbook that takes more memory or time than there is for it."""
    return Unreadable(_("The workbook is too large to be read. Save the table as CSV and upload that."))
