"""Language and theme: kept for the person, or in this browser for who has not signed in."""

import pytest

from crm.db import db
from crm.models import User
from tests.web.pages import page

ALL = {"locale": "ru", "theme": "dark", "next": "/login?next=/customers/"}


def looks(browser, path: str) -> tuple[str, str]:
    html = page(browser.get(path)).one("html")
    return html["lang"], html["data-theme"]


def test_before_signing_in_they_hold_for_this_browser(client, nothing_changes):
    with nothing_changes():
        answer = client.post("/preferences", data=ALL)
    assert (answer.status_code, answer.location) == (303, "/login?next=/customers/")
    assert looks(client, "/login") == ("ru", "dark")


def test_signed_in_they_hold_for_the_person_everywhere(manager, client_of, boris, trail):
    manager.post("/preferences", data=ALL)
    assert looks(manager, "/customers/") == looks(client_of(boris), "/customers/") == ("ru", "dark")
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.entity_id) == ("user.updated", boris.id, str(boris.id))
    assert entry.changes == {"locale": [None, "ru"], "theme": ["auto", "dark"]}


def test_one_is_changed_without_the_other(manager, boris):
    manager.post("/preferences", data={"theme": "dark"})
    manager.post("/preferences", data={"locale": "ru"})
    assert looks(manager, "/customers/") == ("ru", "dark")


@pytest.mark.parametrize("value", ["", "de", "ru\x00", "../../etc/passwd", "x" * 10_000, "<script>"])
def test_what_there_is_not_changes_nothing(client, manager, boris, nothing_changes, value):
    with nothing_changes():
        for browser in (client, manager):
            assert browser.post("/preferences", data={"locale": value, "theme": value}).status_code == 303
    assert looks(manager, "/customers/") == looks(client, "/login") == ("en", "auto")
    db.session.rollback()
    assert (db.session.get(User, boris.id).locale, db.session.get(User, boris.id).theme) == (None, "auto")


@pytest.mark.parametrize(
    "target", ["//evil.example", "http://evil.example", "/\\evil", "javascript:alert(1)", "", "\x00"]
)
def test_the_way_back_stays_on_this_site(client, target):
    assert client.post("/preferences", data={"theme": "dark", "next": target}).location == "/"


def test_htmx_is_told_where_to_go(manager):
    answer = manager.post("/preferences", data={"theme": "dark", "next": "/customers/?q=Ё"}, htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/customers/?q=%D0%81")


def test_a_customer_may_choose_too(stranger):
    stranger.post("/preferences", data=ALL)
    assert looks(stranger, "/settings/profile/") == ("ru", "dark")


def test_the_way_back_from_every_page_is_one_that_can_be_got(admin, manager, anna):
    """The switches stand on refused forms too, whose address may take a POST alone."""
    refused = [
        ("/settings/password/", {}), ("/settings/profile/", {"theme": "x"}), ("/customers/create/", {"name": ""}),
        (f"/customers/{anna.id}/edit/", {"name": ""}), (f"/customers/{anna.id}/channels/add/", {"value": ""}),
        ("/settings/users/create/", {"email": ""}), ("/customers/import/", {}),
    ]  # fmt: skip
    for path, data in refused:
        answer = admin.post(path, data=data)
        assert (path, answer.status_code) == (path, 422)
        target = page(answer).value("next", inside="user-menu")
        back = admin.get(target)
        assert (target, admin.get(back.location or target).status_code) == (target, 200)


def test_it_takes_a_post(client):
    assert client.get("/preferences").status_code == 405
