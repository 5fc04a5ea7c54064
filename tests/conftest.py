"""What every test stands on: an app on each engine with an empty database, the cast, and their browsers."""

import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import HealthCheck, settings
from redis import Redis
from sqlalchemy import Engine, event

from crm import create_app
from crm.db import atomic, db, utcnow
from crm.extensions import limiter
from crm.models import Role, User
from tests import databases, servers
from tests.client import Browser

# How long an example takes says how busy the machine is, nothing else.
settings.register_profile("crm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("crm")

RUN = "CRM_TEST_RUN"
PASSWORD = "correct horse battery"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    # Unix sockets want a short path; PostgreSQL as root wants one that another user may enter.
    run = Path(tempfile.mkdtemp(prefix="crm-", dir="/tmp"))
    (run / "pid").write_text(str(os.getpid()))
    os.environ[RUN] = str(run)


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    run = Path(os.environ[RUN])
    if "TEST_DATABASE_URL" in os.environ:
        databases.drop_all(run)
    if not (run / "keeper.log").exists() or (run / "failed").exists():  # else the servers' keeper removes it
        shutil.rmtree(run)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"!!! {count} tests were left out: {reason}", red=True, bold=True)


@event.listens_for(Engine, "connect")
def _trust_the_machine(connection: object, _record: object) -> None:
    # Tests kill processes, and what a process has written outlives it; the disk is waited for when power may fail.
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def run() -> Path:
    """The folder of this run of the suite, shared by its workers."""
    return Path(os.environ[RUN])


@pytest.fixture(scope="session")
def worker() -> str:
    """The name of this process among the run's workers."""
    return os.environ.get("PYTEST_XDIST_WORKER", "gw0")


@pytest.fixture(scope="session")
def redis_address(run: Path, worker: str) -> str:
    """A Redis database of this worker's own."""
    url, number = servers.redis_url(run), int(worker.removeprefix("gw"))
    if url.startswith("unix:"):
        return f"{url}?db={number}"
    parts = urlsplit(url)
    return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + number}").geturl()


@pytest.fixture(scope="session")
def app_on(run: Path, worker: str, redis_address: str) -> Callable[[str], Flask]:
    """The app on an engine, made at the first need."""
    apps: dict[str, Flask] = {}
    limits: dict[str, dict[str, object]] = {}

    def make(engine: str) -> Flask:
        if engine not in apps:
            url = databases.migrated_url(run, engine, worker)
            apps[engine] = create_app(databases.settings(run / f"{worker}-{engine}", url, redis_address))
            apps[engine].test_client_class = Browser
            limits[engine] = dict(vars(limiter))
        vars(limiter).update(limits[engine])  # there is one, and the app that was made last has set it up
        return apps[engine]

    return make


@pytest.fixture(params=databases.ENGINES)
def app(request: pytest.FixtureRequest, run: Path, app_on: Callable[[str], Flask], redis: Redis) -> Iterator[Flask]:
    """An app with an empty database, once per engine; its context is pushed."""
    app = app_on(request.param)
    databases.empty(app, run)
    for path in app.config["CRM_INSTANCE"].rglob("*"):
        if path.is_file():
            path.unlink()
    with app.app_context():
        yield app
        db.session.rollback()


@pytest.fixture(params=databases.ENGINES)
def bare(request: pytest.FixtureRequest, run: Path, worker: str, redis_address: str) -> Iterator[Flask]:
    """An app whose database has no table yet."""
    url = databases.empty_url(run, request.param, f"{worker}-bare")
    app = create_app(databases.settings(run / f"{worker}-bare", url, redis_address))
    with app.app_context():
        yield app
        db.session.rollback()
        db.engine.dispose()


@pytest.fixture(scope="session")
def redis_connection(redis_address: str) -> Iterator[Redis]:
    """A connection to the Redis that apps under test use: making one costs more than what is asked by it."""
    with Redis.from_url(redis_address) as connection:
        yield connection


@pytest.fixture
def redis(redis_connection: Redis) -> Redis:
    """The Redis that the app under test uses, empty."""
    redis_connection.flushdb()
    return redis_connection


def person(name: str, role: Role) -> User:
    user = User(email=f"{name.lower()}@example.com", name=name, password_hash=PASSWORD_HASH, role=role.value)
    user.email_confirmed_at = utcnow() if role == Role.CUSTOMER else None
    with atomic() as session:
        session.add(user)
    return user


@pytest.fixture
def alice(app: Flask) -> User:
    """Alice, an administrator."""
    return person("Alice", Role.ADMIN)


@pytest.fixture
def boris(app: Flask) -> User:
    """Boris, a manager."""
    return person("Boris", Role.MANAGER)


@pytest.fixture
def vera(app: Flask) -> User:
    """Vera, who may only look."""
    return person("Vera", Role.VIEWER)


@pytest.fixture
def carla(app: Flask) -> User:
    """Carla, a customer."""
    return person("Carla", Role.CUSTOMER)


@pytest.fixture
def client(app: Flask) -> Browser:
    """The browser of somebody who has not signed in."""
    return Browser(app, app.response_class, use_cookies=True)


@pytest.fixture
def client_of(app: Flask) -> Callable[[User], Browser]:
    """`client_of(boris)` is a browser in which Boris has signed in."""
    return lambda user: Browser(app, app.response_class, use_cookies=True).sign_in(user)


@pytest.fixture
def count_statements(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with count_statements() as statements:` collects what the database is asked inside.

    BEGIN and COMMIT don't count, nor does the first look-up of a user by id: that is the sign-in's.
    """

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []
        signed_in = False

        def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            nonlocal signed_in
            if statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")):
                return
            if not signed_in and "FROM users \nWHERE users.id =" in statement:
                signed_in = True
                return
            statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", count)
        try:
            yield statements
        finally:
            event.remove(db.engine, "before_cursor_execute", count)

    return counting
