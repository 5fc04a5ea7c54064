"""`flask rates …` and `flask commission-rules …`: what it costs to move money, from the command line."""

from datetime import datetime
from pathlib import Path

import click

from crm.cli.sentences import Noun
from crm.money import scaled_text, to_text
from crm.services import commission_rules as rules_service
from crm.services import rates as service
from crm.services import rates_file
from crm.services.audit import Actor
from crm.services.commission_rules import Standing, State
from crm.services.rates import RateData

rates = Noun("rates", help="Exchange rates.")
commission_rules = Noun("commission-rules", help="What is taken for payments.")
_ACTOR = Actor(None, "cli")


@rates.command()
@click.argument("from_currency")
@click.argument("to_currency")
@click.argument("rate")
@click.option("--spread", default="", help="The percent of what is paid that is kept as commission.")
@click.option("--valid-from", default="", help="From when on, such as 2026-01-31 09:00; now by default.")
@click.option("--inverse", is_flag=True, help="Add the rate the other way, too.")
def add(from_currency: str, to_currency: str, rate: str, spread: str, valid_from: str, inverse: bool) -> None:
    """Let one FROM_CURRENCY buy RATE of TO_CURRENCY."""
    for made in service.add(_ACTOR, RateData(from_currency, to_currency, rate, spread, valid_from), inverse):
        click.echo(_rate_line(*made))


@rates.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
def import_(file: Path) -> None:
    """Add the rates of FILE (CSV or XLSX): from_currency, to_currency, rate, and perhaps spread and valid_from.

    It is taken whole or not at all.
    """
    with file.open("rb") as stream:
        count = rates_file.accept(_ACTOR, stream, file.name)
    click.echo(f"{count} rates were added.")


@rates.command("list")
def list_() -> None:
    """The rate of every pair that is in force."""
    for row, is_coming, _coming in service.latest():
        line = _rate_line(row.from_currency, row.to_currency, row.rate, row.spread, row.valid_from)
        click.echo(f"{line} (to come)" if is_coming else line)


@commission_rules.command("list")
def list_rules() -> None:
    """The rules that are in force or to come."""
    for one in rules_service.listed(past=0):
        click.echo(_rule_line(one))


def _rate_line(from_currency: str, to_currency: str, rate: int, spread: int, valid_from: datetime) -> str:
    kept = f", {scaled_text(spread)} % kept" if spread else ""
    return f"1 {from_currency} = {scaled_text(rate)} {to_currency}{kept}, from {valid_from:%Y-%m-%d %H:%M} UTC"


def _rule_line(one: Standing) -> str:
    rule, currency = one.rule, one.rule.currency or ""
    parts = [f"{scaled_text(rule.percent)} %"]
    for word, minor in (("plus", rule.fixed or None), ("at least", rule.minimum or None), ("at most", rule.maximum)):
        parts += [f"{word} {to_text(minor, currency)}"] if minor is not None else []
    which = " ".join(filter(None, (rule.payment_kind, currency, rule.source)))
    coming = f" (from {one.row.valid_from:%Y-%m-%d %H:%M} UTC)" if one.state == State.COMING else ""
    return f"{one.row.id}  {which}: {', '.join(parts)}{coming}"
