"""Cells that a spreadsheet program would run as formulas: disarmed on the way out, taken back on the way in. Pure."""

import re

_RUNS = tuple("=+-@\t\r\n")  # as OWASP lists them (CSV Injection)
# Signed digits with the punctuation of numbers and phones: nothing in it can call a function.
# Where a program that goes by other delimiters begins a cell anew: quotation marks do not hold it.
_INSIDE = re.compile(r"([;\t\r\n])('*)(?=[=+@-])")
_INSIDE_GUARDED = re.compile(r"([;\t\r\n])'('*)(?=[=+@-])")
_HARMLESS = re.compile(r"[+-][\d .,()\u00a0\u202f-]*\Z", re.ASCII)


def guarded(cell: str) -> str:
    """The cell as it may stand in a CSV file: an apostrophe before what would be run; numbers and phones stay.

    `unguarded` gives back the same text for every cell.

    >>> guarded("=SUM(1+1)"), guarded("+7 912 345-67-89"), guarded("Anna"), guarded("a;=1")
    ("'=SUM(1+1)", '+7 912 345-67-89', 'Anna', "a;'=1")
    """
    if _HARMLESS.match(cell):
        return cell
    cell = _INSIDE.sub(r"\1'\2", cell)
    return f"'{cell}" if cell.lstrip("'").startswith(_RUNS) else cell


def runs_inside(text: str) -> bool:
    """Whether `guarded` might change something further inside of a cell of this text, whose cells may be many."""
    return _INSIDE.search(text) is not None


def unguarded(cell: str) -> str:
    """The cell without the apostrophes that `guarded`, or a person in a spreadsheet, has put there.

    >>> unguarded("'=SUM(1+1)"), unguarded("'+79120000010"), unguarded("'s-Hertogenbosch"), unguarded("a;'=1")
    ('=SUM(1+1)', '+79120000010', "'s-Hertogenbosch", 'a;=1')
    """
    if "'" not in cell:
        return cell
    cell = cell[1:] if cell[:1] == "'" and cell.lstrip("'").startswith(_RUNS) else cell
    return _INSIDE_GUARDED.sub(r"\1\2", cell)


def escaped(cell: str) -> str:
    """The cell as it may stand where nothing is run, as text in a workbook: `unguarded` gives back the same text.

    >>> escaped("=SUM(1+1)"), escaped("'=SUM(1+1)"), unguarded(escaped("'=SUM(1+1)"))
    ('=SUM(1+1)', "''=SUM(1+1)", "'=SUM(1+1)")
    """
    if "'" not in cell:
        return cell
    inside = _INSIDE_GUARDED.sub(r"\1''\2", cell)
    return f"'{inside}" if cell[:1] == "'" and cell.lstrip("'").startswith(_RUNS) else inside
