"""A new password for oneself."""

import pytest

from crm.services import users
from tests.conftest import PASSWORD
from tests.web.pages import page

ADDRESS = "/settings/password/"
NEW = "another good password"


def test_it_is_changed_said_and_noted_without_being_told(manager, boris, trail):
    answer = manager.post(ADDRESS, data={"current": PASSWORD, "new": NEW})
    assert (answer.status_code, answer.location) == (303, "/settings/profile/")
    assert "Other sessions were signed out." in page(manager.get("/settings/profile/")).one(id="toasts").text
    assert users.authenticate("boris@example.com", NEW) and not users.authenticate("boris@example.com", PASSWORD)
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.changes) == ("user.password_changed", boris.id, {})


def test_this_browser_stays_inside_and_every_other_is_out(manager, client_of, boris):
    other = client_of(boris)
    manager.post(ADDRESS, data={"current": PASSWORD, "new": NEW})
    assert (manager.get("/customers/").status_code, other.get("/customers/").status_code) == (200, 302)


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("current", {"current": "wrong", "new": NEW}),
        ("current", {"new": NEW}),
        ("new", {"current": PASSWORD, "new": "short"}),
        ("new", {"current": PASSWORD, "new": "x" * 201}),
        ("new", {"current": PASSWORD, "new": "boris@example.com"}),
        ("new", {"current": PASSWORD}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(manager, nothing_changes, field, form, htmx):
    with nothing_changes():
        answer = manager.post(ADDRESS, data=form, htmx=htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx)
    assert [name for name in ("current", "new") if shown.error(name)] == [field]
    assert PASSWORD not in answer.text and NEW not in answer.text
    assert shown.value("name", inside="profile") == "Boris"  # the other form is as it was


def test_the_address_by_itself_leads_to_the_form(manager):
    assert (manager.get(ADDRESS).status_code, manager.get(ADDRESS).location) == (303, "/settings/profile/")


def test_everybody_inside_may_and_nobody_outside(stranger, client, manager, nothing_changes):
    assert stranger.post(ADDRESS, data={"current": PASSWORD, "new": NEW}).status_code == 303
    with nothing_changes():
        assert client.post(ADDRESS, data={"current": PASSWORD, "new": NEW}).status_code == 302
        assert manager.put(ADDRESS).status_code == 405
