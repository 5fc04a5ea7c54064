"""The contact to use first among those of its type."""

import pytest

from crm.services import channels, customers
from crm.services.customer_data import ChannelData
from tests import people
from tests.web.pages import page, toast


def address(pk: int) -> str:
    return f"/customers/channels/{pk}/primary/"


@pytest.fixture
def second(anna) -> int:
    """Anna's second phone."""
    return channels.add(people.CLI, anna.id, ChannelData("phone", "+79123456780")).id


def test_it_is_chosen_said_and_noted(manager, boris, anna, second, trail):
    answer = manager.post(address(second))
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/")
    assert "This is the main contact now." in manager.get(answer.location).text
    assert customers.get(anna.id).phone_key == "+79123456780"
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.origin) == ("channel.made_primary", boris.id, "127.0.0.1")
    assert entry.changes == {"main phone": ["+79123456789", "+79123456780"]}


def test_in_place_it_is_the_contacts_again(manager, anna, second):
    answer = manager.post(address(second), htmx=True)
    part = page(answer)
    assert answer.status_code == 200 and toast(answer) == "This is the main contact now."
    assert [root["id"] for root in part.roots] == [f"channels-{anna.id}"]
    assert "main" in part.one("li", id=f"channel-{second}").text
    assert not part.all("form", action=address(second))


def test_a_second_time_changes_nothing(manager, second, nothing_changes):
    manager.post(address(second))
    with nothing_changes():
        assert manager.post(address(second)).status_code == 303


def test_strangers_lookers_customers_missing_ones_and_other_methods(
    client, viewer, stranger, manager, second, nothing_changes
):
    with nothing_changes():
        assert [one.post(address(second)).status_code for one in (client, viewer, stranger)] == [302, 403, 404]
        assert [manager.post(address(pk)).status_code for pk in (999, 10**30)] == [404, 404]
        assert manager.get(address(second)).status_code == 405
