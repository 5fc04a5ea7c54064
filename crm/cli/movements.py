"""`flask payments export` and `flask operations export`: what has moved, as a file."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from crm.cli.output import Command, to_a_file, write_out
from crm.cli.sentences import Noun
from crm.services import operations as operation_list
from crm.services.exporting.orders import Order
from crm.services.paying import criteria as payment_criteria

payments = Noun("payments", help="Payments, as a file.")
operations = Noun("operations", help="Operations of all accounts, as a file.")
_DAY = click.DateTime(["%Y-%m-%d"])


def _of_some_days(command: Command) -> Command:
    since = click.option("--from", "first", type=_DAY, help="The first day, in the product's time zone.")
    return since(click.option("--to", "last", type=_DAY, help="The last day.")(command))


@payments.command("export")
@_of_some_days
@to_a_file
def export_payments(first: datetime | None, last: datetime | None, format_: str, output: Path | None) -> None:
    """Write all payments, or those of some days, the newest first."""
    days = {"created_from": _day(first), "created_to": _day(last)}
    write_out(Order("payments", payment_criteria.Criteria(**days), format_), output)


@operations.command("export")
@_of_some_days
@to_a_file
def export_operations(first: datetime | None, last: datetime | None, format_: str, output: Path | None) -> None:
    """Write all operations, or those of some days, the oldest first."""
    criteria = operation_list.Criteria(first=_day(first), last=_day(last), sort="time")
    write_out(Order("operations", criteria, format_), output)


def _day(moment: datetime | None) -> Any:
    return moment.date() if moment else None
