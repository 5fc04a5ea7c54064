"""What stands for a row in an address."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST = 2**63 - 1  # of a BIGINT


class RowId(IntegerConverter):
    """An `<int:pk>` that a database can hold; a larger one leads nowhere."""

    regex = r"\d{1,19}"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max": LARGEST} | options)


def init_app(app: Flask) -> None:
    """Read every `<int:…>` so; the routes must be added after this."""
    app.url_map.converters["int"] = RowId
