"""Exchange rates from a file: read whole, and taken whole or not at all, with every wrong line named."""

import shutil
import tempfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import IO

from crm.db import utcnow
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.i18n import ngettext
from crm.services import currencies, rates
from crm.services.audit import Actor
from crm.services.rates import RateData, Terms
from crm.tabular.errors import Unreadable
from crm.tabular.table import rows

REQUIRED, OPTIONAL = ("from_currency", "to_currency", "rate"), ("spread", "valid_from")
LIMIT = 10_000  # rates in a file
_SHOWN = 50  # lines that are wrong


def accept(actor: Actor, stream: IO[bytes], filename: str) -> int:
    """Add the rates of a CSV or XLSX file with the columns `REQUIRED` and `OPTIONAL`; how many they are.

    Raises `Invalid`: at `file` stands a message for the file, or one for each line that is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="rates-") as folder:
        path = Path(folder) / "table"
        with path.open("wb") as target:
            shutil.copyfileobj(stream, target)
        try:
            wanted = _read(path)
        except Unreadable as error:
            raise Invalid({"file": [str(error)]}) from error
    name = "".join(character for character in Path(filename).name if character.isprintable())[:200]
    rates.add_many(actor, wanted, name or "—")
    return len(wanted)


def _read(path: Path) -> list[Terms]:
    known, now = currencies.codes(), utcnow()
    wanted: dict[int, Terms] = {}
    wrong: dict[int, str] = {}
    for count, (line, cells) in enumerate(rows(path, REQUIRED, OPTIONAL), 1):
        if count > LIMIT:
            raise Unreadable(_("The file has more than %(count)d rows; split it.", count=LIMIT))
        try:
            wanted[line] = _terms(cells, known, now)
        except Invalid as error:
            wrong[line] = error.message
    if not wanted and not wrong:
        raise Unreadable(_("The file has a header, but no rows below it."))
    wrong |= _doubles(wanted)
    if wrong:
        raise Invalid({"file": _sentences(wrong)})
    return list(wanted.values())


def _terms(cells: dict[str, str], known: Collection[str], now: datetime) -> Terms:
    beyond = cells.pop("")
    if beyond:
        raise Invalid({"": [_("There are more cells than columns.")]})
    return rates.checked(RateData(**cells), known, now)


def _doubles(wanted: dict[int, Terms]) -> dict[int, str]:
    """The lines whose pair has a rate from the same moment on, in the file or stored."""
    stored = rates.taken(wanted.values()) if wanted else set()
    first: dict[tuple[str, str, datetime], int] = {}
    wrong = {}
    for line, terms in wanted.items():
        place = terms.from_currency, terms.to_currency, terms.valid_from
        if place in stored:
            wrong[line] = _("The pair has a rate from this moment on already.")
        elif first.setdefault(place, line) != line:
            wrong[line] = _("Line %(line)d is of the same pair and moment.", line=first[place])
    return wrong


def _sentences(wrong: dict[int, str]) -> list[str]:
    lines = sorted(wrong)
    said = [_("Line %(line)d: %(message)s", line=line, message=wrong[line]) for line in lines[:_SHOWN]]
    more = len(lines) - len(said)
    if more:
        said.append(ngettext("%(num)d more line is wrong.", "%(num)d more lines are wrong.", more))
    return said
