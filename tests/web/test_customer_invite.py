"""Inviting a customer to sign in: by one of their own e-mails, and told on their page."""

import pytest

from tests import people
from tests.postbox import post, token_of
from tests.web.pages import page, toast
from tests.web.portal import signs_in_as


@pytest.fixture
def letters(app):
    return lambda: post(app.config["CRM_INSTANCE"])


def test_the_page_says_whether_the_customer_signs_in(manager, viewer, anna):
    path = f"/customers/{anna.id}/"
    assert "does not sign in by themselves yet" in viewer.get(path).text
    assert "Invite to sign in" not in viewer.get(path).text and "Invite to sign in" in manager.get(path).text
    signs_in_as(anna.id)
    told = page(manager.get(path)).one("section", id=f"sign-in-{anna.id}").text
    assert "anna@example.com" in told and "Signs in" in told and "Invite" not in told


def test_an_invitation_leads_to_a_password_and_in(manager, client, anna, letters, trail):
    answer = manager.post(f"/customers/{anna.id}/invite/", data={"email": "anna@example.com"})
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/")
    assert [entry.action for entry in trail()] == ["user.invited"]
    assert "Invited" in manager.get(answer.location).text
    link = f"/welcome/{token_of(letters()[-1], 'welcome')}/"
    assert client.get(link).status_code == 200
    assert client.post(link, data={"password": "another password"}).location == "/"
    assert client.get("/me/").status_code == 200 and "Анна Иванова" in client.get("/me/").text
    assert client.get(link).status_code == 404


def test_it_is_a_partial_for_htmx(manager, anna):
    answer = manager.post(f"/customers/{anna.id}/invite/", data={"email": "anna@example.com"}, htmx=True)
    assert [root["id"] for root in page(answer).roots] == [f"sign-in-{anna.id}"] and "on its way" in toast(answer)


def test_another_address_is_refused_at_its_field(manager, anna, nothing_changes):
    for email in ("mallory@example.com", "", "x"):
        with nothing_changes():
            answer = manager.post(f"/customers/{anna.id}/invite/", data={"email": email})
        assert answer.status_code == 422 and page(answer).one("select", name="email")["aria-invalid"] == "true"


def test_who_has_no_e_mail_cannot_be_invited(manager, app):
    boris = people.add("Boris")
    assert "Add an e-mail to invite them" in manager.get(f"/customers/{boris.id}/").text
    assert manager.post("/customers/999/invite/", data={"email": "x"}).status_code == 404
