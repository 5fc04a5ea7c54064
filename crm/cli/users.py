"""`flask users …`: the people who sign in, from the command line."""

import sys

import click
from flask import current_app

from crm.cli.sentences import Noun
from crm.errors import DomainError
from crm.models import Role
from crm.services import users as service
from crm.services.audit import Actor

users = Noun("users", help="The people who sign in.")


@users.command()
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What the person may do.")
@click.option("--name", default="", help="How the person is called.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
def create(email: str, role: str, name: str, password_stdin: bool) -> None:
    """Add a person who can sign in with EMAIL and a password."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    user = service.create(Actor(None, "cli"), email, name, role, password)
    click.echo(f"{user.email} can sign in now, as {user.role}.")


@users.command()
def first() -> None:
    """Make the first administrator where there is no user at all (`CRM_ADMIN_EMAIL`, `CRM_ADMIN_PASSWORD`)."""
    given = current_app.config["CRM_ADMIN_PASSWORD"]
    try:
        made = service.first_admin(current_app.config["CRM_ADMIN_EMAIL"], given)
    except DomainError as error:
        raise click.ClickException(f"The first administrator: {error.message}") from error
    if made is None:
        return
    user, password = made
    click.echo(f"Sign in as {user.email}")
    click.echo("with the password of CRM_ADMIN_PASSWORD." if given else f"with the password {password}")
