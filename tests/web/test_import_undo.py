"""Taking an import back: what that would do is shown first; what was changed since is named."""

import pytest

from crm.db import db
from crm.models import Customer, Import
from crm.services import customers, imports
from crm.services.customer_data import CustomerData
from tests import people, uploads
from tests.web.pages import page

FILE = "external_id,name,city,balance\n7,Anna,Orel,\n8,Ivan,,12.50\n9,Vera,,\n"


@pytest.fixture
def done(app) -> Import:
    """Anna was here and has moved to Orel; Ivan came with money, and Vera has changed since."""
    people.add("Anna", external_id="7", city="Tver")
    upload = uploads.take(FILE, "update")
    vera = db.session.query(Customer).filter_by(external_id="9").one()
    customers.update(people.CLI, vera.id, vera.version, CustomerData("Vera Orlova", external_id="9"))
    db.session.rollback()
    return imports.get(upload.id)


def test_what_an_undo_would_do_is_shown_before(manager, done, nothing_changes):
    address = f"/customers/import/{done.id}/"
    link = page(manager.get(address)).one("a", href=f"{address}undo/")
    with nothing_changes():
        whole, part = page(manager.get(link["href"])), page(manager.get(link["href"], htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["import-undo"]
    shown = part.one(id="import-undo").text
    assert "RUB 12.50" in shown.replace("\u00a0", " ") and "Vera Orlova" in shown and "changed since" in shown


def test_it_is_taken_back_and_what_stayed_is_named(manager, done):
    address = f"/customers/import/{done.id}/"
    assert manager.post(f"{address}undo/").location == address
    assert "Being undone" in page(manager.get(address)).one(id=f"import-{done.id}").text
    assert manager.get(f"{address}undo/").location == address
    imports.run(done.id)
    db.session.rollback()
    assert db.session.query(Customer).filter_by(external_id="7").one().city == "Tver"
    shown = page(manager.get(f"{address}?show=kept"))
    assert "Undone" in shown.one(id=f"import-{done.id}").text
    assert "Vera Orlova" in shown.one(id="import-rows").text and "changed since" in shown.one(id="import-rows").text
    assert not shown.all("a", href=f"{address}undo/")


def test_a_stop_may_take_back_what_is_in(manager, app):
    upload = uploads.accept(FILE)
    assert manager.post(f"/customers/import/{upload.id}/cancel/", data={"undo": "1"}).status_code == 303
    db.session.rollback()
    assert imports.get(upload.id).status == "cancelled"  # nothing was in


def test_the_same_file_sent_again_is_told_of(manager, done):
    again = uploads.draft(FILE)
    warning = page(manager.get(f"/customers/import/{again.id}/columns/")).one("a", href=f"/customers/import/{done.id}/")
    assert warning.text == "Show that import"
    other = uploads.draft(FILE + "\n")
    assert not page(manager.get(f"/customers/import/{other.id}/columns/")).all(
        "a", href=f"/customers/import/{done.id}/"
    )


def test_what_stored_nothing_cannot_be_undone(manager, nothing_changes):
    upload = uploads.take("name,phone\nAnna,12\n")
    address = f"/customers/import/{upload.id}/"
    with nothing_changes():
        assert not page(manager.get(address)).all("a", href=f"{address}undo/")
        assert [manager.get(f"{address}undo/").status_code, manager.post(f"{address}undo/").status_code] == [409, 409]
        assert [manager.get("/customers/import/999/undo/").status_code] == [404]


def test_many_rows_are_looked_at_apart(manager, done, monkeypatch):
    monkeypatch.setattr("crm.web.import_undo._AT_ONCE", 1)
    address = f"/customers/import/{done.id}/undo/"
    waiting = page(manager.get(address)).one(id="import-undo")
    assert (waiting["hx-get"], waiting["hx-trigger"]) == (address, "load")
    assert "Vera Orlova" in page(manager.get(address, htmx=True)).one(id="import-undo").text
    assert "Vera Orlova" in page(manager.get(f"{address}?count=1")).one(id="import-undo").text
