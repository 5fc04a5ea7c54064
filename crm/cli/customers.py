"""`flask customers …`: customers in bulk, from the command line."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from crm.cli.output import to_a_file, write_out
from crm.cli.progress import progress
from crm.errors import DomainError, Invalid
from crm.models.imports import ON_DUPLICATE
from crm.services import imports
from crm.services.audit import Actor
from crm.services.exporting.orders import Order
from crm.services.search import Criteria

customers = AppGroup("customers", help="Customers in bulk.")
_ACTOR = Actor(None, "cli")
_COUNTS = ("created", "updated", "unchanged", "skipped", "failed")


def _pairs(_context: click.Context, _option: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not COLUMN=FIELD.")
    return dict(pair.rsplit("=", 1) for pair in pairs)


@customers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--on-duplicate", type=click.Choice(ON_DUPLICATE), default="skip", show_default=True,
              help="What to do with a row whose external id, e-mail or phone a customer has already.")  # fmt: skip
@click.option("--mapping", multiple=True, callback=_pairs, metavar="COLUMN=FIELD",
              help="The field of a column that is not recognised; COLUMN= leaves it out. May be repeated.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Count what would happen and write nothing.")
@click.option("--errors", type=click.Path(dir_okay=False, writable=True, path_type=Path),
              help="Write the rows that were not taken into this file, in the format of FILE or near it.")  # fmt: skip
def import_(file: Path, on_duplicate: str, mapping: dict[str, str], dry_run: bool, errors: Path | None) -> None:
    """Import the customers of FILE (CSV, XLSX, XLS, ODS or JSON lines) and print the counts as JSON.

    Exit code 2 where the file is refused; nothing is written then.
    """
    begun = time.monotonic()
    work = _rehearse if dry_run else _import
    try:
        counts, failed_rows = work(file, on_duplicate, mapping, current_app.config["CRM_DEFAULT_LOCALE"])
    except Invalid as error:
        raise _Refused(error.message) from error
    except DomainError as error:
        raise click.ClickException(error.message) from error
    if errors is not None:
        with errors.open("wb") as target:
            target.writelines(failed_rows)
    click.echo(json.dumps(counts | {"seconds": round(time.monotonic() - begun, 2)}))


@customers.command("export")
@to_a_file
def export(format_: str, output: Path | None) -> None:
    """Write all customers, archived ones too, with their contacts and tags."""
    write_out(Order("customers", Criteria(status=""), format_), output)


class _Refused(click.ClickException):
    exit_code = 2


_Outcome = tuple[dict[str, Any], Iterable[bytes]]  # the counts, the file of failed rows in pieces


def _import(file: Path, on_duplicate: str, mapping: dict[str, str], locale: str) -> _Outcome:
    with file.open("rb") as stream:
        upload = imports.accept(_ACTOR, stream, file.name, on_duplicate, mapping, locale, start=False)
    _tell(upload.notes)
    try:
        with progress() as show:
            imports.run(upload.id, show)
    except KeyboardInterrupt:
        imports.cancel(_ACTOR, upload.id)
        raise
    done = imports.get(upload.id)
    if done.status != "done":
        raise click.ClickException(done.error or f"The import is {done.status}.")
    counts = {"rows": done.read_rows, **{name: getattr(done, name) for name in _COUNTS}}
    return counts, imports.failed_file(done.id).pieces


def _rehearse(file: Path, on_duplicate: str, mapping: dict[str, str], locale: str) -> _Outcome:
    with progress() as show:
        result = imports.rehearse(file, on_duplicate, mapping, locale, show)
    _tell(result.layout.notes)
    counts = {"rows": result.rows, **{name: getattr(result, name) for name in _COUNTS}}
    return counts, result.failed_file().pieces


def _tell(notes: list[str]) -> None:
    for note in notes:
        click.echo(note, err=True)
