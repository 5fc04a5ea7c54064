"""For whoever watches the server: is it alive, can it work."""

import pytest

from crm import create_app
from crm.db import db
from tests import databases
from tests.client import Browser


def of(config: dict) -> Browser:
    app = create_app(config)
    return Browser(app, app.response_class, use_cookies=True)


def test_all_is_well(client, count_statements):
    with count_statements() as statements:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json, statements) == (200, {"status": "ok"}, [])
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (200, {"database": "ok", "migrations": "ok", "redis": "ok"})


def test_who_watches_needs_no_session_and_gets_none(client, manager):
    for browser in (client, manager):
        for path in ("/healthz", "/readyz"):
            answer = browser.get(path)
            assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
            assert browser.post(path).status_code == 405


@pytest.fixture
def config(app, run, worker, redis_address) -> dict:
    return databases.settings(run / f"{worker}-health", app.config["SQLALCHEMY_DATABASE_URI"], redis_address)


def ready(browser: Browser) -> tuple[int, dict]:
    with browser.application.app_context():
        answer = browser.get("/readyz")
        db.engine.dispose()
    return answer.status_code, answer.json


def test_without_redis_it_is_not_ready(config):
    browser = of(config | {"REDIS_URL": "redis://127.0.0.1:1/0"})
    assert ready(browser) == (503, {"database": "ok", "migrations": "ok", "redis": "unreachable"})
    with browser.application.app_context():
        assert browser.get("/healthz").status_code == 200


def test_without_its_database_it_is_not_ready(config):
    gone = "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1"
    browser = of(config | {"SQLALCHEMY_DATABASE_URI": gone})
    assert ready(browser) == (503, {"database": "unreachable", "migrations": "unreachable", "redis": "ok"})


def test_before_its_migrations_it_is_not_ready(config, run, worker):
    browser = of(config | {"SQLALCHEMY_DATABASE_URI": databases.empty_url(run, "sqlite", f"{worker}-bare")})
    assert ready(browser) == (503, {"database": "ok", "migrations": "pending", "redis": "ok"})
