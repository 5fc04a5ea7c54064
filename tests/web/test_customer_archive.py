"""Putting a customer away, and bringing them back."""

from crm.services import customers
from tests.web.pages import page


def address(customer) -> str:
    return f"/customers/{customer.id}/archive/"


def test_away_and_back(manager, boris, anna, trail):
    for data, status, said in (
        ({}, "archived", "Анна Иванова was archived."),
        ({"archived": "0"}, "active", "Анна Иванова is active again."),
        ({"archived": "1"}, "archived", "Анна Иванова was archived."),
    ):
        answer = manager.post(address(anna), data=data)
        assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/")
        assert said in page(manager.get(answer.location)).one(id="toasts").text
        assert customers.get(anna.id).status == status
        (entry,) = trail()
        assert (entry.action, entry.actor_id, entry.origin) == (f"customer.{status}", boris.id, "127.0.0.1")


def test_a_second_time_changes_nothing(manager, anna, nothing_changes):
    manager.post(address(anna))
    with nothing_changes():
        assert manager.post(address(anna)).status_code == 303


def test_htmx_is_told_where_to_go(manager, anna):
    answer = manager.post(address(anna), htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/customers/{anna.id}/")


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager, anna, nothing_changes):
    with nothing_changes():
        assert [one.post(address(anna)).status_code for one in (client, viewer, stranger)] == [302, 403, 404]
        assert [manager.open(address(anna), method=method).status_code for method in ("GET", "PUT")] == [405, 405]
        assert manager.post("/customers/999/archive/").status_code == 404
