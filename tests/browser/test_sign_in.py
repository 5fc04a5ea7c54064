"""Laws of the door: who knows the password comes in, and out again."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BORIS, NewPage, sign_in
from tests.conftest import PASSWORD

pytestmark = pytest.mark.browser


def test_a_wrong_password_is_told_at_the_field_and_the_email_stays(new_page: NewPage):
    page = new_page(who=None)
    page.goto("/login")
    page.get_by_label("E-mail").fill(BORIS)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    password = page.get_by_label("Password")
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_have_accessible_description("The e-mail or the password is wrong.")
    expect(page.get_by_label("E-mail")).to_have_value(BORIS)
    expect(password).to_be_focused()


def test_who_signs_in_comes_to_the_page_that_was_asked_for(new_page: NewPage):
    page = new_page(who=None)
    page.goto("/customers/?q=anna")
    page.get_by_label("E-mail").fill(BORIS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url("/customers/?q=anna")
    expect(page.get_by_label("Find a customer")).to_have_value("anna")


def test_who_signs_out_is_out(new_page: NewPage):
    page = new_page(who=None)
    sign_in(page, BORIS)
    page.locator("#user-menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/customers/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_session_that_ended_sends_a_search_to_the_door(new_page: NewPage):
    page = new_page()
    page.goto("/customers/")
    page.context.clear_cookies()
    page.get_by_label("Find a customer").fill("anna")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
