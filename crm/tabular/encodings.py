"""Which encoding a text file is written in: by its mark, else UTF-8, else what Russian and Western programs write."""

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path

from charset_normalizer import from_bytes

from crm.i18n import gettext as _
from crm.tabular.errors import Unreadable

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LEGACY = ["cp1251", "koi8_r", "cp866", "cp1252"]
_BLOCK = 1 << 20
_SAMPLE = 64 * 1024
_SURE = 3  # characters beyond ASCII in one line that are UTF-8 throughout: no accident in a one-byte encoding
_ONE_SCRIPT = re.compile(r"[^\W\d_]*[А-Яа-яЁё][^\W\d_]*")
_TWO_SCRIPTS = re.compile(r"[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z]")
_BINARY = bytes(set(range(0x20)) - set(b"\t\n\r\x0b\x0c\x1a\x1b"))


def detect(path: Path) -> str:
    """The Python name of the file's encoding; all of the file can be read by it.

    Raises `Unreadable` for what is no text, and for a file that mixes encodings (naming the line).
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None) or _unmarked_utf16(head)
    if marked:
        if not _decodes(path, marked):
            raise Unreadable(_("The file says that it is %(encoding)s, but it is not.", encoding=marked))
        return marked
    return "utf-8" if _decodes(path, "utf-8") else _legacy(path, head)


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
    except UnicodeDecodeError:
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


def _legacy(path: Path, head: bytes) -> str:
    if len(head) - len(head.translate(None, _BINARY)) > len(head) // 100:
        raise Unreadable(_("This is not a text file. Save the table as CSV or XLSX and upload that."))
    lines = _Lines()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.isascii():
                lines.add(number, line)
    if lines.sure or lines.utf8 > lines.other:
        raise _mixed(max(lines.first_utf8, lines.first_other))
    encoding = _guess(bytes(lines.sample))
    _verify(path, encoding)
    return encoding


def _guess(sample: bytes) -> str:
    best = from_bytes(sample, cp_isolation=_LEGACY).best()
    encoding = best.encoding if best else "cp1251"
    if encoding == "cp1252":
        return encoding
    text = sample.decode(encoding, "replace")
    # Western names read as Cyrillic mix the alphabets inside words (Mьller), which Russian ones don't.
    return "cp1252" if 2 * len(_TWO_SCRIPTS.findall(text)) > len(_ONE_SCRIPT.findall(text)) else encoding


def _verify(path: Path, encoding: str) -> None:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
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
