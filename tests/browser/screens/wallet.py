"""Pages and dialogs of a customer's wallets."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import ALICE, BORIS, VERA
from tests.browser.screens.office import Furniture
from tests.browser.screens.screen import Screen, at, open_at


def _conversion(page: Page, found: Furniture) -> None:
    _dialog(page, found, "convert")
    page.locator("#amount").press_sequentially("100")
    expect(page.locator(".preview p")).to_contain_text("0,01" if page.locator("html[lang=ru]").count() else "0.01")


def _dialog(page: Page, found: Furniture, action: str) -> None:
    open_at(page, "/customers/{customer}/", found)
    page.locator(f".wallet-actions a[href*='/{action}/']").click()
    expect(page.locator("#amount")).to_be_focused()


def _deposit(page: Page, found: Furniture) -> None:
    _dialog(page, found, "deposit")
    page.locator("#amount").press_sequentially("1 250,50")
    expect(page.locator(".preview p")).to_contain_text("250")


def _deposited(page: Page, found: Furniture) -> None:
    _deposit(page, found)
    page.locator("#movement-form [type=submit]").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(".toast-item").first).to_be_visible()


def _withdrawal_refused(page: Page, found: Furniture) -> None:
    _dialog(page, found, "withdraw")
    page.locator("#amount").fill("99999999999")
    expect(page.locator(".preview strong")).to_be_visible()
    page.locator("#movement-form [type=submit]").click()
    expect(page.locator("#amount-help")).to_be_visible()


def _transfer(page: Page, found: Furniture) -> None:
    _dialog(page, found, "transfer")
    page.locator("#payee").press_sequentially("получ")
    page.locator(".payees input").check()
    page.locator("#amount").press_sequentially("5")
    expect(page.locator(".preview p")).to_contain_text("5")


def _adjustment(page: Page, found: Furniture) -> None:
    _dialog(page, found, "adjust")


def _settings(page: Page, found: Furniture) -> None:
    open_at(page, "/customers/{customer}/", found)
    page.locator(".wallet-header a[href*='/settings/']").click()
    expect(page.locator("#wallet-settings")).to_be_visible()


def _settings_refused(page: Page, found: Furniture) -> None:
    _settings(page, found)
    page.locator("#wallet-settings [value=closed]").click()
    expect(page.locator("#status-help")).to_be_visible()


def _new_wallet(page: Page, found: Furniture) -> None:
    open_at(page, "/customers/{customer}/", found)
    page.locator(".wallet-header a[href*='/open/']").click()
    expect(page.locator("#open-form")).to_be_visible()


SCREENS = {
    "frozen wallet": Screen(BORIS, at("/customers/{customer}/?account={frozen}")),
    "history without a match": Screen(VERA, at("/customers/{customer}/?kind=reversal")),
    "deposit dialog": Screen(BORIS, _deposit),
    "deposit done": Screen(BORIS, _deposited),
    "deposit page": Screen(BORIS, at("/customers/{poor}/wallet/deposit/")),
    "withdrawal refused": Screen(BORIS, _withdrawal_refused),
    "transfer dialog": Screen(BORIS, _transfer),
    "transfer page": Screen(BORIS, at("/customers/{customer}/wallet/transfer/")),
    "adjustment dialog": Screen(ALICE, _adjustment),
    "new wallet": Screen(BORIS, _new_wallet),
    "wallet settings": Screen(BORIS, _settings),
    "wallet settings refused": Screen(ALICE, _settings_refused),
    "wallet settings page": Screen(ALICE, at("/customers/{customer}/wallet/{frozen}/settings/")),
    "statement": Screen(VERA, at("/customers/{customer}/wallet/statement/")),
    "statement refused": Screen(VERA, at("/customers/{customer}/wallet/statement/?first=2026-02-01&last=2026-01-01")),
    "conversion dialog": Screen(BORIS, _conversion),
    "conversion page": Screen(BORIS, at("/customers/{customer}/wallet/convert/")),
    "conversion without another wallet": Screen(BORIS, at("/customers/{poor}/wallet/convert/")),
}
