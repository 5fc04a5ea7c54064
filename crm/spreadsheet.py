"""Cells that a spreadsheet program would run as formulas: disarmed on the way out, taken back on the way in. Pure."""

import re

_RUNS = tuple("=+-@\t\r\n")  # as OWASP lists them (CSV Injection)
# Signed digits with the punctuation of numbers and phones: nothing in it can call a function.
_HARMLESS = re.compile(r"[+-][\d .,()\u00a0\u202f-]*\Z", re.ASCII)


def guarded(cell: str) -> str:
    """The cell as it may stand in a CSV file: an apostrophe before what would be run; numbers and phones stay.

    `unguarded` gives back the same text for every cell.

    >>> guarded("=SUM(1+1)"), guarded("+7 912 345-67-89"), guarded("Anna")
    ("'=SUM(1+1)", '+7 912 345-67-89', 'Anna')
    """
    if _HARMLESS.match(cell) or not cell.lstrip("'").startswith(_RUNS):
        return cell
    return f"'{cell}"


def unguarded(cell: str) -> str:
    """The cell without the apostrophe that `guarded`, or a person in a spreadsheet, has put before it.

    >>> unguarded("'=SUM(1+1)"), unguarded("'+79120000010"), unguarded("'s-Hertogenbosch")
    ('=SUM(1+1)', '+79120000010', "'s-Hertogenbosch")
    """
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'").startswith(_RUNS) else cell


def escaped(cell: str) -> str:
    """The cell as it may stand where nothing is run, as text in a workbook: `unguarded` gives back the same text.

    >>> escaped("=SUM(1+1)"), escaped("'=SUM(1+1)"), unguarded(escaped("'=SUM(1+1)"))
    ('=SUM(1+1)', "''=SUM(1+1)", "'=SUM(1+1)")
    """
    return f"'{cell}" if unguarded(cell) != cell else cell
