"""Which encoding a text file is written in: by its mark, else UTF-8, else what Russian and Western programs write."""

import codecs
from dataclasses import dataclass, field
from pathlib import Path

from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.tabular import letters
from crm.tabular.errors import Unreadable
from crm.tabular.records import MIXED

# What a person may choose, by Python's name.
CHOICES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": _l("UTF-16 without a mark (little-endian)"),
    "utf-16-be": _l("UTF-16 without a mark (big-endian)"),
    "utf-32": "UTF-32",
    "utf-32-le": _l("UTF-32 without a mark (little-endian)"),
    "utf-32-be": _l("UTF-32 without a mark (big-endian)"),
    "cp1251": _l("Windows-1251 (Cyrillic)"),
    "cp1252": _l("Windows-1252 (Western)"),
    "koi8_r": _l("KOI8-R (Cyrillic)"),
    "cp866": _l("CP866 (Cyrillic, DOS)"),
    "mac_cyrillic": _l("Macintosh (Cyrillic)"),
    MIXED: _l("UTF-8 with lines in Windows-1251"),
}
_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 1 << 20
_SAMPLE = 64 * 1024
_SURE = 3  # characters beyond ASCII in one line that are UTF-8 throughout: no accident in a one-byte encoding
_BINARY = bytes(set(range(0x20)) - set(b"\t\n\r\x0b\x0c\x1a\x1b"))


def detect(path: Path, mixed: bool = False) -> str:
    """The Python name of the file's encoding; all of the file can be read by it.

    Raises `Unreadable` for what is no text, and for a file that mixes encodings (naming the line); with `mixed` it may
    have lines in Windows-1251 among those in UTF-8, and is `MIXED` then.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    marked = _marked(head) or _unmarked_utf32(head) or _unmarked_utf16(head)
    if marked:
        if not _decodes(path, marked):
            raise Unreadable(_("The file says that it is %(encoding)s, but it is not.", encoding=marked))
        return marked
    return "utf-8" if _decodes(path, "utf-8") else _legacy(path, head, mixed)


def chosen(path: Path, name: str) -> str:
    """The Python name of the encoding that a person has chosen, where all of the file can be read by it.

    Raises `Unreadable`, naming the line where there are lines to count.
    """
    encoding = next((known for known in CHOICES if _plain(known) == _plain(name)), None)
    if encoding is None:
        raise Unreadable(_("There is no encoding %(name)s to choose.", name=name[:40]))
    with path.open("rb") as file:
        head = file.read(4)
    if encoding == "utf-8" and _marked(head) == "utf-8-sig":
        encoding = "utf-8-sig"
    if encoding != MIXED and not _decodes(path, encoding):
        if not encoding.startswith(("utf-16", "utf-32")):
            _verify(path, encoding)
        raise Unreadable(_("The file is not written in %(encoding)s.", encoding=str(CHOICES[encoding])))
    return encoding


def _plain(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").removesuffix("sig").replace("windows", "cp")


def _marked(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _unmarked_utf32(head: bytes) -> str | None:
    zeros = [head[place::4].count(0) * 4 >= len(head) - 4 for place in range(4)]
    if len(head) < 8 or not (zeros[1] or zeros[2]):
        return None
    return "utf-32-le" if zeros[3] and zeros[2] else "utf-32-be" if zeros[0] and zeros[1] else None


def _unmarked_utf16(head: bytes) -> str | None:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 < len(head) or min(even, odd) * 8 > max(even, odd):
        return None  # less than half of the characters are Latin, or zeros stand on both sides
    return "utf-16-le" if odd > even else "utf-16-be"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


@dataclass
class _Lines:
    """The lines beyond ASCII: how many are UTF-8 and how many are not, and the first of each."""

    utf8: int = 0
    other: int = 0
    first_utf8: int = 0
    first_other: int = 0
    sure: bool = False
    sample: bytearray = field(default_factory=bytearray)

    def add(self, number: int, line: bytes) -> None:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            self.other += 1
            self.first_other = self.first_other or number
            if len(self.sample) < _SAMPLE:
                self.sample += line
            return
        self.utf8 += 1
        self.first_utf8 = self.first_utf8 or number
        self.sure = self.sure or sum(not character.isascii() for character in text) >= _SURE


def _legacy(path: Path, head: bytes, mixed: bool) -> str:
    if len(head) - len(head.translate(None, _BINARY)) > len(head) // 100:
        raise Unreadable(_("This is not a text file. Save the table as CSV or XLSX and upload that."))
    lines = _Lines()
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_BLOCK):
            number += 1
            if not line.isascii():
                lines.add(number, line)
    if lines.sure or lines.utf8 > lines.other:
        if mixed and letters.guess(bytes(lines.sample[:_SAMPLE])) == "cp1251":
            return MIXED
        raise _mixed(max(lines.first_utf8, lines.first_other))
    encoding = letters.guess(bytes(lines.sample[:_SAMPLE]))
    _verify(path, encoding)
    return encoding


def _verify(path: Path, encoding: str) -> None:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_BLOCK):
            number += 1
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                raise _mixed(number) from None


def _mixed(line: int) -> Unreadable:
    return Unreadable(
        _(
            "Line %(line)d is written in another encoding than the lines before it."
            " Save the file again in one encoding, best as UTF-8, and upload it once more.",
            line=line,
        )
    )
