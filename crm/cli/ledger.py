"""`flask ledger …` and `flask currencies …`: the money proved, mended, and its currencies."""

import click

from crm.cli.sentences import Noun
from crm.ledger import days
from crm.ledger.rebuild import rebuild as rebuild_all
from crm.ledger.verify import Finding
from crm.services import currencies as service
from crm.services import posting, proving
from crm.services.audit import Actor

ledger = Noun("ledger", help="The double-entry ledger under the wallets.")
currencies = Noun("currencies", help="The currencies that wallets may have.")


@ledger.command()
@click.option("--incremental", is_flag=True, help="Only what is new since the last proof.")
def verify(incremental: bool) -> None:
    """Prove every law of the ledger on the live database, and keep the result. Exit code 1 where one is broken."""
    run = proving.prove(Actor(None, "cli"), "incremental" if incremental else "full", _tell)
    if run.differences:
        raise click.ClickException(f"The ledger is not right: {run.differences} differences.")
    if incremental:
        click.echo(f"Operations {run.from_position + 1} to {run.to_position} of the chain were looked at.")
    click.echo("The ledger is right.")


def _tell(found: Finding) -> None:
    mark = "ok" if not found.differences else f"{found.differences} BROKEN"
    click.echo(f"{found.law:<80} {found.rows:>10} rows {found.milliseconds:>7} ms  {mark}")
    for example in found.examples:
        click.echo(f"    {example}")


@ledger.command()
def rebuild() -> None:
    """Make balance rows and sums by day anew from the operations; nobody moves money meanwhile."""
    mended, written = rebuild_all()
    click.echo(f"{mended} balance rows were mended, the sums of {written} days written.")


@ledger.command()
def sweep() -> None:
    """Post the payments that wait and are due, once; workers do it by themselves."""
    posted = posting.drain()
    click.echo(f"{posted.completed} payments were completed, {posted.failed} failed.")


@ledger.command("close-days")
def close_days() -> None:
    """Write the sums of the days that are over; the scheduler does it by itself."""
    click.echo(f"The sums of {days.close()} days were written.")


@currencies.command()
@click.argument("code")
def add(code: str) -> None:
    """Take the currency CODE (ISO 4217) into use, with its technical accounts."""
    service.add(Actor(None, "cli"), code)
    click.echo(f"{code.upper()} is in use now.")
