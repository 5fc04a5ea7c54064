"""Laws of a bad line: it is said, nothing that was typed is lost, and trying again works."""

import pytest
from playwright.sync_api import Page, expect

from tests import people

pytestmark = pytest.mark.browser
BANNER = "No connection. What you typed is still here; try again in a moment."


def test_a_lost_connection_is_told_and_what_was_typed_is_saved_later(page: Page):
    page.goto("/customers/")
    page.get_by_role("link", name="New customer").first.click()
    form = page.get_by_role("form", name="New customer")
    form.get_by_label("Name").fill("Zoe Müller")
    page.context.set_offline(True)
    expect(page.get_by_text(BANNER)).to_be_visible()
    form.get_by_label("City").fill("Kraków")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("button", name="Save")).to_be_enabled()
    expect(page.get_by_text(BANNER)).to_be_visible()
    expect(form.get_by_label("Name")).to_have_value("Zoe Müller")
    expect(form.get_by_label("City")).to_have_value("Kraków")
    page.context.set_offline(False)
    expect(page.get_by_text(BANNER)).to_be_hidden()
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#customer-rows")).to_contain_text("Zoe Müller")


def test_a_server_that_does_not_answer_is_told_too(page: Page):
    anna = people.add("Anna Ivanova")
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("City").fill("Orel")
    page.context.route("**/edit/", lambda route: route.abort("connectionrefused"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(BANNER)).to_be_visible()
    expect(page.get_by_label("City")).to_have_value("Orel")
    page.context.unroute("**/edit/")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_text(BANNER)).to_be_hidden()


def test_a_fault_of_the_server_is_told_and_loses_nothing(page: Page):
    anna = people.add("Anna Ivanova")
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("City").fill("Orel")
    page.context.route("**/edit/", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("That did not work. Please try again.")).to_be_visible()
    expect(page.get_by_label("City")).to_have_value("Orel")
