"""What went wrong is said in a sentence, in the form that was asked for, and never with a stack trace."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from crm import create_app
from crm.db import db
from crm.errors import Busy, NotFound
from crm.services import customers
from tests import databases
from tests.client import Browser
from tests.web.pages import page, toast


@pytest.fixture
def broken(app, monkeypatch):
    """`broken(error)` makes the customer's page fail with it; failures are answered as in production."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    def make(error: Exception) -> None:
        def fail(_pk: int) -> None:
            raise error

        monkeypatch.setattr(customers, "get", fail)

    return make


def in_all_forms(browser, path: str, status: int, sentence: str, method: str = "GET") -> None:
    """The page for people, the toast for HTMX, the object for programs."""
    whole = browser.open(path, method=method)
    shown = page(whole)
    assert (whole.status_code, shown.is_whole, shown.one("h1").text) == (status, True, sentence)
    assert shown.one("a", inside="content")["href"] == "/"
    partial = browser.open(path, method=method, htmx=True)
    assert (partial.status_code, partial.data, toast(partial)) == (status, b"", sentence)
    assert partial.headers["HX-Reswap"] == "none"
    program = browser.open(path, method=method, headers={"Accept": "application/json"})
    assert (program.status_code, program.json) == (status, {"error": sentence})


NOTHING = "There is nothing here. It may have been deleted."


@pytest.mark.parametrize(
    "path", ["/none", "/customers", "/customers/x/", "/static/none.css", "/static/../wsgi.py", "/%00", "/%ff"]
)
def test_what_is_not_there_is_said_to_be_so(client, manager, path):
    for browser in (client, manager):
        answer = browser.get(path)
        if path == "/customers":
            assert (answer.status_code, answer.location.endswith("/customers/")) == (308, True)
        else:
            assert answer.status_code == 404 and page(answer).one("h1").text == NOTHING


def test_a_missing_page_answers_in_the_form_asked_for(manager):
    in_all_forms(manager, "/none", 404, NOTHING)


def test_a_wrong_method_says_which_are_right(manager):
    in_all_forms(manager, "/customers/", 405, "This cannot be done this way.", "POST")
    assert set(manager.post("/customers/").allow) == {"GET", "HEAD", "OPTIONS"}


def test_a_fault_is_said_kindly_and_told_to_the_log_alone(manager, broken, caplog):
    broken(RuntimeError("secret detail"))
    with caplog.at_level(logging.ERROR):
        in_all_forms(
            manager, "/customers/1/", 500, "Something went wrong on our side. Nothing was changed; please try again."
        )
    for htmx in (False, True):
        text_shown = manager.get("/customers/1/", htmx=htmx).text
        assert "secret" not in text_shown and "Traceback" not in text_shown
    assert "secret detail" in caplog.text


def test_a_domain_error_is_said_in_its_own_words(manager, broken):
    broken(NotFound("There is no such customer."))
    in_all_forms(manager, "/customers/1/", 404, "There is no such customer.")


def test_a_busy_database_asks_for_a_little_patience(manager, broken):
    broken(Busy("The database is busy."))
    in_all_forms(manager, "/customers/1/", 503, "The database is busy.")
    assert manager.get("/customers/1/").headers["Retry-After"] == "2"


def test_a_statement_that_fails_still_ends_in_a_page(app, manager, monkeypatch):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(customers, "get", lambda _pk: db.session.execute(text("SELECT * FROM nowhere")))
    answer = manager.get("/customers/1/")
    assert answer.status_code == 500 and page(answer).one("h1").text.startswith("Something went wrong")
    assert manager.get("/customers/").status_code == 200


@pytest.fixture
def without_database(run, worker, redis_address) -> Iterator[Flask]:
    """An app whose database cannot be reached."""
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1"
    app = create_app(databases.settings(run / f"{worker}-unreachable", url, redis_address))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.app_context():
        yield app


def test_a_database_that_is_gone_ends_in_a_page_too(without_database):
    browser = Browser(without_database, without_database.response_class, use_cookies=True)
    with browser.session_transaction() as session:
        session["_user_id"] = "1.x"
    answer = browser.get("/customers/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert page(answer).one("h1").text == "The database does not answer at the moment. Please try again."
    assert "psycopg" not in answer.text and "Traceback" not in answer.text
    partial, program = browser.get("/customers/", htmx=True), browser.get("/customers/api/search/?q=a")
    assert (partial.status_code, program.status_code, set(program.json)) == (503, 503, {"error"})
    assert toast(partial)


def test_a_body_that_is_too_large_is_refused(app, manager, monkeypatch, nothing_changes):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    with nothing_changes():
        answer = manager.post("/customers/create/", data={"name": "x" * 2000})
    assert answer.status_code == 413 and page(answer).one("h1").text == "This is larger than the server takes."


@pytest.mark.parametrize("language", ["ru", "en"])
def test_errors_are_said_in_the_readers_language(client, language):
    shown = page(client.get("/none", headers={"Accept-Language": language}))
    assert shown.one("html")["lang"] == language
