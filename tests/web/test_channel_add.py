"""One more way to reach a customer, in the customer's page."""

import pytest

from crm.services import customers
from tests import people
from tests.web.pages import page, toast

NEW = {"type": "telegram", "value": "https://t.me/Anna_I", "label": " дом "}


def address(customer) -> str:
    return f"/customers/{customer.id}/channels/add/"


def channels_of(customer) -> list[tuple[str, str, bool]]:
    return [(one.type, one.normalized, one.is_primary) for one in customers.get(customer.id).channels]


def test_it_is_added_said_and_noted(manager, boris, anna, trail):
    answer = manager.post(address(anna), data=NEW)
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/")
    shown = page(manager.get(answer.location))
    assert "The contact was added." in shown.one(id="toasts").text
    assert shown.one("a", href="https://t.me/anna_i") and "дом" in shown.one(id=f"channels-{anna.id}").text
    (entry,) = trail()
    assert (entry.action, entry.entity_id, entry.actor_id) == ("channel.added", str(anna.id), boris.id)
    assert (entry.origin, entry.changes) == ("127.0.0.1", {"telegram": [None, "https://t.me/Anna_I"]})


def test_in_place_it_is_the_contacts_again_with_an_empty_form(manager, anna):
    answer = manager.post(address(anna), data=NEW, htmx=True)
    part = page(answer)
    assert answer.status_code == 200 and toast(answer) == "The contact was added."
    assert [root["id"] for root in part.roots] == [f"channels-{anna.id}"]
    assert part.one("a", href="https://t.me/anna_i") and part.one(id="channel-value").attrs.get("value", "") == ""


def test_the_form_is_there_as_page_and_partial(manager, anna):
    whole, part = page(manager.get(address(anna))), page(manager.get(address(anna), htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == [f"channels-{anna.id}"]
    options = {option["value"] for option in part.all("option")}
    assert options == {"phone", "email", "telegram", "whatsapp", "viber", "vk", "instagram", "website", "other"}


def test_another_main_one_can_be_chosen_at_once(manager, anna):
    manager.post(address(anna), data={"type": "phone", "value": "+79123456780", "is_primary": "y"})
    assert channels_of(anna) == [
        ("phone", "+79123456789", False), ("email", "anna@example.com", True), ("phone", "+79123456780", True),
    ]  # fmt: skip


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("channel-value", {"type": "phone", "value": "12345"}),
        ("channel-value", {"type": "email", "value": ""}),
        ("channel-type", {}),
        ("channel-type", {"type": "fax", "value": "1"}),
        ("channel-type", {"value": "1", "type": ""}),
        ("channel-label", {"type": "phone", "value": "+79123456780", "label": "x" * 51}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(manager, anna, nothing_changes, field, form, htmx):
    with nothing_changes():
        answer = manager.post(address(anna), data={"label": "дом"} | form, htmx=htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx)
    fields = [name for name in ("channel-type", "channel-value", "channel-label") if shown.error(name)]
    assert fields == [field] and shown.value("value") == form.get("value", "")


@pytest.mark.parametrize("htmx", [False, True])
def test_the_channel_of_another_is_a_warning_with_a_link_and_a_way_on(manager, anna, nothing_changes, trail, htmx):
    ivan = people.add("Иван")
    form = {"type": "phone", "value": "8 912 345-67-89"}
    trail()
    with nothing_changes():
        answer = manager.post(address(ivan), data=form, htmx=htmx)
    shown = page(answer)
    assert answer.status_code == 422 and "Анна Иванова has +79123456789 already." in shown.error("channel-value")
    assert shown.one("a", inside=f"channels-{ivan.id}", href=f"/customers/{anna.id}/")
    way_on = shown.one("button", name="allow_duplicate")
    assert shown.value("value") == form["value"]
    added = manager.post(address(ivan), data=form | {"allow_duplicate": way_on["value"]}, htmx=htmx)
    assert added.status_code == (200 if htmx else 303) and channels_of(ivan) == [("phone", "+79123456789", True)]
    assert [entry.action for entry in trail()] == ["channel.added"]


def test_the_same_twice_is_refused_whatever_is_allowed(manager, anna, nothing_changes):
    with nothing_changes():
        for more in ({}, {"allow_duplicate": "1"}):
            answer = manager.post(address(anna), data={"type": "phone", "value": "89123456789"} | more)
            assert answer.status_code == 422
            assert page(answer).error("channel-value") == "This customer has it already."
            assert not page(answer).all("button", name="allow_duplicate")


def test_who_is_not_there_is_not_found(manager):
    for pk in (1, 10**30):
        path = f"/customers/{pk}/channels/add/"
        assert [manager.open(path, method=method, data=NEW).status_code for method in ("GET", "POST")] == [404, 404]


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager, anna, nothing_changes):
    with nothing_changes():
        for method in ("GET", "POST"):
            got = [one.open(address(anna), method=method, data=NEW).status_code for one in (client, viewer, stranger)]
            assert got == [302, 403, 404]
        assert manager.put(address(anna), data=NEW).status_code == 405
