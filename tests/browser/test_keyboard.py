"""Laws of the keyboard: everything is done without a mouse, and one always sees where one is."""

import pytest
from playwright.sync_api import Page, expect

from tests import people
from tests.browser.conftest import BORIS, NewPage
from tests.browser.focus import tab_to
from tests.conftest import PASSWORD

pytestmark = pytest.mark.browser


def test_sign_in_create_open_edit_and_save_by_the_keyboard(new_page: NewPage):
    page = new_page(who=None)
    page.goto("/customers/")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(BORIS)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Customers", exact=True)).to_be_visible()
    tab_to(page, "New customer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("form", name="New customer").get_by_label("Name")).to_be_focused()
    page.keyboard.type("Zoe Müller")
    tab_to(page, "Phone")
    page.keyboard.type("+7 912 000-11-22")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Zoe Müller was added.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="New customer").first).to_be_focused()
    tab_to(page, "Zoe Müller")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Zoe Müller")).to_be_visible()
    tab_to(page, "Edit")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    tab_to(page, "City")
    page.keyboard.type("Kraków")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Kraków")).to_be_visible()
    expect(page.get_by_role("link", name="Edit")).to_be_focused()


def test_a_contact_is_added_and_removed_by_the_keyboard(page: Page):
    anna = people.add("Anna Ivanova", phone="+79123456789")
    page.goto(f"/customers/{anna.id}/")
    tab_to(page, "Number, address or name")
    page.keyboard.type("8 912 000 11 22")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="+7 912 000-11-22")).to_be_visible()
    expect(page.get_by_label("Number, address or name")).to_be_focused()
    page.reload()
    tab_to(page, "Remove: +79123456789")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    tab_to(page, "Yes, go on")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="+7 912 345-67-89")).to_have_count(0)
    expect(page.get_by_role("heading", name="Contacts")).to_be_focused()


def test_the_first_tab_leads_past_the_navigation(page: Page):
    page.goto("/customers/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_escape_closes_the_menu_and_the_form(page: Page):
    people.add("Anna Ivanova")
    page.goto("/customers/")
    tab_to(page, "Your menu")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.locator("#user-menu > summary")).to_be_focused()
    tab_to(page, "New customer")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("form", name="New customer")).to_be_hidden()


def test_what_has_the_focus_is_seen(page: Page):
    anna = people.add("Anna Ivanova", phone="+79123456789")
    for address in ("/customers/", f"/customers/{anna.id}/", "/customers/import/"):
        page.goto(address)
        for _step in range(25):
            page.keyboard.press("Tab")
            outline = page.evaluate(
                """() => {
                  const element = document.activeElement;
                  if (element === document.body) return "solid";
                  const style = getComputedStyle(element);
                  return style.outlineStyle !== "none" ? style.outlineStyle : style.boxShadow;
                }"""
            )
            assert outline != "none", page.evaluate("document.activeElement.outerHTML")
