"""Deleting a customer: asked first, gone then, and noted."""

from sqlalchemy import func, select

from crm.db import db
from crm.models import Customer
from tests.web.pages import page


def address(customer) -> str:
    return f"/customers/{customer.id}/delete/"


def test_it_is_asked_first(manager, anna, nothing_changes):
    with nothing_changes():
        whole, part = page(manager.get(address(anna))), page(manager.get(address(anna), htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["delete-form"]
    for shown in (whole, part):
        assert shown.one("h2", inside="delete-form").text == "Delete Анна Иванова?"
        assert shown.one("a", inside="delete-form")["href"] == f"/customers/{anna.id}/"


def test_then_it_is_done_said_and_noted(manager, boris, anna, trail):
    pk = anna.id
    answer = manager.post(address(anna))
    assert (answer.status_code, answer.location) == (303, "/customers/")
    assert "Анна Иванова was deleted." in manager.get("/customers/").text
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0
    (entry,) = trail()
    assert (entry.action, entry.entity_id, entry.actor_id) == ("customer.deleted", str(pk), boris.id)
    assert manager.get(f"/customers/{pk}/").status_code == 404


def test_htmx_is_told_where_to_go(manager, anna):
    answer = manager.post(address(anna), htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/customers/")


def test_who_is_not_there_is_not_found(manager, anna):
    gone = address(anna)
    manager.post(gone)
    for path in (gone, f"/customers/{10**30}/delete/"):
        assert [manager.open(path, method=method).status_code for method in ("GET", "POST")] == [404, 404]


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager, anna, nothing_changes):
    with nothing_changes():
        for method in ("GET", "POST"):
            got = [browser.open(address(anna), method=method).status_code for browser in (client, viewer, stranger)]
            assert got == [302, 403, 404]
        assert manager.delete(address(anna)).status_code == 405
