"""The own tokens on their page."""

import re

import pytest

from crm.services import tokens
from tests import people
from tests.api.programs import Program

PATH = "/settings/tokens/"


@pytest.fixture
def viewer(client_of, vera):
    return client_of(vera)


def test_a_token_is_made_shown_once_and_works(app, viewer):
    answer = viewer.post(PATH, data={"name": " Shop ", "scopes": ["read"], "expires": "30"})
    secret = re.search(r'id="secret" value="([^"]+)"', answer.text)[1]
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    told = Program(app, secret).get("/me").json["token"]
    assert (told["name"], told["scopes"]) == ("Shop", ["read"]) and told["expires_at"]
    page = viewer.get(PATH).text
    assert secret not in page and secret[:12] in page and "Shop" in page


def test_a_token_may_last_for_ever_and_do_all(app, viewer, vera):
    viewer.post(PATH, data={"name": "all", "expires": ""})
    (token,) = tokens.of_user(vera.id)
    assert (token.expires_at, token.scopes) == (None, "")


@pytest.mark.parametrize(
    "form", [{"name": ""}, {"name": "a" * 101}, {"name": "a\u202e"}, {"name": "a", "scopes": "root"}, {}]
)
def test_what_is_wrong_is_said_beside_the_field(viewer, vera, form):
    answer = viewer.post(PATH, data=form)
    assert answer.status_code == 422 and "invalid-feedback" in answer.text and 'id="secret"' not in answer.text
    assert tokens.of_user(vera.id) == []


def test_a_span_that_is_not_offered_is_a_short_one(viewer, vera):
    viewer.post(PATH, data={"name": "a", "expires": "36500"})
    (token,) = tokens.of_user(vera.id)
    assert (token.expires_at - token.created_at).days == 29  # and some hours


def test_a_token_is_revoked_by_its_owner_alone(app, viewer, vera, boris):
    own, secret = tokens.create(people.CLI, vera.id, "own")
    other, _secret = tokens.create(people.CLI, boris.id, "other")
    assert viewer.post(f"{PATH}{other.id}/revoke/").status_code == 404
    assert viewer.post(f"{PATH}{own.id}/revoke/").status_code == 303
    assert Program(app, secret).get("/me").status_code == 401
    assert "Revoked" in viewer.get(PATH).text


def test_the_page_and_its_partial_have_the_same(viewer, boris):
    tokens.create(people.CLI, boris.id, "other's")
    assert "No tokens yet" in viewer.get(PATH).text and "<html" not in viewer.get(PATH, htmx=True).text
    assert viewer.get(f"{PATH}1/revoke/").status_code == 405


def test_the_trail_has_the_token_without_its_secret(client_of, alice):
    browser = client_of(alice)
    secret = re.search(r'id="secret" value="([^"]+)"', browser.post(PATH, data={"name": "shop"}).text)[1]
    page = browser.get("/settings/audit/").text
    assert "Token made" in page and "shop" in page and secret[12:] not in page
