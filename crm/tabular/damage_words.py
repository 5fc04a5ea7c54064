"""What is said of damage to a table, in the reader's language."""

from crm.i18n import ngettext
from crm.tabular.damage import Finding


def sentence(finding: Finding) -> str:
    """What happened to how many cells of which column, and what can be done."""
    values = {"column": _shown(finding.column, 60), "sample": _sample(finding)}
    return _SENTENCES[finding.kind](finding.count, values) if finding.kind in _SENTENCES else ""


def _sample(finding: Finding) -> str:
    return _shown(finding.samples[0].before if finding.samples else "", 40)


def _shown(text: str, length: int) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text[:length])


def _exponent(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d number was shortened, as %(sample)s was; its last digits are lost."
        " Make the column text where it comes from, and save it again.",
        "%(column)s: %(num)d numbers were shortened, as %(sample)s was; their last digits are lost."
        " Make the column text where it comes from, and save it again.",
        count,
        **values,
    )


def _decimal(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d number has decimals that it never had, as %(sample)s; they can be taken off.",
        "%(column)s: %(num)d numbers have decimals that they never had, as %(sample)s; they can be taken off.",
        count,
        **values,
    )


def _zeros(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d number has lost the zeros in front, as %(sample)s; they can be put back.",
        "%(column)s: %(num)d numbers have lost the zeros in front, as %(sample)s; they can be put back.",
        count,
        **values,
    )


def _serial(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d date was turned into a number, as %(sample)s; it can be turned back.",
        "%(column)s: %(num)d dates were turned into numbers, as %(sample)s; they can be turned back.",
        count,
        **values,
    )


def _month(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d cell was turned into a date, as %(sample)s; what it was can't be told."
        " Make the column text where it comes from, and save it again.",
        "%(column)s: %(num)d cells were turned into dates, as %(sample)s; what they were can't be told."
        " Make the column text where it comes from, and save it again.",
        count,
        **values,
    )


def _mojibake(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d cell was written in one encoding and read in another, as %(sample)s; it can be put right.",
        "%(column)s: %(num)d cells were written in one encoding and read in another, as %(sample)s;"
        " they can be put right.",
        count,
        **values,
    )


def _abroad(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d number is valid only as one from abroad, as %(sample)s; a + can be put in front.",
        "%(column)s: %(num)d numbers are valid only as ones from abroad, as %(sample)s; a + can be put in front.",
        count,
        **values,
    )


def _nothing(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d cell has a word for nothing, as %(sample)s; it can be left blank.",
        "%(column)s: %(num)d cells have a word for nothing, as %(sample)s; they can be left blank.",
        count,
        **values,
    )


def _formula(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d cell has a formula in place of its value, as %(sample)s; it is taken as text.",
        "%(column)s: %(num)d cells have formulas in place of their values, as %(sample)s; they are taken as text.",
        count,
        **values,
    )


def _fault(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d cell has an error of the spreadsheet in place of its value: %(sample)s.",
        "%(column)s: %(num)d cells have errors of the spreadsheet in place of their values, as %(sample)s.",
        count,
        **values,
    )


def _lost(count: int, values: dict[str, str]) -> str:
    return ngettext(
        "%(column)s: %(num)d cell has lost letters, as %(sample)s; they can't be told any more.",
        "%(column)s: %(num)d cells have lost letters, as %(sample)s; they can't be told any more.",
        count,
        **values,
    )


_SENTENCES = {
    "exponent": _exponent,
    "rounded": _exponent,
    "decimal": _decimal,
    "zeros": _zeros,
    "serial": _serial,
    "month": _month,
    "day": _month,
    "mojibake": _mojibake,
    "abroad": _abroad,
    "nothing": _nothing,
    "null": _nothing,
    "formula": _formula,
    "fault": _fault,
    "lost": _lost,
}
