"""One customer's page: who they are and how to reach them."""

from crm.services import customers
from tests import people
from tests.web.pages import page


def address(customer) -> str:
    return f"/customers/{customer.id}/"


def test_it_shows_all_that_is_known(viewer, app):
    anna = people.add(
        "Анна", company="Ромашка", city="Тверь", notes="раз\nдва", external_id="CRM-1", tags=["vip", "опт"],
        phone="8 912 345-67-89", telegram="anna_i", website="example.com", other="в дверь",
    )  # fmt: skip
    shown = page(viewer.get(address(anna)))
    card, contacts = shown.one(id=f"customer-{anna.id}").text, shown.one(id=f"channels-{anna.id}").text
    assert all(text in card for text in ("Анна", "Ромашка", "Тверь", "раз два", "CRM-1", "vip", "опт"))
    assert all(text in contacts for text in ("+7 912 345-67-89", "anna_i", "в дверь"))
    links = {link["href"] for link in shown.all("a", inside=f"channels-{anna.id}")}
    assert links == {"tel:+79123456789", "https://t.me/anna_i", "https://example.com"}
    for link in shown.all("a", target="_blank"):
        assert link["rel"] == "noopener noreferrer"


def test_who_may_only_look_is_offered_no_change(viewer, manager, anna):
    for browser, may in ((viewer, False), (manager, True)):
        shown = page(browser.get(address(anna)))
        forms = [form for form in shown.all("form", method="post") if form["action"].startswith("/customers/")]
        assert bool(forms) == may
        assert bool(shown.all("a", href=f"{address(anna)}edit/")) == may


def test_the_partial_is_what_the_page_includes(viewer, anna):
    whole, part = page(viewer.get(address(anna))), page(viewer.get(address(anna), htmx=True))
    name = f"customer-{anna.id}"
    assert whole.is_whole and [root["id"] for root in part.roots] == [name]
    assert whole.one(id=name).text == part.one(id=name).text


def test_an_archived_customer_is_marked_and_can_be_brought_back(manager, anna):
    customers.set_archived(people.CLI, anna.id, True)
    shown = page(manager.get(address(anna)))
    assert "Archived" in shown.one(id=f"customer-{anna.id}").text
    assert shown.one("button", name="archived")["value"] == "0"


def test_who_is_not_there_is_not_found(viewer):
    for pk in (1, 2**63 - 1, 2**63, 10**30, "0", "-1", "1.0", "x", "9" * 5000):
        assert viewer.get(f"/customers/{pk}/").status_code == 404


def test_strangers_customers_and_other_methods(client, stranger, manager, anna):
    assert client.get(address(anna)).status_code == 302
    assert stranger.get(address(anna)).status_code == 404
    assert manager.post(address(anna)).status_code == 405


def test_it_costs_the_same_with_many_contacts(viewer, anna, count_statements):
    many = people.add(
        "Иван", tags=["a", "b"], vk="ivan", telegram="ivan_", viber="+79123456780", other="x", website="a.ru"
    )
    for customer in (anna, many):
        with count_statements() as statements:
            assert viewer.get(address(customer)).status_code == 200
        assert len(statements) == 5, statements
