"""The own profile: name, language, theme."""

import pytest

from crm.db import db
from crm.models import User
from tests.web.pages import page

PROFILE = "/settings/profile/"


def test_it_shows_who_one_is(manager):
    whole, part = page(manager.get(PROFILE)), page(manager.get(PROFILE, htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["profile"]
    for shown in (whole, part):
        assert "boris@example.com" in shown.one(id="profile").text and "Manager" in shown.one(id="profile").text
        fields = {name: shown.value(name, inside="profile") for name in ("name", "locale", "theme")}
        assert fields == {"name": "Boris", "locale": "", "theme": "auto"}


def test_what_is_changed_is_stored_said_and_noted(manager, boris, trail):
    answer = manager.post(PROFILE, data={"name": " Борис ", "locale": "ru", "theme": "light"})
    assert (answer.status_code, answer.location) == (303, PROFILE)
    shown = page(manager.get(PROFILE))
    assert (shown.one("html")["lang"], shown.one("html")["data-theme"]) == ("ru", "light")
    assert shown.value("name", inside="profile") == "Борис" and shown.one(id="toasts").text
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.origin) == ("user.updated", boris.id, "127.0.0.1")
    assert entry.changes == {"name": ["Boris", "Борис"], "locale": [None, "ru"], "theme": ["auto", "light"]}


def test_back_to_the_browsers_language(manager, boris):
    manager.post(PROFILE, data={"name": "Boris", "locale": "ru", "theme": "auto"})
    manager.post(PROFILE, data={"name": "Boris", "locale": "", "theme": "auto"})
    assert page(manager.get(PROFILE, headers={"Accept-Language": "en"})).one("html")["lang"] == "en"


def test_htmx_is_told_where_to_go(manager):
    answer = manager.post(PROFILE, data={"name": "B", "theme": "auto"}, htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, PROFILE)


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("name", "name", "x" * 201),
        ("name", "name", "\x00"),
        ("locale", "locale", "de"),
        ("theme-choice", "theme", "pink"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(manager, nothing_changes, field, name, value, htmx):
    with nothing_changes():
        answer = manager.post(PROFILE, data={"name": "Boris", "theme": "auto"} | {name: value}, htmx=htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx) and shown.error(field)


def test_nobody_gives_themselves_a_role_or_another_email(manager, boris):
    manager.post(
        PROFILE, data={"name": "Boris", "theme": "auto", "role": "admin", "email": "x@example.com", "active": ""}
    )
    db.session.rollback()
    user = db.session.get(User, boris.id)
    assert (user.role, user.email, user.active) == ("manager", "boris@example.com", True)


def test_a_customer_has_one_a_stranger_has_none(stranger, client, manager):
    assert stranger.get(PROFILE).status_code == 200 and stranger.get("/").location == "/me/"
    assert stranger.get("/settings/").location == manager.get("/settings/").location == PROFILE
    assert [client.open(PROFILE, method=method).status_code for method in ("GET", "POST")] == [302, 302]
    assert manager.delete(PROFILE).status_code == 405


def test_only_administrators_are_shown_the_way_to_users(admin, manager):
    assert page(admin.get(PROFILE)).all("a", href="/settings/users/")
    assert not page(manager.get(PROFILE)).all("a", href="/settings/users/")
