"""The web server with its two workers, and what a person's browser sends to it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from crm.db import atomic, db, utcnow
from crm.models import Customer, User
from tests import people
from tests.api.programs import Program, token_of
from tests.client import Browser
from tests.gunicorns import Web, headers_of
from tests.valkeys import embedded, office  # noqa: F401  (fixtures)


@pytest.fixture(scope="module")
def masters() -> Iterator[dict[str, Web]]:
    """The web server on each engine, once it is needed: it takes seconds to start, and its workers none."""
    masters: dict[str, Web] = {}
    yield masters
    for web in masters.values():
        web.kill()


@pytest.fixture
def web(app: Flask, masters: dict[str, Web]) -> Web:
    engine = db.engine.dialect.name
    if engine in masters:
        masters[engine].renew()
    else:
        masters[engine] = Web(app)
    return masters[engine].wait_until_ready()


@pytest.fixture
def cookie_of(app: Flask) -> Callable[[User], dict[str, str]]:
    """`cookie_of(vera)` is what Vera's browser sends along."""

    def cookie(user: User) -> dict[str, str]:
        return {"Cookie": headers_of(Browser(app, app.response_class, use_cookies=True).sign_in(user))["Cookie"]}

    return cookie


@pytest.fixture
def program_of(app: Flask) -> Callable[..., Program]:
    """`program_of(boris, "read")` is a program with a token of Boris's that is narrowed to reading."""
    return lambda user, *scopes: Program(app, token_of(user, *scopes))


@pytest.fixture
def stranger(app: Flask) -> Program:
    """A program without a token."""
    return Program(app)


@pytest.fixture
def manager(program_of: Callable[..., Program], boris: User) -> Program:
    return program_of(boris)


@pytest.fixture
def own(app: Flask, carla: User) -> Customer:
    """The customer that Carla is."""
    customer = people.add("Carla")
    with atomic():
        carla.customer_id, carla.email_confirmed_at = customer.id, utcnow()
    return customer


@pytest.fixture
def customer_program(program_of: Callable[..., Program], carla: User, own: Customer) -> Program:
    """A program with Carla's token."""
    return program_of(carla)
