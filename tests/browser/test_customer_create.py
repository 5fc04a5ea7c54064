"""Laws of a new customer: typed in the list itself, warned of doubles, refused beside the field, never lost."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from crm.db import db
from crm.models import Customer
from tests import people
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser


@pytest.fixture
def form(page: Page):
    """The open form of a new customer above a list with Anna in it."""
    people.add("Anna Ivanova", phone="+79123456789", email="anna@example.com")
    page.goto("/customers/")
    page.get_by_role("link", name="New customer").click()
    form = page.get_by_role("form", name="New customer")
    expect(form.get_by_label("Name")).to_be_focused()
    return form


def rows(page: Page):
    return page.locator("#customer-rows tr[id^=customer-row]")


def stored() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Customer)) or 0


def test_a_new_customer_appears_on_top_and_the_form_is_blank_again(page: Page, form):
    form.get_by_label("Name").fill("Zoe Müller")
    form.get_by_label("Phone").fill("8 (912) 000-11-22")
    form.get_by_label("E-mail").fill("Zoe@Example.com")
    form.get_by_label("City").fill("Kraków")
    form.get_by_label("Tags").fill("vip, new")
    form.get_by_label("Tags").press("Enter")
    expect(page.get_by_text("Zoe Müller was added.")).to_be_visible()
    first = rows(page).first
    expect(first.get_by_role("link", name="Zoe Müller")).to_be_visible()
    expect(first.get_by_role("link", name="+7 912 000-11-22")).to_have_attribute("href", "tel:+79120001122")
    expect(first).to_contain_text("Kraków")
    expect(page.get_by_text("2 customers", exact=True)).to_be_visible()
    for label in ("Name", "Phone", "E-mail", "Company", "City", "Tags"):
        expect(form.get_by_label(label)).to_have_value("")
    expect(form.get_by_label("Name")).to_be_focused()


def test_another_one_can_be_typed_at_once(page: Page, form):
    for name in ("Customer Two", "Customer Three"):
        form.get_by_label("Name").fill(name)
        form.get_by_label("Name").press("Enter")
        expect(rows(page).first).to_contain_text(name)
    expect(rows(page)).to_have_count(3)


def test_a_wrong_phone_is_told_beside_the_field_and_nothing_is_lost(page: Page, form):
    form.get_by_label("Name").fill("Zoe Müller")
    form.get_by_label("Phone").fill("12")
    form.get_by_role("button", name="Save").click()
    phone = form.get_by_label("Phone")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_have_accessible_description(re.compile("12 is not a valid phone number"))
    expect(phone).to_be_focused()
    expect(form.get_by_label("Name")).to_have_value("Zoe Müller")
    phone.fill("8 912 000 11 22")
    form.get_by_role("button", name="Save").click()
    expect(rows(page)).to_have_count(2)
    expect(form.get_by_label("Phone")).to_have_attribute("aria-invalid", "false")


def test_cancel_forgets_what_was_refused(page: Page, form):
    form.get_by_label("Phone").fill("12")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_label("Name")).to_be_focused()
    form.get_by_role("button", name="Cancel").click()
    expect(form).to_be_hidden()
    page.get_by_role("link", name="New customer").click()
    expect(form.get_by_label("Phone")).to_have_value("")
    expect(form.get_by_label("Phone")).to_have_attribute("aria-invalid", "false")


@pytest.mark.parametrize(
    ("field", "typed", "shared"),
    [
        ("Name", "anna  ivanova", "the same name"),
        ("Phone", "8 (912) 345-67-89", "the same phone"),
        ("E-mail", "ANNA@example.com", "the same e-mail"),
    ],
)
def test_who_seems_to_be_here_already_is_shown_while_typing(page: Page, form, field: str, typed: str, shared: str):
    form.get_by_label(field).press_sequentially(typed)
    warning = form.get_by_role("status")
    expect(warning).to_contain_text(shared)
    expect(warning.get_by_role("link", name="Anna Ivanova")).to_be_visible()
    assert stored() == 1


def test_a_phone_of_somebody_else_is_refused_with_a_link_and_can_be_added_anyway(page: Page, form):
    form.get_by_label("Name").fill("Ivan Ivanov")
    form.get_by_label("Phone").fill("+7 912 345-67-89")
    form.get_by_role("button", name="Save").click()
    phone = form.get_by_label("Phone")
    expect(phone).to_have_accessible_description(re.compile("Anna Ivanova has .* already"))
    expect(form.get_by_role("link", name="Open Anna Ivanova")).to_have_attribute("href", re.compile(r"/customers/\d+/"))
    assert stored() == 1
    form.get_by_role("button", name="Add anyway").click()
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_contain_text("Ivan Ivanov")


def test_a_double_click_makes_one_customer(page: Page, form):
    form.get_by_label("Name").fill("Zoe Müller")
    form.get_by_role("button", name="Save").dblclick()
    expect(rows(page)).to_have_count(2)
    expect(form.get_by_label("Name")).to_have_value("")
    assert stored() == 2


def test_the_first_customer_can_be_made_from_the_empty_list(page: Page):
    page.goto("/customers/")
    expect(page.get_by_text("No customers yet")).to_be_visible()
    page.locator("#no-customers").get_by_role("link", name="New customer").click()
    form = page.get_by_role("form", name="New customer")
    form.get_by_label("Name").fill("Anna Ivanova")
    form.get_by_label("Name").press("Enter")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_be_visible()
    expect(page.get_by_text("No customers yet")).to_be_hidden()
    expect(page.get_by_text("1 customer", exact=True)).to_be_visible()


def test_a_viewer_is_not_offered_what_a_viewer_may_not(new_page: NewPage):
    people.add("Anna Ivanova")
    page = new_page(who="vera@example.com")
    page.goto("/customers/")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("link", name="New customer")).to_have_count(0)
    page.get_by_role("link", name="Anna Ivanova").click()
    expect(page.get_by_role("heading", name="Contacts")).to_be_visible()
    expect(page.locator("main").get_by_role("button", name=re.compile("Add|Remove|Archive"))).to_have_count(0)
    expect(page.locator("main").get_by_role("link", name=re.compile("Edit|Delete"))).to_have_count(0)


def test_create_without_scripts(new_page: NewPage):
    page = new_page(java_script_enabled=False)
    page.goto("/customers/")
    page.get_by_role("link", name="New customer").first.click()
    expect(page).to_have_url("/customers/create/")
    page.get_by_label("Name").fill("Zoe Müller")
    page.get_by_label("Phone").fill("12")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Phone")).to_have_accessible_description(re.compile("not a valid phone number"))
    expect(page.get_by_label("Name")).to_have_value("Zoe Müller")
    page.get_by_label("Phone").fill("8 912 000 11 22")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Zoe Müller")).to_be_visible()
    expect(page.get_by_text("Zoe Müller was added.")).to_be_visible()
    assert stored() == 1
