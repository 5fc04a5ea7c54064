"""Signing up in a browser: a letter, its link, the password, and in; nothing tells who is known here."""

import pytest

from crm.models import User
from crm.services import users
from tests import people
from tests.conftest import PASSWORD
from tests.postbox import post, token_of
from tests.web.pages import page

FORM = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD}


@pytest.fixture
def letters(app):
    return lambda: post(app.config["CRM_INSTANCE"])


@pytest.fixture
def link(client, letters) -> str:
    client.post("/signup/", data=FORM)
    return f"/confirm/{token_of(letters()[-1], 'confirm')}/"


def test_the_form_is_there_as_page_and_partial(client):
    whole, part = page(client.get("/signup/")), page(client.get("/signup/", htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["signup-form"]
    assert {one["name"] for one in part.all("input")} == {"csrf_token", "name", "email", "password"}


def test_the_page_for_signing_in_leads_there(client):
    text = client.get("/login").text
    assert 'href="/signup/"' in text and 'href="/reset/"' in text


def test_who_signs_up_confirms_and_is_in(client, letters, trail):
    answer = client.post("/signup/", data=FORM)
    assert (answer.status_code, answer.location) == (303, "/signup/sent/")
    assert "A letter is on its way" in client.get(answer.location).text
    link = f"/confirm/{token_of(letters()[-1], 'confirm')}/"
    assert "anna@example.com" in client.get(link).text
    trail()
    answer = client.post(link, data={"password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/settings/profile/").status_code == 200
    assert [entry.action for entry in trail()] == [
        "user.confirmed", "customer.created", "user.updated", "user.signed_in",
    ]  # fmt: skip


def test_to_open_the_link_confirms_nothing(client, link):
    for _time in range(2):
        assert client.get(link).status_code == 200
    assert client.get("/settings/profile/").status_code == 302


def test_the_link_wants_the_password(client, link, nothing_changes):
    with nothing_changes():
        answer = client.post(link, data={"password": "not this one"})
    assert answer.status_code == 422 and "not the password" in page(answer).one("div", class_="invalid-feedback").text


def test_a_used_link_says_so_and_offers_another(client, link):
    client.post(link, data={"password": PASSWORD})
    for answer in (client.get(link), client.post(link, data={"password": PASSWORD})):
        assert answer.status_code == 404 and "does not work" in answer.text and 'href="/confirm/"' in answer.text


@pytest.mark.parametrize("token", ["x", "a.b.c", "й", "%00", "x" * 3000])
def test_a_link_that_was_never_sent_is_no_fault(client, token):
    for path in ("confirm", "reset", "welcome"):
        assert client.get(f"/{path}/{token}/").status_code == 404
        assert client.post(f"/{path}/{token}/", data={"password": PASSWORD}).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"email": ""}, {"email": "x"}, {"password": "short"}, {"name": "a\x00b"}]
)
def test_what_is_wrong_stands_beside_its_field(client, nothing_changes, wrong):
    with nothing_changes():
        answer = client.post("/signup/", data=FORM | wrong)
    (field,) = wrong
    assert answer.status_code == 422 and page(answer).one("input", name=field)["aria-invalid"] == "true"


def test_the_answer_does_not_tell_who_is_known(client, boris):
    answers = [client.post("/signup/", data=FORM | {"email": email}) for email in (boris.email, "new@example.com")]
    answers += [client.post("/reset/", data={"email": email}) for email in (boris.email, "nobody@example.com")]
    answers += [client.post("/confirm/", data={"email": email}) for email in (boris.email, "nobody@example.com")]
    for known, unknown in zip(answers[::2], answers[1::2], strict=True):
        assert (known.status_code, known.location, known.text) == (unknown.status_code, unknown.location, unknown.text)


def test_who_is_signed_in_needs_no_account(manager):
    assert manager.get("/signup/").location == "/"


def test_where_it_is_switched_off_there_is_nothing(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_SIGNUP", False)
    assert client.get("/signup/").status_code == client.post("/signup/", data=FORM).status_code == 404
    assert "/signup/" not in client.get("/login").text


def test_letters_are_in_the_language_of_the_page(client, letters):
    client.post("/signup/", data=FORM, headers={"Accept-Language": "ru"})
    assert letters()[-1]["Subject"] == "Подтвердите почту"


def test_a_letter_is_sent_once_more(client, letters, link):
    assert client.get("/confirm/").status_code == 200
    assert client.post("/confirm/", data={"email": "anna@example.com"}).location == "/signup/sent/"
    assert len(letters()) == 2


def test_another_password_by_mail(client, boris, client_of, letters):
    other = client_of(boris)
    assert client.get("/reset/").status_code == 200
    assert client.post("/reset/", data={"email": "BORIS@example.com"}).location == "/reset/sent/"
    assert client.get("/reset/sent/").status_code == 200
    link = f"/reset/{token_of(letters()[-1], 'reset')}/"
    assert client.get(link).status_code == 200 and other.get("/customers/").status_code == 200
    assert client.post(link, data={"password": "short"}).status_code == 422
    assert client.post(link, data={"password": "another password"}).location == "/"
    assert client.get("/customers/").status_code == 200 and other.get("/customers/").status_code == 302
    assert client.get(link).status_code == 404
    assert users.authenticate(boris.email, "another password").id == boris.id


def test_a_wrong_address_is_told(client):
    for path in ("/reset/", "/confirm/"):
        answer = client.post(path, data={"email": "nobody"})
        assert answer.status_code == 422 and page(answer).one("input", name="email")["aria-invalid"] == "true"


def test_who_asks_often_is_asked_to_wait(guarded):
    statuses = [guarded.post("/reset/", data={"email": "anna@example.com"}).status_code for _time in range(11)]
    assert statuses == [303] * 10 + [429]


def test_the_role_says_what_a_confirmed_customer_sees(client, link, app):
    client.post(link, data={"password": PASSWORD})
    anna = people.add("Another Anna")
    for path in ("/customers/", f"/customers/{anna.id}/", "/payments/", "/settings/users/"):
        assert client.get(path).status_code == 404
    assert app.extensions["migrate"].db.session.get(User, 1).customer_id
