"""Laws of a customer's page: all is changed in place, nothing is removed by accident, nobody overwrites unseen."""

import re

import pytest
from playwright.sync_api import Page, expect

from crm.db import db
from crm.models import Customer
from crm.services import customers
from crm.services.customer_data import CustomerData
from tests import people
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser


@pytest.fixture
def anna() -> Customer:
    return people.add("Anna Ivanova", phone="+79123456789", email="anna@example.com", city="Tver", notes="Calls early")


@pytest.fixture
def contacts(page: Page, anna: Customer):
    """The contacts on Anna's page."""
    page.goto(f"/customers/{anna.id}/")
    return page.locator(f"#channels-{anna.id}")


def stored(customer: Customer) -> Customer:
    """The customer as everybody sees it now, not as this test has read it before."""
    db.session.rollback()
    return customers.get(customer.id)


def test_contacts_call_and_write_at_a_click(contacts):
    expect(contacts.get_by_role("link", name="+7 912 345-67-89")).to_have_attribute("href", "tel:+79123456789")
    expect(contacts.get_by_role("link", name="anna@example.com")).to_have_attribute("href", "mailto:anna@example.com")


def test_a_phone_is_added_in_place(page: Page, contacts):
    contacts.get_by_label("Type").select_option("Phone")
    contacts.get_by_label("Number, address or name").fill("8 (912) 000-11-22")
    contacts.get_by_label("Label").fill("Work")
    contacts.get_by_role("button", name="Add", exact=True).click()
    added = contacts.get_by_role("listitem").filter(has_text="+7 912 000-11-22")
    expect(added).to_contain_text("Work")
    expect(added).not_to_contain_text("main")
    expect(page.get_by_text("The contact was added.")).to_be_visible()
    expect(contacts.get_by_label("Number, address or name")).to_have_value("")


def test_another_phone_becomes_the_main_one(page: Page, contacts):
    contacts.get_by_label("Number, address or name").fill("8 (912) 000-11-22")
    contacts.get_by_role("button", name="Add", exact=True).click()
    items = contacts.get_by_role("listitem")
    expect(items).to_have_count(3)
    contacts.get_by_role("button", name=re.compile("^Make it the main one")).click()
    expect(items.filter(has_text="+7 912 000-11-22")).to_contain_text("main")
    expect(items.filter(has_text="+7 912 345-67-89")).not_to_contain_text("main")
    page.goto("/customers/")
    expect(page.locator("#customer-rows")).to_contain_text("+7 912 000-11-22")


def test_removing_a_contact_is_asked_about_first(page: Page, contacts):
    remove = contacts.get_by_role("button", name="Remove: +79123456789")
    question = page.get_by_role("dialog")
    remove.click()
    expect(question).to_contain_text("+79123456789")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    remove.click()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(contacts.get_by_role("listitem")).to_have_count(2)
    remove.click()
    question.get_by_role("button", name="Yes, go on").click()
    expect(contacts.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_text("The contact was removed.")).to_be_visible()


def test_a_contact_that_makes_no_sense_is_told_at_its_field(contacts):
    contacts.get_by_label("Number, address or name").fill("12")
    contacts.get_by_role("button", name="Add", exact=True).click()
    value = contacts.get_by_label("Number, address or name")
    expect(value).to_have_accessible_description(re.compile("not a valid phone number"))
    expect(value).to_have_value("12")
    expect(value).to_be_focused()


def test_a_contact_of_somebody_else_can_be_added_anyway(contacts):
    other = people.add("Ivan Ivanov", phone="+79120001122")
    contacts.get_by_label("Number, address or name").fill("+7 912 000-11-22")
    contacts.get_by_role("button", name="Add", exact=True).click()
    owner = contacts.get_by_role("link", name="Open Ivan Ivanov")
    expect(owner).to_have_attribute("href", f"/customers/{other.id}/")
    contacts.get_by_role("button", name="Add anyway").click()
    expect(contacts.get_by_role("listitem")).to_have_count(3)


def test_a_contact_is_copied_as_it_was_typed(new_page: NewPage, anna: Customer):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("button", name="Copy: anna@example.com").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "anna@example.com"


def test_the_customer_is_edited_in_place(page: Page, anna: Customer):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Edit").click()
    form = page.locator(f"#customer-{anna.id}")
    form.get_by_label("City").fill("Orel")
    form.get_by_label("Tags").fill("vip, debtor")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Orel")).to_be_visible()
    expect(page.get_by_role("link", name="vip")).to_be_visible()
    expect(page).to_have_url(f"/customers/{anna.id}/")


def test_an_edit_can_be_cancelled(page: Page, anna: Customer):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("City").fill("Orel")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("definition").filter(has_text="Tver")).to_be_visible()


def test_a_blank_name_is_told_at_its_field(page: Page, anna: Customer):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Name", exact=True).fill("  ")
    page.get_by_label("City").fill("Orel")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("City")).to_have_value("Orel")


def test_who_saves_second_sees_both_values_and_decides(page: Page, anna: Customer):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("City").fill("Orel")
    customers.update(people.CLI, anna.id, stored(anna).version, CustomerData("Anna Ivanova", city="Kursk"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Somebody else has changed this customer meanwhile.")).to_be_visible()
    expect(page.get_by_label("City")).to_have_value("Orel")
    expect(page.get_by_text("Stored now: Kursk")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("definition").filter(has_text="Orel")).to_be_visible()
    assert stored(anna).city == "Orel"


def test_an_archived_customer_leaves_the_list_and_can_come_back(page: Page, anna: Customer):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Anna Ivanova was archived.")).to_be_visible()
    page.goto("/customers/")
    expect(page.get_by_role("link", name="Anna Ivanova")).to_have_count(0)
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("button", name="Bring back").click()
    expect(page.get_by_role("button", name="Archive")).to_be_visible()


@pytest.mark.parametrize("way", ["Cancel", "Escape"])
def test_a_deletion_can_be_thought_over(page: Page, anna: Customer, way: str):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete Anna Ivanova?")
    if way == "Cancel":
        dialog.get_by_role("link", name="Cancel").click()
    else:
        page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Delete")).to_be_focused()
    assert stored(anna).name == "Anna Ivanova"


def test_a_deleted_customer_is_gone(page: Page, anna: Customer):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Anna Ivanova was deleted.")).to_be_visible()
    expect(page.get_by_text("No customers yet")).to_be_visible()
    page.goto(f"/customers/{anna.id}/")
    expect(page.get_by_role("heading", name="There is no such customer.")).to_be_visible()


def test_contacts_and_edits_without_scripts(new_page: NewPage, anna: Customer):
    page = new_page(java_script_enabled=False)
    page.goto(f"/customers/{anna.id}/")
    page.get_by_label("Number, address or name").fill("8 (912) 000-11-22")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("+7 912 000-11-22")).to_be_visible()
    page.get_by_role("button", name="Remove: +79123456789").click()
    expect(page.get_by_text("+7 912 345-67-89")).to_have_count(0)
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("City").fill("Orel")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("definition").filter(has_text="Orel")).to_be_visible()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Anna Ivanova was deleted.")).to_be_visible()
