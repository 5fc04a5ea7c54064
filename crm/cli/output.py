"""A list written to a file or to standard output, with the options of every command that does so."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from crm.cli.pairs import named
from crm.cli.progress import progress
from crm.errors import Invalid
from crm.services import export_json, exports
from crm.services.audit import Actor
from crm.services.exporting import files
from crm.services.exporting.orders import FORMATS, Order

Command = TypeVar("Command", bound=Callable[..., Any])


def filtered(command: Command) -> Command:
    """Give the command the option `--filter`, as `filters`."""
    said = "Only those of the list that meet this, as the API names it: tag=vip. May be repeated."
    option = click.option("--filter", "filters", **named(), metavar="NAME=VALUE", help=said)
    return option(command)


def ordered(noun: str, format_: str, filters: Mapping[str, str]) -> Order:
    """The list with these filters, or a mistake in the command."""
    try:
        return export_json.ordered(noun, format_, export_json.of_texts(noun, filters))
    except Invalid as error:
        wrong = (f"{field.removeprefix('filters.')}: {' '.join(said)}" for field, said in error.fields.items())
        raise click.UsageError("\n".join(wrong)) from error


def to_a_file(command: Command) -> Command:
    """Give the command the options `--format` and `--output`, as `format_` and `output`."""
    where = click.Path(dir_okay=False, writable=True, path_type=Path)
    said = "The file to write; standard output by default (a workbook needs a file)."
    of_format = click.option("--format", "format_", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True)
    return of_format(click.option("--output", type=where, help=said)(command))


def write_out(order: Order, output: Path | None) -> None:
    """Write the whole list, with the names that programs know as its header. A file is there whole or not at all."""
    if output is None and order.format == "xlsx":
        raise click.UsageError("A workbook cannot go to standard output: name a file with --output.")
    if output is None:
        sheet = exports.taken(Actor(None, "cli"), order)
        with click.open_file("-", "w", encoding="utf-8") as target:
            target.writelines(files.pieces(sheet, order.format, for_people=False))
        return
    sheet = order.sheet()
    part, written = output.with_name(f".{output.name}.part"), 0

    def tell(rows: int) -> None:
        nonlocal written
        written += rows
        show(written, sheet.total)

    try:
        with progress() as show, part.open("wb") as file:
            files.write(sheet, order.format, file, tell, for_people=False)
        exports.record(Actor(None, "cli"), order, sheet.total)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
