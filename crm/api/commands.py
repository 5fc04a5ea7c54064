"""`flask api …`: the description of the API as files."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from crm.api.insomnia import collection
from crm.api.openapi import described
from crm.config import ROOT

api = AppGroup("api", help="The description of the API as files.")
COLLECTION = ROOT / "docs" / "crm.insomnia.json"


@api.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=COLLECTION, help="Where it goes.")
def insomnia(output: Path) -> None:
    """Write all calls as a collection for Insomnia."""
    output.write_text(collection())
    click.echo(f"{output} was written.")


@api.command()
def openapi() -> None:
    """Print the description by OpenAPI 3.1."""
    click.echo(json.dumps(described(), ensure_ascii=False, indent=2))
