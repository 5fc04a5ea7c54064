"""The language of each reader: their choice, else this browser's, else the browser's languages, else the default."""

import pytest

from crm.db import atomic
from crm.models import User
from tests.web.pages import page


def language(browser, path: str = "/login", accept: str | None = None) -> str:
    headers = {} if accept is None else {"Accept-Language": accept}
    return page(browser.get(path, headers=headers)).one("html")["lang"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en-GB,en;q=0.9,ru;q=0.8", "en"),
        ("de,ru;q=0.5", "ru"),
        ("de", "en"),
        ("*", "en"),
        ("x" * 5_000, "en"),
        (";;;q=,,\x01", "en"),
    ],
)
def test_the_browsers_language_is_spoken(client, accept, expected):
    assert language(client, accept=accept) == expected


def test_the_default_is_the_houses(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_DEFAULT_LOCALE", "ru")
    assert language(client, accept="de") == "ru" and language(client, accept="en") == "en"


def test_a_choice_in_this_browser_goes_before_the_browsers(client):
    client.post("/preferences", data={"locale": "ru"})
    assert language(client, accept="en") == "ru"


def test_the_persons_choice_goes_before_all(manager, boris):
    manager.post("/preferences", data={"locale": "en"})
    with atomic() as session:
        session.get(User, boris.id).locale = "ru"
    assert language(manager, "/customers/", accept="en") == "ru"


@pytest.mark.parametrize("chosen", ["de", "", "../x", 5, None])
def test_a_choice_that_there_is_not_is_none(client, chosen):
    with client.session_transaction() as session:
        session["locale"] = chosen
    assert language(client, accept="ru") == "ru"


def test_numbers_and_dates_are_those_of_the_language(manager, anna):
    english, russian = (manager.get("/customers/", headers={"Accept-Language": one}).text for one in ("en", "ru"))
    assert "1 customer" in english and "1 customer" not in russian


def test_refusals_toasts_and_json_speak_it_too(manager, nothing_changes):
    speak = {"Accept-Language": "ru"}
    with nothing_changes():
        json = manager.post("/customers/api/create/", json={"name": ""}, headers=speak)
        form = manager.post("/customers/create/", data={"name": ""}, headers=speak)
        english = manager.post("/customers/api/create/", json={"name": ""})
    assert english.json["errors"]["name"] == ["Enter a name."]
    (said,) = json.json["errors"]["name"]
    assert page(form).error("name") == said
