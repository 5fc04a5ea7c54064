"""`flask tokens …`: what programs sign in with, from the command line."""

import re
from datetime import timedelta

import click

from crm.cli.sentences import Noun
from crm.db import utcnow
from crm.models import Scope
from crm.services import tokens as service
from crm.services import users
from crm.services.audit import Actor

tokens = Noun("tokens", help="What programs sign in with.")
_UNITS = {"h": "hours", "d": "days"}


def _span(_context: click.Context, _parameter: click.Parameter, value: str | None) -> timedelta | None:
    if value is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,5})([hd])", value, re.ASCII)
    if not found:
        raise click.BadParameter("write it like 90d or 12h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


@tokens.command()
@click.argument("email")
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it is narrowed to, several times for several; without any, it may all that the person may.",
)
@click.option("--expires", callback=_span, help="How long it is good for, like 90d or 12h; for ever where not given.")
def create(email: str, name: str, scopes: tuple[str, ...], expires: timedelta | None) -> None:
    """Print a new token of the person with EMAIL. It is shown once."""
    user = users.by_email(email)
    until = utcnow() + expires if expires else None
    _token, secret = service.create(Actor(None, "cli"), user.id, name, scopes, until)
    click.echo(secret)
