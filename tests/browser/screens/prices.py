"""Pages of commission rules and exchange rates."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import ALICE
from tests.browser.screens.office import Furniture
from tests.browser.screens.screen import Screen, at


def _rule_dialog(page: Page, found: Furniture) -> None:
    page.goto("/settings/commission-rules/")
    page.locator("a[href$='/commission-rules/add/']").click()
    page.locator("#percent").press_sequentially("1,5")
    expect(page.locator("#rule-example")).not_to_be_empty()


def _rule_refused(page: Page, found: Furniture) -> None:
    page.goto("/settings/commission-rules/add/")
    page.locator("#percent").fill("101")
    page.locator("#min").fill("1")
    page.locator("#rule-form [type=submit]").click()
    expect(page.locator("#percent-help")).to_be_visible()


def _rule_question(page: Page, found: Furniture) -> None:
    page.goto("/settings/commission-rules/")
    page.locator("a[href$='/end/']").first.evaluate("link => link.click()")
    expect(page.locator("#end-form")).to_be_visible()


def _rate_refused(page: Page, found: Furniture) -> None:
    page.goto("/settings/rates/")
    page.locator("#rate").fill("0")
    page.locator("#rate-form [type=submit]").click()
    expect(page.locator("#rate-form [aria-invalid=true]")).to_be_visible()


SCREENS = {
    "commission rules": Screen(ALICE, at("/settings/commission-rules/")),
    "new commission rule": Screen(ALICE, _rule_dialog),
    "commission rule refused": Screen(ALICE, _rule_refused),
    "end of a commission rule": Screen(ALICE, _rule_question),
    "exchange rates": Screen(ALICE, at("/settings/rates/")),
    "exchange rate refused": Screen(ALICE, _rate_refused),
    "history of a rate": Screen(ALICE, at("/settings/rates/USD/RUB/")),
    "pair without a rate": Screen(ALICE, at("/settings/rates/EUR/RUB/")),
}
