"""`flask customers …`: customers in bulk, from the command line."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from flask import current_app

from crm.cli.import_choices import deciding
from crm.cli.output import filtered, ordered, to_a_file, write_out
from crm.cli.progress import progress
from crm.cli.sentences import Noun
from crm.errors import DomainError, Invalid
from crm.services import import_json, imports
from crm.services.audit import Actor
from crm.services.importing.choices import Choices
from crm.tabular.damage import Finding
from crm.tabular.damage_words import sentence

customers = Noun("customers", help="Customers in bulk.")
_ACTOR = Actor(None, "cli")
_NAMED = 100  # rows that stay after an undo
_COUNTS = ("created", "updated", "unchanged", "skipped", "failed")


@customers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@deciding
@click.option("--dry-run", is_flag=True, help="Count what would happen and write nothing.")
@click.option("--errors", type=click.Path(dir_okay=False, writable=True, path_type=Path),
              help="Write the rows that were not taken into this file, in the format of FILE or near it.")  # fmt: skip
def import_(file: Path, choices: Choices, dry_run: bool, errors: Path | None) -> None:
    """Import the customers of FILE (CSV, XLSX, XLS, ODS or JSON lines) and print the counts as JSON.

    Exit code 2 where the file is refused; nothing is written then.
    """
    begun = time.monotonic()
    work = _rehearse if dry_run else _import
    try:
        counts, failed_rows = work(file, choices, current_app.config["CRM_DEFAULT_LOCALE"])
    except Invalid as error:
        raise _Refused(error.message) from error
    except DomainError as error:
        raise click.ClickException(error.message) from error
    if errors is not None:
        with errors.open("wb") as target:
            target.writelines(failed_rows)
    click.echo(json.dumps(counts | {"seconds": round(time.monotonic() - begun, 2)}))


@customers.command("export")
@filtered
@to_a_file
def export(filters: dict[str, str], format_: str, output: Path | None) -> None:
    """Write all customers, archived ones too, with what belongs to them, or those that meet the filters."""
    write_out(ordered("customers", format_, {"status": "", **filters}), output)


@customers.command("undo-import")
@click.argument("import_id", type=int)
@click.option("--dry-run", is_flag=True, help="Say what would be taken back and what would stay; write nothing.")
def undo_import(import_id: int, dry_run: bool) -> None:
    """Take back the import with this number, within 30 days of its end, and print the counts as JSON.

    The rows that stay, and why, go to standard error.
    """
    begun = time.monotonic()
    try:
        counts = _foreseen(import_id) if dry_run else _undone(import_id)
    except DomainError as error:
        raise click.ClickException(error.message) from error
    click.echo(json.dumps(counts | {"seconds": round(time.monotonic() - begun, 2)}))


def _foreseen(import_id: int) -> dict[str, Any]:
    found = import_json.undo_preview(import_id)
    kept = found.pop("kept_rows")
    _tell_kept([(one["row"], one["customer"], one["message"]) for one in kept], found["kept"])
    return found


def _undone(import_id: int) -> dict[str, Any]:
    upload = imports.undo(_ACTOR, import_id)
    while upload.status == "undoing":
        with progress() as show:
            imports.run(import_id, show)  # returns at once where a worker is at it
        upload = imports.get(import_id)
        time.sleep(0.2 if upload.status == "undoing" else 0)
    if upload.status != "undone":
        raise click.ClickException(upload.error or f"The import is {upload.status}.")
    kept = imports.rows(import_id, "kept", limit=_NAMED).items
    _tell_kept([(one.row, one.customer_name or "", one.undo_note or "") for one in kept], upload.kept)
    return {"undone": upload.undone, "kept": upload.kept}


def _tell_kept(named: list[tuple[int, str, str]], number: int) -> None:
    for row, name, note in named:
        click.echo(": ".join(filter(None, (f"Row {row}", name, note))), err=True)
    if number > len(named):
        click.echo(f"… and {number - len(named)} rows more.", err=True)


class _Refused(click.ClickException):
    exit_code = 2


_Outcome = tuple[dict[str, Any], Iterable[bytes]]  # the counts, the file of failed rows in pieces


def _import(file: Path, choices: Choices, locale: str) -> _Outcome:
    with file.open("rb") as stream:
        upload = imports.accept(_ACTOR, stream, file.name, choices, locale, start=False)
    _tell(upload.notes, map(Finding.from_json, upload.damage), choices)
    _tell_earlier(upload.id)
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
    counts["openings"] = import_json.decimals({one.currency: one.amount for one in imports.openings(done.id)})
    if done.can_be_undone:
        click.echo(f"`flask customers undo-import {done.id}` takes it back, for 30 days.", err=True)
    return counts, imports.failed_file(done.id).pieces


def _rehearse(file: Path, choices: Choices, locale: str) -> _Outcome:
    with progress() as show:
        result = imports.rehearse(file, choices, locale, show)
    _tell(result.layout.notes, result.layout.damage, choices)
    counts = {"rows": result.rows, **{name: getattr(result, name) for name in _COUNTS}}
    counts["openings"] = import_json.decimals(result.openings)
    return counts, result.failed_file().pieces


def _tell_earlier(import_id: int) -> None:
    before = imports.uploaded_before(import_id)
    if before:
        by = f" by {before.created_by.display_name}" if before.created_by else ""
        when = f"{before.created_at:%Y-%m-%d %H:%M} UTC"
        click.echo(f"This very file was imported before: import {before.id}, {before.filename}, {when}{by}.", err=True)


def _tell(notes: list[str], damage: Iterable[Finding], choices: Choices) -> None:
    for note in notes:
        click.echo(note, err=True)
    for finding in damage:
        end = "" if not finding.repair else " Done by --repair." if choices.repair else " Add --repair for that."
        click.echo(f"{sentence(finding)}{end}", err=True)
