"""The options that decide how a file of customers is imported."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

import click

from crm.cli.pairs import named, of_columns
from crm.models.imports import ON_DUPLICATE
from crm.services.importing.choices import DELIMITERS, Choices
from crm.services.importing.plan import MATCH, POLICIES
from crm.services.tables import HEADER_ROWS, Reading

Command = Callable[..., Any]


def deciding(command: Command) -> Command:
    """Give the command the options, as `choices`."""

    @wraps(command)
    def gathering(
        encoding: str | None, delimiter: str | None, sheet: str | None, header: int | None, **given: Any
    ) -> Any:
        reading = Reading(encoding, delimiter and DELIMITERS[delimiter], sheet, header and header - 1)
        decided = {name: given.pop(name) for name in _DECIDED}
        return command(choices=Choices(**decided, reading=reading), **given)

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


def _keys(_context: click.Context, _option: click.Parameter, keys: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in keys.split(",") if key.strip())


_DECIDED = tuple(field.name for field in fields(Choices) if field.name != "reading")
_OPTIONS = (
    click.option("--on-duplicate", type=click.Choice(ON_DUPLICATE), default="skip", show_default=True,
                 help="What to do with a row that means a customer who is there already."),
    click.option("--mapping", **of_columns(), metavar="COLUMN=FIELD",
                 help="The field of a column that is not recognised; COLUMN= leaves it out. May be repeated."),
    click.option("--policy", "policies", **of_columns(), metavar="COLUMN=POLICY",
                 help=f"What a column may do to customers who are there: {', '.join(POLICIES)}. May be repeated."),
    click.option("--currency", "currencies", **of_columns(), metavar="COLUMN=CODE",
                 help="The currency of a column of balances. May be repeated."),
    click.option("--label", "labels", **of_columns(), metavar="COLUMN=LABEL",
                 help="The label of a column of contacts, such as Work. May be repeated."),
    click.option("--default", "defaults", **named(), metavar="FIELD=VALUE",
                 help="What stands in for blanks of a field, or for a column that is not there. May be repeated."),
    click.option("--match", callback=_keys, metavar="KEY,KEY…", default=",".join(MATCH), show_default=True,
                 help=f"What customers are recognised by, in this order: {', '.join(MATCH)} (any other)."),
    click.option("--restore", is_flag=True, help="Make archived customers who are recognised active again."),
    click.option("--repair", is_flag=True,
                 help="Put right what a spreadsheet program has spoilt, where it is certain what it was."),
    click.option("--encoding", metavar="NAME",
                 help="How the text is written, such as windows-1251, where that is not found out."),
    click.option("--delimiter", type=click.Choice(tuple(DELIMITERS)),
                 help="What stands between cells, where that is not found out."),
    click.option("--sheet", metavar="NAME", help="The sheet of a workbook, instead of the first with customers."),
    click.option("--header", type=click.IntRange(1, HEADER_ROWS), metavar="ROW",
                 help="The row with the names of the columns, counted from 1, where that is not found out."),
)  # fmt: skip
