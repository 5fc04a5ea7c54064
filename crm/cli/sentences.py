"""Commands that answer what goes wrong with one sentence, and exit with 1."""

from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from crm.errors import DomainError


class Noun(AppGroup):
    """The commands about one noun: a refusal of the business or of the database ends as a sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DomainError as error:
            raise click.ClickException(error.message) from error
        except (OperationalError, ProgrammingError) as error:
            reason = str(error.orig).splitlines()[0]
            advice = "check DATABASE_URL and run: flask --app wsgi db upgrade"
            raise click.ClickException(f"The database cannot be used ({reason}); {advice}") from error
