"""Laws of prices: a rule is added with an example and seen before a transfer; with a rate, money is converted."""

import re

import pytest
from playwright.sync_api import expect

from crm.db import db
from crm.services import commission_rules, rates, statements
from crm.services.commission_terms import RuleData
from crm.services.rates import RateData
from tests import money, people
from tests.browser.conftest import ALICE, NewPage

pytestmark = pytest.mark.browser


def amounts(account_id: int) -> list[int]:
    """The amounts of the wallet's operations, newest first."""
    db.session.rollback()
    return [line.signed_amount for line in statements.history(account_id).items]


def test_a_rule_is_added_and_told_before_a_transfer(new_page: NewPage):
    anna, page = people.add("Anna Ivanova"), new_page(ALICE)
    purse, payee = money.wallet_of(anna.id, balance=500_000), money.wallet(name="Ivan Petrov")
    page.goto("/settings/commission-rules/")
    page.get_by_role("link", name="New rule").click()
    form = page.get_by_role("dialog", name="New rule")
    form.get_by_label("Currency").select_option("RUB")
    form.get_by_label("Percent").fill("1.5")
    form.get_by_label("At least").press_sequentially("30")
    expect(form.get_by_role("status")).to_have_text("Of RUB\xa01,000.00, RUB\xa030.00 would be taken.")
    form.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("Transfers between customers in RUB: 1.5\xa0%, at least RUB\xa030.00").last).to_be_visible()
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("group", name="Move money").get_by_role("link", name="Transfer").click()
    form = page.get_by_role("dialog", name="Transfer")
    form.get_by_label("Amount").fill("1000")
    form.get_by_label("To whom").press_sequentially("ivan")
    form.get_by_role("radio", name="Ivan Petrov").check()
    told = form.get_by_role("status").last
    expect(told).to_contain_text("commission RUB\xa030.00 · RUB\xa0970.00 arrives · balance after: RUB\xa04,000.00")
    form.get_by_role("button", name="Transfer").click()
    expect(page.locator("#toasts")).to_contain_text("commission RUB\xa030.00")
    assert (amounts(purse)[:2], amounts(payee)) == ([-3_000, -97_000], [97_000])


def test_a_wrong_rule_is_said_in_the_dialog(new_page: NewPage):
    page = new_page(ALICE)
    page.goto("/settings/commission-rules/")
    page.get_by_role("link", name="New rule").click()
    form = page.get_by_role("dialog", name="New rule")
    form.get_by_label("Percent").fill("101")
    form.get_by_role("button", name="Add the rule").click()
    expect(form.get_by_label("Percent")).to_be_focused()
    expect(form.get_by_label("Percent")).to_have_accessible_description("A percentage cannot be more than 100.")


def test_a_rule_is_ended_after_a_question(new_page: NewPage):
    commission_rules.add(people.CLI, RuleData("transfer", percent="2"))
    page = new_page(ALICE)
    page.goto("/settings/commission-rules/")
    page.get_by_role("link", name=re.compile("End: Transfers")).click()
    page.get_by_role("dialog").get_by_role("button", name="End the rule").click()
    expect(page.locator("#toasts")).to_contain_text("The rule was ended")
    expect(page.locator(".rules-none")).to_have_count(4)


def test_a_rate_is_added_and_money_converted(new_page: NewPage):
    anna, page = people.add("Anna Ivanova"), new_page(ALICE)
    dollars, purse = money.wallet_of(anna.id, "USD", 10_000), money.wallet_of(anna.id)
    page.goto("/settings/rates/")
    page.get_by_label("Currency that is paid").select_option("USD")
    page.get_by_label("Rate", exact=True).fill("92.5")
    page.get_by_label("Spread in percent").fill("1")
    page.get_by_label("Add the rate the other way, too").check()
    page.get_by_role("button", name="Add the rate").click()
    expect(page.get_by_role("link", name="1\xa0USD = 92.5\xa0RUB")).to_be_visible()
    page.goto(f"/customers/{anna.id}/?account={dollars}")
    page.get_by_role("group", name="Move money").get_by_role("link", name="Convert").click()
    form = page.get_by_role("dialog", name="Convert")
    form.get_by_label("Amount").press_sequentially("100")
    told = "+RUB\xa09,157.50 at the rate 92.5 · commission $1.00 · balance after: $0.00"
    expect(form.get_by_role("status")).to_contain_text(told)
    form.get_by_role("button", name="Convert").click()
    expect(form).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text(told)
    expect(page.locator(f"#account-{purse}")).to_contain_text("RUB\xa09,157.50")
    assert (amounts(dollars), amounts(purse)) == ([-100, -9_900, 10_000], [915_750])


def test_how_a_pair_went_is_drawn(new_page: NewPage):
    for day in (1, 5, 9):
        rates.add(people.CLI, RateData("USD", "RUB", f"9{day}", "", f"2026-01-0{day}"))
    page = new_page(ALICE)
    page.goto("/settings/rates/USD/RUB/")
    expect(page.locator(".chart canvas")).to_be_visible()
    expect(page.locator("#rate-said")).to_have_text("1\xa0USD = 99\xa0RUB")
