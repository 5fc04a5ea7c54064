"""The Valkey of `make run`, to be killed and started again, and an app that uses it."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError

from crm import create_app, live
from crm.db import db
from crm.supervisor import valkey
from tests import databases


class EmbeddedValkey:
    """The Valkey of `make run` on an instance of its own."""

    def __init__(self, app: Flask, stack: ExitStack) -> None:
        self.instance, self.stack = app.config["CRM_INSTANCE"], stack
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(valkey.command(self.instance))
        self.stack.callback(self.process.wait)
        self.stack.callback(self.process.kill)
        valkey.wait_until_answers(self.instance)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def listeners(self) -> int:
        """How many processes are subscribed."""
        with suppress(RedisError), Redis(unix_socket_path=str(self.instance / "valkey.sock")) as connection:
            return int(connection.pubsub_numsub(live.CHANNEL)[0][1])
        return 0

    @contextmanager
    def office(self, app: Flask) -> Iterator[Flask]:
        """The app on the same database, with this Valkey; its context is pushed."""
        redis = f"unix://{self.instance / 'valkey.sock'}"
        office = create_app(databases.settings(self.instance, app.config["SQLALCHEMY_DATABASE_URI"], redis))
        with office.app_context():
            yield office
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def embedded(app: Flask) -> Iterator[EmbeddedValkey]:
    with ExitStack() as stack:
        yield EmbeddedValkey(app, stack)


@pytest.fixture
def office(app: Flask, embedded: EmbeddedValkey) -> Iterator[Flask]:
    """The app on the same database, with the embedded Valkey."""
    with embedded.office(app) as office:
        yield office
