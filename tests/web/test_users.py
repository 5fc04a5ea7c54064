"""The people who sign in, looked after by an administrator."""

import pytest

from crm.db import db
from crm.models import User
from crm.services import users
from tests.conftest import PASSWORD
from tests.web.pages import page, toast

LIST, CREATE = "/settings/users/", "/settings/users/create/"
IVAN = {"email": " Ivan@Example.com", "name": " Иван ", "role": "viewer", "password": "a good password"}


def edit(user: User) -> str:
    return f"{LIST}{user.id}/edit/"


def fresh(user: User) -> User:
    db.session.expire_all()
    return users.get(user.id)


def test_everybody_is_listed(admin, boris, carla):
    whole, part = page(admin.get(LIST)), page(admin.get(LIST, htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["users"]
    assert len(part.all("tr", inside="users")) == 4  # the heading, Alice, Boris, Carla
    row = part.one("tr", id=f"user-{boris.id}").text
    assert "Boris" in row and "boris@example.com" in row and "Manager" in row


def test_who_is_made_can_sign_in(admin, alice, client, trail):
    answer = admin.post(CREATE, data=IVAN)
    assert (answer.status_code, answer.location) == (303, LIST)
    assert "Иван may sign in now." in admin.get(LIST).text
    signed_in = client.post("/login", data={"email": "ivan@example.com", "password": IVAN["password"]})
    assert signed_in.status_code == 303 and client.get("/customers/").status_code == 200
    entry = trail()[0]
    assert (entry.action, entry.actor_id, entry.origin) == ("user.created", alice.id, "127.0.0.1")
    assert entry.changes == {"email": [None, "ivan@example.com"], "name": [None, "Иван"], "role": [None, "viewer"]}


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "ivan"),
        ("email", "BORIS@example.com"),
        ("email", "x" * 10_000),
        ("name", "x" * 201),
        ("role", "owner"),
        ("role", ""),
        ("password", "short"),
        ("password", ""),
    ],
)
def test_what_is_wrong_with_a_new_one_is_said_at_its_field(admin, boris, nothing_changes, field, value, htmx):
    with nothing_changes():
        answer = admin.post(CREATE, data=IVAN | {field: value}, htmx=htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx)
    assert [name for name in IVAN if shown.error(name)] == [field]
    assert IVAN["password"] not in answer.text


def test_the_forms_are_there_as_pages_and_partials(admin, boris):
    for path in (CREATE, edit(boris)):
        assert page(admin.get(path)).is_whole
        assert [root["id"] for root in page(admin.get(path, htmx=True)).roots] == ["user-form"]
    shown = page(admin.get(edit(boris)))
    fields = {name: shown.value(name, inside="user-form") for name in ("name", "role", "password")}
    assert fields == {"name": "Boris", "role": "manager", "password": ""} and "checked" in shown.one(id="active").attrs


def test_a_change_is_stored_said_and_noted(admin, alice, boris, trail):
    answer = admin.post(edit(boris), data={"name": "Борис", "role": "viewer", "active": "y", "password": ""})
    assert (answer.status_code, answer.location) == (303, LIST)
    user = fresh(boris)
    assert (user.name, user.role, user.active) == ("Борис", "viewer", True)
    assert users.authenticate("boris@example.com", PASSWORD)
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.entity_id) == ("user.updated", alice.id, str(boris.id))
    assert entry.changes == {"name": ["Boris", "Борис"], "role": ["manager", "viewer"]}


def test_htmx_is_told_where_to_go(admin, boris):
    for path, form in ((CREATE, IVAN), (edit(boris), {"name": "B", "role": "viewer", "active": "y"})):
        answer = admin.post(path, data=form, htmx=True)
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, LIST)


def test_who_is_shut_out_is_out_at_once(admin, manager, boris):
    admin.post(edit(boris), data={"name": "Boris", "role": "manager"})
    assert not fresh(boris).active and manager.get("/customers/").status_code == 302
    assert "Signed out for good" in page(admin.get(LIST)).one("tr", id=f"user-{boris.id}").text


def test_a_new_password_ends_the_persons_sessions(admin, manager, boris, trail):
    form = {"name": "Boris", "role": "manager", "active": "y", "password": "a good password"}
    admin.post(edit(boris), data=form)
    assert manager.get("/customers/").status_code == 302
    assert users.authenticate("boris@example.com", form["password"])
    assert [(entry.action, entry.changes) for entry in trail()] == [("user.password_changed", {})]


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(("field", "value"), [("name", "x" * 201), ("role", "owner"), ("password", "short")])
def test_what_is_wrong_with_a_change_is_said_at_its_field(admin, boris, nothing_changes, field, value, htmx):
    with nothing_changes():
        answer = admin.post(
            edit(boris), data={"name": "B", "role": "viewer", "active": "y"} | {field: value}, htmx=htmx
        )
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx)
    assert [name for name in ("name", "role", "password") if shown.error(name)] == [field]


@pytest.mark.parametrize("form", [{"role": "manager", "active": "y"}, {"role": "admin"}])
def test_the_last_administrator_stays_one(admin, alice, nothing_changes, form):
    with nothing_changes():
        answer = admin.post(edit(alice), data={"name": "Alice"} | form)
    assert answer.status_code == 422 and "last active administrator" in answer.text


def test_who_is_not_there_is_not_found(admin):
    for pk in (999, 10**30):
        path = f"{LIST}{pk}/edit/"
        assert [admin.open(path, method=method).status_code for method in ("GET", "POST")] == [404, 404]
    assert toast(admin.get(f"{LIST}999/edit/", htmx=True)) == "This user does not exist."


def test_nobody_else_may_and_other_methods_are_none(client, viewer, manager, stranger, admin, boris, nothing_changes):
    with nothing_changes():
        for path, methods in ((LIST, ["GET"]), (CREATE, ["GET", "POST"]), (edit(boris), ["GET", "POST"])):
            for method in methods:
                got = [
                    one.open(path, method=method, data=IVAN).status_code for one in (client, viewer, manager, stranger)
                ]
                assert got == [302, 403, 403, 404]
            assert admin.delete(path).status_code == 405
