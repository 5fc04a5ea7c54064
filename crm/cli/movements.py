"""`flask payments export`, `flask operations export` and `… statement`: what has moved, as a file."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from crm.cli.output import Command, filtered, ordered, to_a_file, write_out
from crm.cli.sentences import Noun

payments = Noun("payments", help="Payments, as a file.")
operations = Noun("operations", help="Operations of all accounts, as a file.")
_DAY = click.DateTime(["%Y-%m-%d"])


def _of_days(required: bool = False) -> Callable[[Command], Command]:
    said = "The first day, in the product's time zone."
    since = click.option("--from", "first", type=_DAY, required=required, help=said)
    until = click.option("--to", "last", type=_DAY, required=required, help="The last day.")
    return lambda command: since(until(command))


@payments.command("export")
@_of_days()
@filtered
@to_a_file
def export_payments(
    first: datetime | None, last: datetime | None, filters: dict[str, str], format_: str, output: Path | None
) -> None:
    """Write all payments, or those of some days or that meet the filters, the newest first."""
    days = _told(created_from=first, created_to=last)
    write_out(ordered("payments", format_, _both(filters, days)), output)


@operations.command("export")
@_of_days()
@filtered
@to_a_file
def export_operations(
    first: datetime | None, last: datetime | None, filters: dict[str, str], format_: str, output: Path | None
) -> None:
    """Write all operations, or those of some days or that meet the filters, the oldest first."""
    order = ordered("operations", format_, _both(filters, _told(first=first, last=last)))
    write_out(replace(order, criteria=replace(order.criteria, sort="time")), output)


@operations.command("statement")
@click.argument("account", type=int)
@_of_days(required=True)
@to_a_file
def export_statement(account: int, first: datetime, last: datetime, format_: str, output: Path | None) -> None:
    """Write the statement of the wallet with this number, the oldest operation first."""
    days = _told(first=first, last=last)
    write_out(ordered("statement", format_, {"account": str(account), **days}), output)


def _both(filters: dict[str, str], days: dict[str, str]) -> dict[str, str]:
    twice = filters.keys() & days.keys()
    if twice:
        raise click.UsageError(f"{min(twice)} is given more than once.")
    return filters | days


def _told(**days: datetime | None) -> dict[str, str]:
    return {name: day.date().isoformat() for name, day in days.items() if day}
