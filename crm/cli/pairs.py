"""Options of the form NAME=VALUE, which may be repeated, each name once."""

from collections.abc import Callable
from typing import Any

import click

Callback = Callable[[click.Context, click.Parameter, tuple[str, ...]], dict[str, str]]


def named() -> dict[str, Any]:
    """The settings of an option whose names have no `=`, whatever the values have."""
    return {"multiple": True, "callback": _by(str.partition)}


def of_columns() -> dict[str, Any]:
    """The settings of an option whose names, those of a file's columns, may have one; the values have none."""
    return {"multiple": True, "callback": _by(str.rpartition)}


def _by(parted: Callable[[str, str], tuple[str, str, str]]) -> Callback:
    def read(_context: click.Context, option: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
        found: dict[str, str] = {}
        for pair in pairs:
            name, sign, value = parted(pair, "=")
            if not sign:
                raise click.BadParameter(f"{pair!r} is not {option.metavar}.")
            if name in found:
                raise click.BadParameter(f"{name!r} is given more than once.")
            found[name] = value
        return found

    return read
