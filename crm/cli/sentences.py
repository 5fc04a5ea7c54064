"""Commands that answer what goes wrong with one sentence, and exit with 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from crm.errors import DomainError


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """End a refusal of the business or of the database as a sentence."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(error.message) from error
    except (OperationalError, ProgrammingError) as error:
        reason = str(error.orig).splitlines()[0]
        advice = "check DATABASE_URL and run: flask --app wsgi db upgrade"
        raise click.ClickException(f"The database cannot be used ({reason}); {advice}") from error


class Noun(AppGroup):
    """The commands about one noun."""

    def invoke(self, ctx: click.Context) -> Any:
        with in_a_sentence():
            return super().invoke(ctx)
