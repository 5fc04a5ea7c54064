"""The web server with its two workers, and what a person's browser sends to it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from crm.models import User
from tests.client import Browser
from tests.gunicorns import Web, headers_of
from tests.valkeys import embedded, office  # noqa: F401  (fixtures)


@pytest.fixture
def web(app: Flask) -> Iterator[Web]:
    web = Web(app)
    yield web.wait_until_ready()
    web.kill()


@pytest.fixture
def cookie_of(app: Flask) -> Callable[[User], dict[str, str]]:
    """`cookie_of(vera)` is what Vera's browser sends along."""

    def cookie(user: User) -> dict[str, str]:
        return {"Cookie": headers_of(Browser(app, app.response_class, use_cookies=True).sign_in(user))["Cookie"]}

    return cookie
