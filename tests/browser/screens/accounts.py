"""Pages of technical accounts and of all operations."""

from playwright.sync_api import Page, expect

from tests import money
from tests.browser.conftest import ALICE, VERA
from tests.browser.screens.office import Furniture
from tests.browser.screens.screen import Screen, at


def _technical_account(page: Page, found: Furniture) -> None:
    page.goto(f"/accounts/{money.technical('opening')}/")
    expect(page.locator(".op-amount").first).to_be_visible()


SCREENS = {
    "technical accounts": Screen(ALICE, at("/accounts/")),
    "technical accounts refused": Screen(VERA, at("/accounts/?first=2026-02-01&last=2026-01-01")),
    "technical account": Screen(VERA, _technical_account),
    "technical account without operations": Screen(VERA, at("/accounts/1/?first=2020-01-01&last=2020-01-31")),
    "operations": Screen(VERA, at("/accounts/operations/")),
    "operations by amount": Screen(VERA, at("/accounts/operations/?customer={customer}&sort=-amount&currency=RUB")),
    "operations refused": Screen(VERA, at("/accounts/operations/?customer=%D0%B0&last=x")),
    "operations without a match": Screen(VERA, at("/accounts/operations/?last=2020-01-31")),
}
