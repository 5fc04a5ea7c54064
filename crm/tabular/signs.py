"""What tells that a spreadsheet program, or a wrong encoding, has spoilt a cell, and what was meant by it. Pure."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from phonenumbers import country_code_for_region

from crm.phones import e164
from crm.tabular import mojibake

Role = Literal["phone", "id", "amount", "date", "exact", "name", "text"]  # what a column holds, as far as damage goes
SEPARATOR = "\x1e"  # stands before, between and after the cells of a column that is looked through at once
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|май|мая|июн|июл|авг|сен|окт|ноя|дек"
_DATED = re.compile(rf"\d{{1,2}}[-. ](?:{_MONTHS})\.?|(?:{_MONTHS})\.?[-. ]?\d{{2}}(?:\d{{2}})?", re.I)
_DATED_GATE = re.compile(r"\x1e(?:\d{1,2}[-. ][A-Za-zА-я]{3}|[A-Za-zА-я]{3}\.?[-. ]?\d\d)")
_DAY = re.compile(r"\d{4}-(?:0\d|1[0-2])-[0-3]\d(?:[ T]00:00(?::00)?)?|[0-3]?\d\.[01]?\d\.\d{4}")
_DAY_GATE = re.compile(rf"\x1e(?:{_DAY.pattern})(?=\x1e)")
_EXPONENT = re.compile(r"[+-]?\d(?:[.,]\d+)?E\+?\d{1,2}", re.I)
_WHOLE = re.compile(r"(\+?\d{5,20})[.,]0+")
_SERIAL = re.compile(r"[2-5]\d{4}(?:[.,]\d+)?")
_SERIAL_GATE = re.compile(rf"\x1e{_SERIAL.pattern}(?=\x1e)")
_FAULT = re.compile(
    r"#(?:REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|ССЫЛКА!|ДЕЛ/0!|Н/Д|ЗНАЧ!|ИМЯ\?|ЧИСЛО!|ПУСТО!)|#{4,}", re.I
)
_FORMULA = re.compile(r"=[^=\s].*", re.DOTALL)
_LOST = re.compile(r".*(?:\ufffd|\?{3}).*", re.DOTALL)
_NULL = re.compile(r"\s*(?:\\N|NULL|\((?:null|NULL)\)|<(?:null|NULL)>|\[NULL\])\s*")  # of databases
_NULL_GATE = re.compile(rf"\x1e{_NULL.pattern}(?=\x1e)")
_NOTHING = re.compile(r"\s*(?:[-–—]+|n/?a|none|nil|nan|null|нет(?: данных)?|н/д|отсутствует|не указан[оа]?)\s*", re.I)
_NOTHING_GATE = re.compile(rf"\x1e(?:{_NOTHING.pattern}|{_NULL.pattern})(?=\x1e)", re.I)
_ABROAD = re.compile(r"\d{10,15}(?:[.,]0+)?")
_EPOCH = dt.date(1899, 12, 30)  # day 0 of the 1900 date system, as Excel counts from March 1900 on


@dataclass(frozen=True, slots=True)
class Sign:
    """One kind of damage: `gate` says of a column's cells together whether one may have it, `has` of one cell, and
    `meant` what stood there before (None of a cell that is well after all); None where nobody can tell.
    """

    kind: str
    gate: Callable[[str], object]
    has: Callable[[str], object]
    meant: Callable[[str], str | None] | None = None


def signs(role: Role, region: str) -> list[Sign]:
    """The kinds of damage that a column of this role may have; `region` (ISO 3166) is where phones are at home."""
    found = [
        Sign("fault", lambda text: "#" in text, _FAULT.fullmatch),
        Sign("formula", lambda text: "\x1e=" in text, _FORMULA.fullmatch),
        Sign("lost", lambda text: "\ufffd" in text or "???" in text, _LOST.match),
        Sign("mojibake", mojibake.is_suspect, mojibake.is_suspect, mojibake.mended),
    ]
    if role in ("phone", "id", "amount", "date", "exact"):
        found.append(Sign("nothing", _NOTHING_GATE.search, lambda cell: not unsaid(cell), unsaid))
    elif role == "text":  # a person may be called Null
        found.append(Sign("null", _NULL_GATE.search, _NULL.fullmatch, unnulled))
    if role != "amount":
        found.append(Sign("exponent", lambda text: "E+" in text or "e+" in text, _EXPONENT.fullmatch))
    if role != "date":
        found.append(Sign("month", _DATED_GATE.search, _DATED.fullmatch))
    if role in ("phone", "id", "amount"):
        found.append(Sign("day", _DAY_GATE.search, _DAY.fullmatch))
    if role in ("phone", "id"):
        found.append(Sign("decimal", lambda text: "0\x1e" in text, _WHOLE.fullmatch, whole))
    if role == "phone":
        found.append(
            Sign("abroad", _abroad_gate(region).search, _ABROAD.fullmatch, partial(_from_abroad, region=region))
        )
    if role == "date":
        found.append(Sign("serial", _SERIAL_GATE.search, _SERIAL.fullmatch, day))
    return found


def _abroad_gate(region: str) -> re.Pattern[str]:
    """Numbers that are long enough, but for those that begin as at home."""
    home = "[78]9" if region == "RU" else str(country_code_for_region(region))
    return re.compile(rf"\x1e(?!{home}){_ABROAD.pattern}(?=\x1e)")


def unnulled(cell: str) -> str:
    """Blank in place of a database's word for it.

    >>> unnulled("NULL"), unnulled("Null"), unnulled("-")
    ('', 'Null', '-')
    """
    return "" if _NULL.fullmatch(cell) else cell


def unsaid(cell: str) -> str:
    """Blank in place of whatever people and programs write where there is no phone, e-mail, number or date.

    >>> unsaid("NULL"), unsaid("-"), unsaid("Нет"), unsaid("-5")
    ('', '', '', '-5')
    """
    return "" if _NOTHING.fullmatch(cell) else unnulled(cell)


def whole(cell: str) -> str:
    """The number without its decimals of zeros.

    >>> whole("79261234567.0"), whole("7926")
    ('79261234567', '7926')
    """
    found = _WHOLE.fullmatch(cell)
    return found[1] if found else cell


def day(cell: str) -> str:
    """The date that a number of days is in Excel's 1900 date system, as in ISO 8601.

    >>> day("45292"), day("17")
    ('2024-01-01', '17')
    """
    if not _SERIAL.fullmatch(cell):
        return cell
    return (_EPOCH + dt.timedelta(days=int(cell[:5]))).isoformat()


def abroad(cell: str, region: str) -> str:
    """Digits that are no number at home but one with `+` in front, so written; '' for whatever else.

    >>> abroad("380441234567.0", "RU"), abroad("79261234567", "RU"), abroad("8 800", "RU")
    ('+380441234567', '', '')
    """
    if not _ABROAD.fullmatch(cell) or e164(digits := whole(cell), region):
        return ""
    return f"+{digits}" if e164(f"+{digits}", region) else ""


def _from_abroad(cell: str, region: str) -> str | None:
    return abroad(cell, region) or None


def padded(cell: str, width: int) -> str:
    """Digits with the zeros in front that they have lost.

    >>> padded("42", 5), padded("A1", 5)
    ('00042', 'A1')
    """
    return cell.zfill(width) if cell.isascii() and cell.isdecimal() else cell
