"""One way less to reach a customer."""

from crm.services import customers
from tests.web.pages import page, toast


def address(pk: int) -> str:
    return f"/customers/channels/{pk}/delete/"


def test_it_is_removed_said_and_noted(manager, boris, anna, trail):
    phone, email = anna.channels
    answer = manager.post(address(phone.id))
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/")
    assert "The contact was removed." in manager.get(answer.location).text
    assert [one.id for one in customers.get(anna.id).channels] == [email.id]
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.changes) == (
        "channel.removed",
        boris.id,
        {"phone": ["+79123456789", None]},
    )


def test_in_place_it_is_the_contacts_again(manager, anna):
    phone, email = [one.id for one in anna.channels]
    answer = manager.post(address(phone), htmx=True)
    part = page(answer)
    assert answer.status_code == 200 and toast(answer) == "The contact was removed."
    assert [root["id"] for root in part.roots] == [f"channels-{anna.id}"]
    assert [one["id"] for one in part.all("li", class_="channel")] == [f"channel-{email}"]
    last = page(manager.post(address(email), htmx=True))
    assert "No contacts yet" in last.one(id=f"channels-{anna.id}").text


def test_what_is_not_there_is_not_found(manager, anna):
    path = address(anna.channels[0].id)
    manager.post(path)
    for missing in (path, address(10**30)):
        assert manager.post(missing).status_code == 404
    assert toast(manager.post(path, htmx=True)) == "There is no such contact."


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager, anna, nothing_changes):
    path = address(anna.channels[0].id)
    with nothing_changes():
        assert [browser.post(path).status_code for browser in (client, viewer, stranger)] == [302, 403, 404]
        assert [manager.open(path, method=method).status_code for method in ("GET", "DELETE")] == [405, 405]
