"""`flask demo`: a believable business to look at."""

import time

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from crm.cli.progress import progress
from crm.cli.sentences import in_a_sentence
from crm.db import db
from crm.ledger.verify import verify
from crm.models import Customer


@click.command()
@click.option(
    "--customers", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many customers."
)
@click.option("--payments", type=click.IntRange(1, 1_000_000), help="How many payments; ten a customer by default.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same business.")
@click.option("--yes", is_flag=True, help="Add to the customers that there are.")
@with_appcontext
@in_a_sentence()
def demo(customers: int, payments: int | None, seed: int, yes: bool) -> None:
    """Fill the database with a believable business: customers, and months of payments in three currencies."""
    from crm.demo.story import Demo

    if not yes and db.session.scalar(select(Customer.id).limit(1)) is not None:
        raise click.ClickException("There are customers already. What is made up cannot be deleted: --yes adds it.")
    begun = time.monotonic()
    with progress() as show:
        made = Demo(customers, payments or 10 * customers, seed, show)
        made.live()
    broken = sum(found.differences for found in verify())
    if broken:
        raise click.ClickException(f"The ledger is not right: {broken} differences.")
    click.echo(
        f"{customers} customers and about {payments or 10 * customers} payments, {made.failed} of them failed, in"
        f" {time.monotonic() - begun:.0f} s. The ledger is right."
    )
    host, port = current_app.config["CRM_HOST"], current_app.config["CRM_PORT"]
    click.echo(
        f"Look at http://{host}:{port}/customers/, /payments/batches/, /accounts/ and /settings/ after `make run`."
    )
