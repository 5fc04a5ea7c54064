"""Changing a customer, unless somebody else did so first."""

import pytest

from crm.services import customers
from crm.services.customer_data import CustomerData
from tests import people
from tests.web.pages import page, toast

FIELDS = ("name", "kind", "company", "city", "tags", "external_id", "notes")


def address(customer) -> str:
    return f"/customers/{customer.id}/edit/"


def form_of(shown) -> dict[str, str]:
    inside = "content" if shown.is_whole else shown.roots[0]["id"]
    return {name: shown.value(name, inside=inside) for name in (*FIELDS, "version")}


@pytest.fixture
def typed(manager, anna) -> dict[str, str]:
    """The form as it is shown."""
    return form_of(page(manager.get(address(anna))))


def test_the_form_shows_what_is_stored(typed):
    assert typed == {
        "name": "Анна Иванова", "kind": "person", "company": "", "city": "Тверь", "tags": "vip", "external_id": "",
        "notes": "", "version": "1",
    }  # fmt: skip


def test_a_change_is_stored_and_noted(manager, boris, anna, typed, trail):
    answer = manager.post(address(anna), data=typed | {"name": "Мария", "tags": "опт, vip", "notes": "раз\r\nдва"})
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/")
    assert "Saved." in manager.get(answer.location).text
    changed = customers.get(anna.id)
    assert (changed.name, changed.notes, changed.version) == ("Мария", "раз\nдва", 2)
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.origin) == ("customer.updated", boris.id, "127.0.0.1")
    assert entry.changes == {
        "name": ["Анна Иванова", "Мария"],
        "notes": ["", "раз\nдва"],
        "tags": [["vip"], ["vip", "опт"]],
    }


def test_saved_in_place_it_is_the_card_again(manager, anna, typed):
    answer = manager.post(address(anna), data=typed | {"name": "Мария"}, htmx=True)
    shown = page(answer)
    assert answer.status_code == 200 and toast(answer) == "Saved."
    assert [root["id"] for root in shown.roots] == [f"customer-{anna.id}"] and shown.one("h1").text == "Мария"


def test_saving_what_was_not_changed_leaves_no_trace(manager, anna, typed, nothing_changes):
    with nothing_changes():
        assert manager.post(address(anna), data=typed).status_code == 303


def test_the_partial_is_the_form_alone(manager, anna):
    part = page(manager.get(address(anna), htmx=True))
    assert [root["id"] for root in part.roots] == [f"customer-{anna.id}"]
    assert form_of(part)["name"] == "Анна Иванова"


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("kind", "x"), ("tags", "a" * 51), ("external_id", "CRM-2")]
)
def test_what_is_wrong_is_said_at_its_field(manager, anna, typed, nothing_changes, field, value, htmx):
    people.add("Иван", external_id="CRM-2")
    with nothing_changes():
        answer = manager.post(address(anna), data=typed | {"city": "Орёл", field: value}, htmx=htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx)
    assert [name for name in FIELDS if shown.error(name)] == [field] and form_of(shown)["city"] == "Орёл"


@pytest.mark.parametrize("htmx", [False, True])
def test_who_saves_second_sees_both_values_of_each_field(manager, anna, typed, nothing_changes, htmx):
    theirs = CustomerData("Анна Мак", city="Орёл", notes="раз\nдва", tags=["vip"])
    customers.update(people.CLI, anna.id, 1, theirs)
    mine = typed | {"name": "Анна Ли", "tags": "vip", "notes": "раз\r\nдва"}
    with nothing_changes():
        answer = manager.post(address(anna), data=mine, htmx=htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (409, not htmx)
    assert "Somebody else has changed this customer" in shown.one(class_="alert-warning").text
    assert form_of(shown) == mine | {"version": "2"}
    assert [note.text for note in shown.all("div", class_="stored")] == ["Stored now: Анна Мак", "Stored now: Орёл"]


def test_after_comparing_the_same_form_is_saved(manager, anna, typed):
    customers.update(people.CLI, anna.id, 1, CustomerData("Анна Мак", tags=["vip"]))
    compared = form_of(page(manager.post(address(anna), data=typed)))
    assert manager.post(address(anna), data=compared).status_code == 303
    changed = customers.get(anna.id)
    assert (changed.name, changed.city, changed.version) == ("Анна Иванова", "Тверь", 3)


def test_a_version_of_the_future_is_stale_too(manager, anna, typed):
    assert manager.post(address(anna), data=typed | {"version": "7"}).status_code == 409


@pytest.mark.parametrize("version", [None, "", "x", "-1", "1.5", "9" * 30, "²", "1\x00"])
def test_a_form_without_its_version_is_refused(manager, anna, typed, nothing_changes, version):
    data = {name: value for name, value in typed.items() if name != "version"} | (
        {"version": version} if version else {}
    )
    with nothing_changes():
        answer = manager.post(address(anna), data=data | {"name": "Мария"})
    assert answer.status_code == 422 and "Reload" in page(answer).one(class_="alert-danger").text


def test_who_is_not_there_is_not_found(manager):
    assert [manager.open("/customers/1/edit/", method=method).status_code for method in ("GET", "POST")] == [404, 404]


def test_who_was_deleted_meanwhile_is_not_found(manager, anna, typed):
    customers.delete(people.CLI, anna.id)
    assert manager.post(address(anna), data=typed).status_code == 404


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager, anna, typed, nothing_changes):
    with nothing_changes():
        for method in ("GET", "POST"):
            got = [one.open(address(anna), method=method, data=typed).status_code for one in (client, viewer, stranger)]
            assert got == [302, 403, 404]
        assert manager.delete(address(anna)).status_code == 405
