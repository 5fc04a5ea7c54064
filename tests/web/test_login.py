"""Signing in: for who knows the password, to where they wanted to go, and not for who guesses."""

import json
import time
import zlib

import pytest
from itsdangerous import base64_decode

from crm import create_app
from crm.db import atomic
from crm.models import User
from tests import databases
from tests.client import Browser
from tests.conftest import PASSWORD
from tests.web.pages import page

RIGHT = {"email": "boris@example.com", "password": PASSWORD}


def cookie_of(browser) -> dict:
    """What the session cookie holds, read as an attacker would."""
    value = browser.get_cookie("session").value
    payload = value.removeprefix(".").split(".")[0]
    raw = base64_decode(payload)
    return json.loads(zlib.decompress(raw) if value.startswith(".") else raw)


def test_the_form_is_there_as_page_and_partial(client):
    whole, part = page(client.get("/login")), page(client.get("/login", htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["login-form"]
    assert {one["name"] for one in part.all("input")} == {"csrf_token", "next", "email", "password"}
    assert part.one("input", name="password")["type"] == "password"


def test_who_knows_the_password_comes_in(client, boris, trail):
    answer = client.post("/login", data=RIGHT | {"email": " Boris@Example.COM "})
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/customers/").status_code == 200
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.origin) == ("user.signed_in", boris.id, "127.0.0.1")
    assert entry.changes == {}


def test_htmx_is_told_where_to_go(client, boris):
    answer = client.post("/login", data=RIGHT | {"next": "/customers/?q=Анна"}, htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/customers/?q=%D0%90%D0%BD%D0%BD%D0%B0")


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"password": ""},
        {"password": PASSWORD + "\x00"},
        {"password": "x" * 100_000},
        {"email": ""},
        {"email": "nobody@example.com"},
        {"email": "boris"},
        {"email": "boris@example.com\x00"},
        {"email": "x" * 100_000},
        {"email": "' OR 1=1 --"},
    ],
)
def test_who_does_not_stays_outside(client, boris, nothing_changes, wrong):
    with nothing_changes():
        answer = client.post("/login", data=RIGHT | wrong)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, True)
    assert shown.error("password") == "The e-mail or the password is wrong."
    assert "value" not in shown.one(id="password").attrs or shown.one(id="password")["value"] == ""
    assert client.get("/customers/").status_code == 302


def test_a_refusal_in_place_is_the_form(client, boris):
    answer = client.post("/login", data=RIGHT | {"password": "wrong"}, htmx=True)
    assert answer.status_code == 422 and [root["id"] for root in page(answer).roots] == ["login-form"]


def test_who_was_shut_out_is_refused_like_a_wrong_password(client, boris):
    with atomic() as session:
        session.get(User, boris.id).active = False
    answer = client.post("/login", data=RIGHT)
    assert (answer.status_code, page(answer).error("password")) == (422, "The e-mail or the password is wrong.")


def test_a_session_that_was_planted_before_is_worth_nothing_after(client, boris):
    with client.session_transaction() as session:
        session.update(planted="x", _user_id="1.guess", _id="guess", _fresh=True, csrf_token="0" * 40, locale="ru")
    token = client.csrf_token()
    assert client.post("/login", data=RIGHT, csrf=False, headers={"X-CSRFToken": token}).status_code == 303
    after = cookie_of(client)
    assert "planted" not in after and after["_id"] != "guess" and after["_user_id"] == boris.get_id()
    assert after.get("csrf_token") != "0" * 40
    assert client.post("/logout", csrf=False, headers={"X-CSRFToken": token}).status_code == 400


def test_the_language_chosen_before_is_kept(client, boris):
    client.post("/preferences", data={"locale": "ru"})
    client.post("/login", data=RIGHT)
    assert page(client.get("/customers/")).one("html")["lang"] == "ru"


def test_the_cookie_is_not_for_scripts_nor_for_other_sites_and_lasts_two_weeks(client, boris):
    answer = client.post("/login", data=RIGHT)
    cookie = client.get_cookie("session")
    header = answer.headers["Set-Cookie"]
    assert cookie.http_only and cookie.same_site == "Lax" and "Expires=" in header
    assert 13 * 86_400 < cookie.expires.timestamp() - time.time() <= 14 * 86_400


SAFE = ["/customers/?q=анна&sort=-name", "/settings/profile/", "/", "/customers/1/#notes", "/a//b"]
UNSAFE = [
    *("//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/%5c/evil\\x", "evil.example", ""),
    *("http://evil.example", "http:///evil.example", "https:evil.example", "javascript:alert(1)", "data:text/html,x"),
    *(
        " //evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\x00/",
        "/\r\nX: y",
        "/\x00//evil.example",
        "customers/",
    ),
]


def test_the_way_goes_on_to_a_page_of_this_site_alone(client, client_of, boris):
    for target in SAFE + UNSAFE:
        expected = target if target in SAFE else "/"
        signing_in = client.post("/login", data=RIGHT | {"next": target})
        already_in = client_of(boris).get("/login", query_string={"next": target})
        for answer in (signing_in, already_in):
            assert answer.status_code == 303
            assert (target, answer.location) == (target, expected.replace("анна", "%D0%B0%D0%BD%D0%BD%D0%B0"))
        client.post("/logout")


def test_the_form_keeps_where_to_go(client, boris):
    shown = page(client.get("/login", query_string={"next": "/customers/?q=a&tag=b"}))
    assert shown.value("next", inside="login-form") == "/customers/?q=a&tag=b"
    refused = page(client.post("/login", data=RIGHT | {"password": "x", "next": "/customers/?q=a"}))
    assert refused.value("next", inside="login-form") == "/customers/?q=a"
    assert page(client.get("/login?next=//evil.example")).value("next", inside="login-form") == "/"


def test_other_methods_are_not_for_signing_in(client):
    for method in ("PUT", "PATCH", "DELETE"):
        assert client.open("/login", method=method).status_code == 405


def attempts(browser, **changed: str) -> int:
    return browser.post("/login", data=RIGHT | changed).status_code


def test_who_guesses_is_stopped_for_a_while(guarded, boris):
    assert [attempts(guarded, password=str(number)) for number in range(6)] == [422] * 5 + [429]
    answer = guarded.post("/login", data=RIGHT)
    assert answer.status_code == 429 and "Too many attempts" in page(answer).one("h1").text
    assert int(answer.headers["Retry-After"]) > 0
    assert attempts(guarded, email="BORIS@example.com ") == 429  # the same person, spelled otherwise
    assert attempts(guarded, email="alice@example.com") == 422  # another is not locked out with him


def test_who_signs_in_right_is_never_counted(guarded, boris):
    assert [attempts(guarded) for _ in range(8)] == [303] * 8


def test_one_address_does_not_try_everybody(guarded):
    got = [attempts(guarded, email=f"{number}@example.com") for number in range(31)]
    assert got == [422] * 30 + [429]


def test_without_redis_people_come_in_all_the_same(app, run, worker, boris):
    config = databases.settings(
        run / f"{worker}-limited", app.config["SQLALCHEMY_DATABASE_URI"], "redis://127.0.0.1:1/0"
    )
    alone = create_app(config | {"RATELIMIT_ENABLED": True})
    browser = Browser(alone, alone.response_class, use_cookies=True)
    assert attempts(browser, password="wrong") == 422 and attempts(browser) == 303
    assert [attempts(browser, password=str(number)) for number in range(6)][-1] == 429
