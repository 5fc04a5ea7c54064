"""Pages of customers and their contacts."""

from playwright.sync_api import Page, expect

from crm.db import db
from crm.services import customers
from crm.services.customer_data import CustomerData
from tests import people
from tests.browser.conftest import BORIS, CARLA, VERA
from tests.browser.screens.office import Furniture
from tests.browser.screens.screen import Screen, at, open_at


def _filters(page: Page, found: Furniture) -> None:
    page.goto("/customers/?q=%D0%B0&city=%D0%BE&status=")
    expect(page.locator(".filter-fields")).to_be_visible()


def _new_customer(page: Page, found: Furniture) -> None:
    page.goto("/customers/?q=CRM-000001")
    page.locator("[data-reveal=new-customer]").first.click()
    expect(page.locator("#new-name")).to_be_focused()


def _new_customer_alike(page: Page, found: Furniture) -> None:
    _new_customer(page, found)
    page.locator("#new-phone").press_sequentially("+79123456789")
    expect(page.locator("#alike a")).to_be_visible()


def _new_customer_refused(page: Page, found: Furniture) -> None:
    _new_customer(page, found)
    page.locator("#new-name").fill("x" * 60)
    page.locator("#new-phone").fill("+79123456789")
    page.locator("#new-customer [type=submit]").first.click()
    expect(page.locator("[name=allow_duplicate]")).to_be_visible()


def _create_refused(page: Page, found: Furniture) -> None:
    page.goto("/customers/create/")
    page.locator("#phone").fill("12")
    page.locator("#create-form [type=submit]").click()
    expect(page.locator("#phone-help")).to_be_visible()


def _contact_refused(page: Page, found: Furniture) -> None:
    open_at(page, "/customers/{customer}/", found)
    page.locator("#channel-value").fill("12")
    page.locator(".channel-form [type=submit], form:has(#channel-value) [type=submit]").first.click()
    expect(page.locator("#channel-value-help")).to_be_visible()


def _question(page: Page, found: Furniture) -> None:
    open_at(page, "/customers/{customer}/", found)
    page.locator("form[hx-confirm] button").first.click()
    expect(page.locator("#confirm")).to_be_visible()


def _delete_dialog(page: Page, found: Furniture) -> None:
    open_at(page, "/customers/{customer}/", found)
    page.locator("a[href$='/delete/']").click()
    expect(page.locator("#delete-form")).to_be_visible()


def _conflict(page: Page, found: Furniture) -> None:
    open_at(page, "/customers/{customer}/edit/", found)
    page.locator("#city").fill("Орёл")
    db.session.rollback()
    stored = customers.get(found.customer)
    customers.update(people.CLI, stored.id, stored.version, CustomerData(stored.name, city="Тверь"))
    page.locator(f"#customer-{found.customer} [type=submit]").click()
    expect(page.locator(".stored").first).to_be_visible()


SCREENS = {
    "list": Screen(BORIS, at("/customers/")),
    "list for a viewer": Screen(VERA, at("/customers/?status=&q=ан")),
    "list with filters and hits marked": Screen(BORIS, _filters),
    "list without a match": Screen(BORIS, at("/customers/?q=nobody")),
    "new customer": Screen(BORIS, _new_customer),
    "new customer who seems to be here": Screen(BORIS, _new_customer_alike),
    "new customer refused": Screen(BORIS, _new_customer_refused),
    "create page refused": Screen(BORIS, _create_refused),
    "customer": Screen(BORIS, at("/customers/{customer}/")),
    "customer for a viewer": Screen(VERA, at("/customers/{customer}/")),
    "customer without a wallet": Screen(BORIS, at("/customers/{poor}/")),
    "list by balance": Screen(VERA, at("/customers/?sort=-balance&currency=USD&debt=1")),
    "contact refused": Screen(BORIS, _contact_refused),
    "contact page": Screen(BORIS, at("/customers/{customer}/channels/add/")),
    "question": Screen(BORIS, _question),
    "edit": Screen(BORIS, at("/customers/{customer}/edit/")),
    "edit conflict": Screen(BORIS, _conflict),
    "delete dialog": Screen(BORIS, _delete_dialog),
    "delete page": Screen(BORIS, at("/customers/{customer}/delete/")),
}
BARE = {
    "empty list": Screen(BORIS, at("/customers/")),
    "empty list for a viewer": Screen(VERA, at("/customers/")),
    "nobody's customer": Screen(CARLA, at("/me/")),
}
