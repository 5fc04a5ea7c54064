"""A new customer, on a page of its own."""

import pytest
from sqlalchemy import select

from crm.db import db
from crm.models import Customer
from crm.services import customers
from tests.web.pages import page, toast

CREATE = "/customers/create/"
FORM = {
    "name": " Анна  Иванова ", "kind": "company", "phone": "8 912 345-67-89", "email": "Anna@Example.com",
    "company": "Ромашка", "city": "Тверь", "tags": "vip, Опт; vip", "external_id": "CRM-1", "notes": "раз\r\nдва",
}  # fmt: skip


def stored() -> Customer:
    db.session.rollback()
    return customers.get(db.session.scalars(select(Customer.id).order_by(Customer.id.desc()).limit(1)).one())


def test_the_form_is_there(manager):
    shown = page(manager.get(CREATE))
    fields = {one["name"] for one in shown.all(inside="create-form") if "name" in one.attrs}
    assert fields == {*FORM, "csrf_token"}
    assert all(shown.all("label", for_=shown.one(inside="create-form", name=name)["id"]) for name in FORM)


def test_the_list_fetches_its_short_form(manager):
    shown = page(manager.get(CREATE, htmx=True, headers={"HX-Target": "new-customer"}))
    assert [root["id"] for root in shown.roots] == ["new-customer"]
    fields = {one["name"] for one in shown.all("input", inside="new-customer")}
    assert fields == {"csrf_token", "name", "phone", "email", "company", "city", "tags"}


def test_a_customer_is_made_of_what_was_typed(manager, boris, trail):
    answer = manager.post(CREATE, data=FORM)
    anna = stored()
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/")
    assert customers.snapshot(anna) == {
        "name": "Анна Иванова", "kind": "company", "company": "Ромашка", "city": "Тверь", "notes": "раз\nдва",
        "external_id": "CRM-1", "tags": ["vip", "Опт"],
    }  # fmt: skip
    assert [channel.normalized for channel in anna.channels] == ["+79123456789", "anna@example.com"]
    assert "Анна Иванова was added." in manager.get(answer.location).text
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.origin) == ("customer.created", boris.id, "127.0.0.1")


def test_a_form_sent_by_htmx_is_told_where_to_go(manager):
    answer = manager.post(CREATE, data=FORM, htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/customers/{stored().id}/")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 201),
        ("kind", "robot"),
        ("phone", "12345"),
        ("email", "anna@"),
        ("company", "x" * 201),
        ("city", "x" * 101),
        ("tags", "x" * 51),
        ("external_id", "x" * 101),
        ("notes", "x" * 10_001),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(manager, nothing_changes, field, value):
    with nothing_changes():
        answer = manager.post(CREATE, data=FORM | {field: value})
    shown = page(answer)
    assert answer.status_code == 422 and shown.is_whole
    assert {name: bool(shown.error(name)) for name in FORM} == {name: name == field for name in FORM}
    typed = {name: shown.value(name, inside="create-form") for name in FORM if name not in (field, "kind", "notes")}
    assert typed == {name: text for name, text in FORM.items() if name in typed}


def test_the_partial_of_a_refusal_is_the_form(manager):
    answer = manager.post(CREATE, data={"name": ""}, htmx=True)
    assert answer.status_code == 422 and [root["id"] for root in page(answer).roots] == ["create-form"]


def test_the_channel_of_another_is_a_warning_with_a_link_and_a_way_on(manager, anna, nothing_changes, trail):
    form = FORM | {"email": ""}
    with nothing_changes():
        answer = manager.post(CREATE, data=form)
    shown = page(answer)
    assert answer.status_code == 422 and "Анна Иванова has +79123456789 already." in shown.error("phone")
    assert shown.one("a", inside="create-form", href=f"/customers/{anna.id}/")
    way_on = shown.one("button", inside="create-form", name="allow_duplicate")
    answer = manager.post(CREATE, data=form | {"allow_duplicate": way_on["value"]})
    assert (answer.status_code, len(trail()), stored().id != anna.id) == (303, 1, True)


def test_the_external_id_of_another_is_refused(manager, nothing_changes):
    manager.post(CREATE, data=FORM)
    with nothing_changes():
        answer = manager.post(CREATE, data={"name": "Иван", "external_id": "CRM-1", "allow_duplicate": "1"})
    assert answer.status_code == 422 and "CRM-1" in page(answer).error("external_id")


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager, nothing_changes):
    with nothing_changes():
        for method in ("GET", "POST"):
            got = [browser.open(CREATE, method=method, data=FORM).status_code for browser in (client, viewer, stranger)]
            assert got == [302, 403, 404]
        assert manager.put(CREATE, data=FORM).status_code == manager.delete(CREATE).status_code == 405


def test_who_may_not_is_told_so_by_htmx_too(viewer):
    answer = viewer.post(CREATE, data=FORM, htmx=True)
    assert (answer.status_code, answer.data, answer.headers["HX-Reswap"]) == (403, b"", "none")
    assert toast(answer) == "Your role does not allow this."
