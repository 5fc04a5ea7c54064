"""Laws of accounts: wallets are opened, named and frozen where they are shown, and technical ones are drawn."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from crm.db import db
from crm.models import Customer
from crm.services import accounts
from tests import money
from tests.browser.conftest import ALICE, VERA, NewPage

pytestmark = pytest.mark.browser


def stored(customer: Customer) -> list[tuple[str, str, str, int]]:
    db.session.rollback()
    return [(one.currency, one.name, one.status, one.overdraft_limit) for one in accounts.of_customer(customer.id)]


def settings(page: Page, customer: Customer) -> Locator:
    page.goto(f"/customers/{customer.id}/")
    page.get_by_role("link", name="Wallet settings").click()
    found = page.get_by_role("dialog", name="Wallet settings")
    expect(found).to_be_visible()
    return found


def test_a_double_click_opens_one_more_wallet_in_the_same_currency(page: Page, anna: Customer, purse: int):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="New wallet").click()
    form = page.get_by_role("dialog", name="New wallet")
    form.get_by_label("Name").fill("Holiday")
    form.get_by_role("button", name="Open the wallet").dblclick()
    expect(form).to_be_hidden()
    page.wait_for_load_state("networkidle")
    assert [row[:2] for row in stored(anna)] == [("RUB", ""), ("RUB", "Holiday")]


def test_reload_after_opening_opens_one_wallet(new_page: NewPage, anna: Customer, purse: int):
    page = new_page(java_script_enabled=False)
    page.goto(f"/customers/{anna.id}/wallet/open/")
    page.get_by_role("button", name="Open the wallet").click()
    expect(page.get_by_text("The wallet was opened.")).to_be_visible()
    page.reload()
    assert len(stored(anna)) == 2


def test_a_wallet_is_renamed_in_place(page: Page, anna: Customer, purse: int):
    form = settings(page, anna)
    expect(form.get_by_label("Overdraft limit")).to_have_count(0)
    form.get_by_label("Name").fill("Savings")
    form.get_by_role("button", name="Rename").click()
    expect(form).to_be_hidden()
    expect(page.locator(f"#account-{purse}")).to_contain_text("Savings")
    expect(page.get_by_role("link", name="Wallet settings")).to_be_focused()
    assert stored(anna) == [("RUB", "Savings", "open", 0)]


def test_a_wallet_is_frozen_and_put_in_use_again(new_page: NewPage, anna: Customer, purse: int):
    page = new_page(ALICE)
    form = settings(page, anna)
    form.get_by_role("button", name="Close the wallet").click()
    expect(form.get_by_role("alert")).to_have_text("Only an empty wallet can be closed.")
    form.get_by_role("button", name="Freeze").click()
    expect(form).to_be_hidden()
    expect(page.get_by_text("This wallet is frozen")).to_be_visible()
    expect(page.get_by_role("button", name="Deposit")).to_be_disabled()
    page.get_by_role("link", name="Wallet settings").click()
    page.get_by_role("button", name="Put in use again").click()
    expect(page.get_by_role("link", name="Deposit", exact=True)).to_be_visible()
    assert stored(anna) == [("RUB", "", "open", 0)]


def test_an_overdraft_is_typed_as_people_write_money(new_page: NewPage, anna: Customer, purse: int):
    page = new_page(ALICE)
    form = settings(page, anna)
    form.get_by_label("Overdraft limit").fill("1,250.00")
    form.get_by_role("button", name="Set the limit").click()
    expect(form.get_by_label("Overdraft limit")).to_be_focused()
    form.get_by_label("Overdraft limit").fill("1 250,50")
    form.get_by_role("button", name="Set the limit").click()
    expect(page.locator(f"#account-{purse}")).to_contain_text("overdraft up to RUB\xa01,250.50")
    assert stored(anna) == [("RUB", "", "open", 125_050)]


def test_settings_work_without_scripts(new_page: NewPage, anna: Customer, purse: int):
    page = new_page(ALICE, java_script_enabled=False)
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Wallet settings").click()
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_text("The wallet is frozen now.")).to_be_visible()
    assert stored(anna) == [("RUB", "", "frozen", 0)]


def painted(page: Page) -> int:
    """How many colours the chart is drawn in, once it is: another theme or account draws it anew."""
    colours = 0
    for _look in range(50):
        colours = page.locator(".chart canvas").evaluate(
            """(canvas) => {
              if (!canvas.width || !canvas.height) return 0;
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              const found = new Set();
              for (let at = 0; at < data.length; at += 4) {
                if (data[at + 3] === 255) found.add(data.slice(at, at + 3).join());
              }
              return found.size;
            }"""
        )
        if colours > 3:
            break
        page.wait_for_timeout(100)
    return colours


def test_what_went_through_accounts_is_drawn_and_switched_in_place(new_page: NewPage, purse: int):
    money.SERVICE.withdraw(purse, 100_000, "e_wallet")
    page = new_page(VERA)
    page.goto("/accounts/")
    assert painted(page) > 3
    expect(page.locator("#chart-said")).to_contain_text("into wallets RUB\xa05,000.00 · out of wallets RUB\xa01,000.00")
    account = page.get_by_label("Account")
    account.focus()
    account.select_option("E-wallet")
    expect(page.locator("#chart-said")).to_contain_text("into wallets RUB\xa00.00 · out of wallets RUB\xa01,000.00")
    expect(page).to_have_url(re.compile("code=e_wallet"))
    expect(account).to_be_focused()
    assert painted(page) > 3
    page.get_by_role("link", name="Today").click()
    expect(page).to_have_url(re.compile("code=e_wallet"))
    expect(account).to_have_value("e_wallet")
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".chart canvas")).to_have_count(1)
    assert painted(page) > 3


def test_without_scripts_the_chart_is_a_table(new_page: NewPage, purse: int):
    page = new_page(VERA, java_script_enabled=False)
    page.goto("/accounts/")
    page.get_by_text("The same in figures").click()
    expect(page.locator("#chart-figures tbody tr").last).to_contain_text("+RUB\xa05,000.00")
    page.get_by_label("Account").select_option("Card")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("Account")).to_have_value("card")
