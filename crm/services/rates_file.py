"""Exchange rates from a file: read whole, and taken whole or not at all, with every wrong line named."""

import shutil
import tempfile
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO

from crm.db import utcnow
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.i18n import ngettext
from crm.services import currencies, rates, tables
from crm.services.audit import Actor
from crm.services.importing.columns import Header
from crm.services.importing.rows import too_many
from crm.services.rate_columns import OPTIONAL, REQUIRED, find_header, meaning
from crm.services.rates import RateData, Terms
from crm.tabular.errors import Unreadable

LIMIT = 10_000  # rates in a file
_SHOWN = 50  # lines that are wrong


def accept(actor: Actor, stream: IO[bytes], filename: str) -> int:
    """Add the rates of a CSV or XLSX file that has the columns of `rate_columns`; how many they are.

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
    layout = tables.examine(path, tables.Wanted(find_header, _unrecognised))
    _check(layout.header)
    if layout.total > LIMIT:
        raise Unreadable(_("The file has more than %(count)d rows; split it.", count=LIMIT))
    known, now = currencies.codes(), utcnow()
    wanted: dict[int, Terms] = {}
    wrong: dict[int, str] = {}
    for line, cells in layout.rows(path):
        try:
            wanted[line] = _terms(cells, layout.header.mapping, known, now)
        except Invalid as error:
            wrong[line] = error.message
    wrong |= _doubles(wanted)
    if wrong:
        raise Invalid({"file": _sentences(wrong)})
    return list(wanted.values())


def _check(header: Header) -> None:
    """A column that would be left out is refused: a spread, misspelt, would be no spread."""
    for column, field in zip(header.columns, header.mapping, strict=True):
        name = tables.listed([column]) or "—"
        if field is None and meaning(column):
            raise Unreadable(_("The column %(name)s holds the same as another one.", name=name))
        if field is None:
            wanted = ", ".join([*REQUIRED, *(f"[{one}]" for one in OPTIONAL)])
            raise Unreadable(
                _("The column %(name)s is unknown; the columns are %(columns)s.", name=name, columns=wanted)
            )


def _terms(cells: list[str], mapping: Sequence[str | None], known: Collection[str], now: datetime) -> Terms:
    surplus = too_many(cells, len(mapping))
    if surplus:
        raise Invalid({"": [surplus]})
    typed = {name: cell for name, cell in zip(mapping, cells, strict=False) if name}
    return rates.checked(RateData(**typed), known, now)


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


def _unrecognised(columns: str) -> str:
    return _(
        "The columns from_currency, to_currency and rate are needed. The columns found are: %(columns)s.",
        columns=columns,
    )
