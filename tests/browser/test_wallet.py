"""Laws of the wallet: money is moved in place, told before and after, and never moved twice by accident."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from crm.db import db
from crm.models import Customer
from crm.services import accounts, statements
from tests import money, people
from tests.browser.conftest import ALICE, NewPage
from tests.browser.focus import tab_to

pytestmark = pytest.mark.browser


@pytest.fixture
def anna() -> Customer:
    return people.add("Anna Ivanova", phone="+79123456789")


@pytest.fixture
def dialog(page: Page, anna: Customer, purse: int) -> Callable[[str], Locator]:
    """`dialog("Deposit")` is the dialog that the button opens."""

    def opened(name: str, on: Page = page) -> Locator:
        on.goto(f"/customers/{anna.id}/")
        on.get_by_role("group", name="Move money").get_by_role("link", name=name).click()
        found = on.get_by_role("dialog", name=name)
        wait_until_it_listens(on)
        return found

    return opened


def wait_until_it_listens(page: Page) -> None:
    """A dialog has the focus a moment before htmx has its form; sent by then, it goes as one without scripts does."""
    expect(page.get_by_role("dialog").locator("#amount")).to_be_focused()
    expect(page.locator("#dialog .htmx-added")).to_have_count(0)


def booked(account_id: int) -> list[int]:
    """The amounts of the wallet's operations, newest first, as everybody sees them now."""
    db.session.rollback()
    return [line.signed_amount for line in statements.history(account_id).items]


def history(page: Page) -> Locator:
    return page.locator(".operations tbody tr")


def test_a_deposit_is_told_before_and_after_and_shown_at_once(page: Page, dialog, anna: Customer, purse: int):
    form = dialog("Deposit")
    form.get_by_label("Amount").press_sequentially("1 250,50")
    sentence = "+RUB\xa01,250.50 to Anna Ivanova · balance after: RUB\xa06,250.50"
    expect(form.get_by_role("status")).to_have_text(sentence)
    form.get_by_label("How it comes").select_option("Cash")
    form.get_by_label("Description").fill("Prepayment")
    form.get_by_role("button", name="Deposit").click()
    expect(form).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text(sentence)
    expect(page.locator(f"#account-{purse}")).to_contain_text("RUB\xa06,250.50")
    expect(history(page)).to_have_count(2)
    expect(history(page).first).to_contain_text("Deposit · Cash")
    expect(history(page).first).to_contain_text("Prepayment")
    expect(page.get_by_role("link", name="Deposit", exact=True)).to_be_focused()
    expect(page).to_have_url(f"/customers/{anna.id}/?account={purse}")
    assert booked(purse) == [125_050, 500_000]


@pytest.mark.parametrize(("name", "action"), [("Withdraw", -10_000), ("Spend", -10_000)])
def test_money_that_goes_is_shown_at_once(page: Page, dialog, purse: int, name: str, action: int):
    form = dialog(name)
    form.get_by_label("Amount").fill("100")
    form.get_by_role("button", name=name).click()
    expect(page.locator(f"#account-{purse}")).to_contain_text("RUB\xa04,900.00")
    expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()
    assert booked(purse) == [action, 500_000]


def test_what_is_missing_is_told_while_it_is_typed_and_refused_beside_the_field(page: Page, dialog, purse: int):
    form = dialog("Withdraw")
    form.get_by_label("Amount").press_sequentially("5500")
    expect(form.get_by_role("status")).to_contain_text("RUB\xa0500.00 more than there is")
    form.get_by_label("Description").fill("rent")
    form.get_by_role("button", name="Withdraw").click()
    amount = form.get_by_label("Amount")
    expect(amount).to_have_accessible_description("There is not enough money in the wallet.")
    expect(amount).to_be_focused()
    expect(amount).to_have_value("5500")
    expect(form.get_by_label("Description")).to_have_value("rent")
    amount.fill("5000")
    form.get_by_role("button", name="Withdraw").click()
    expect(form).to_be_hidden()
    assert booked(purse) == [-500_000, 500_000]


def test_a_transfer_finds_its_payee_by_name(page: Page, dialog, purse: int):
    payee, _euros = money.wallet(name="Ivan Petrov"), money.wallet("EUR", name="Ivan Euro")
    form = dialog("Transfer")
    form.get_by_label("Amount").fill("100")
    form.get_by_label("To whom").press_sequentially("ivan")
    expect(form.get_by_role("radio")).to_have_count(1)
    form.get_by_role("radio", name="Ivan Petrov").check()
    told = "from Anna Ivanova to Ivan Petrov · commission RUB\xa02.00 · RUB\xa098.00 arrives · balance after"
    expect(form.get_by_role("status").last).to_contain_text(told)
    form.get_by_role("button", name="Transfer").click()
    expect(page.locator("#toasts")).to_contain_text("−RUB\xa0100.00 from Anna Ivanova to Ivan Petrov")
    assert (booked(payee), booked(purse)) == ([9_800], [-200, -9_800, 500_000])  # two percent are commission


def test_an_administrator_adjusts_with_a_reason(new_page: NewPage, dialog, purse: int):
    page = new_page(ALICE)
    form = dialog("Adjust", page)
    form.get_by_label("Amount").fill("-50")
    form.get_by_role("button", name="Adjust").click()
    expect(form.get_by_label("Reason")).to_be_focused()
    expect(form.get_by_label("Reason")).to_have_accessible_description("Say why, in three characters or more.")
    form.get_by_label("Reason").fill("till was wrong")
    form.get_by_role("button", name="Adjust").click()
    expect(history(page).first).to_contain_text("till was wrong")
    assert booked(purse) == [-5_000, 500_000]


def test_the_first_deposit_opens_a_wallet(page: Page, anna: Customer):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Deposit").click()
    form = page.get_by_role("dialog", name="Deposit")
    form.get_by_label("Currency").select_option("EUR")
    form.get_by_label("Amount").fill("3,50")
    form.get_by_role("button", name="Deposit").click()
    expect(page.get_by_role("list", name="Wallets").get_by_role("listitem")).to_have_text(re.compile("€3.50"))
    db.session.rollback()
    assert [wallet.balance for wallet in accounts.of_customer(anna.id)] == [350]


def test_another_wallet_is_opened_and_chosen(page: Page, anna: Customer, purse: int):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="New wallet").click()
    form = page.get_by_role("dialog", name="New wallet")
    form.get_by_label("Currency").select_option("USD")
    form.get_by_label("Name").fill("Holiday")
    form.get_by_role("button", name="Open the wallet").click()
    chosen = page.get_by_role("list", name="Wallets").locator("[aria-current]")
    expect(chosen).to_contain_text("Holiday")
    expect(page.get_by_text("No operations yet")).to_be_visible()
    page.get_by_role("list", name="Wallets").get_by_role("link", name="RUB").click()
    expect(chosen).to_contain_text("RUB")
    expect(history(page)).to_have_count(1)
    page.go_back()
    expect(chosen).to_contain_text("Holiday")


def test_a_double_click_moves_money_once(page: Page, dialog, purse: int):
    form = dialog("Deposit")
    form.get_by_label("Amount").fill("7")
    form.get_by_role("button", name="Deposit").dblclick()
    expect(form).to_be_hidden()
    page.wait_for_load_state("networkidle")
    assert booked(purse) == [700, 500_000]


def test_what_is_sent_again_by_the_same_form_moves_nothing(page: Page, dialog, purse: int):
    form = dialog("Deposit")
    form.get_by_label("Amount").fill("7")
    key = form.locator("[name=idempotency_key]").input_value()
    form.get_by_role("button", name="Deposit").click()
    expect(form).to_be_hidden()
    form = dialog("Deposit")
    form.get_by_label("Amount").fill("7")
    form.locator("[name=idempotency_key]").evaluate("(field, key) => { field.value = key }", key)
    form.get_by_role("button", name="Deposit").click()
    expect(page.locator("#toasts")).to_contain_text("This was done already: +RUB\xa07.00 to Anna Ivanova")
    assert booked(purse) == [700, 500_000]


@pytest.mark.parametrize("scripts", [True, False])
def test_back_and_sent_again_moves_money_once(new_page: NewPage, anna: Customer, purse: int, scripts: bool):
    page = new_page(java_script_enabled=scripts)
    page.goto(f"/customers/{anna.id}/wallet/deposit/")
    page.get_by_label("Amount").fill("7")
    page.get_by_role("button", name="Deposit").click()
    expect(page.get_by_text("+RUB\xa07.00 to Anna Ivanova")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Deposit").click()
    page.wait_for_load_state("networkidle")
    assert booked(purse) == [700, 500_000]


def test_reload_after_a_deposit_moves_money_once(new_page: NewPage, anna: Customer, purse: int):
    page = new_page(java_script_enabled=False)
    page.goto(f"/customers/{anna.id}/wallet/deposit/")
    page.get_by_label("Amount").fill("7")
    page.get_by_role("button", name="Deposit").click()
    expect(page.get_by_text("+RUB\xa07.00 to Anna Ivanova")).to_be_visible()
    page.reload()
    assert booked(purse) == [700, 500_000]


def test_a_transfer_without_scripts_asks_for_the_wallet_s_number(new_page: NewPage, anna: Customer, purse: int):
    payee, page = money.wallet(name="Ivan Petrov"), new_page(java_script_enabled=False)
    page.goto(f"/customers/{anna.id}/wallet/transfer/")
    page.get_by_label("Amount").fill("7")
    page.get_by_label("Number of the wallet").fill(str(payee))
    page.get_by_role("button", name="Transfer").click()
    expect(page.get_by_text("−RUB\xa07.00 from Anna Ivanova to Ivan Petrov")).to_be_visible()
    assert booked(payee) == [686]


def test_a_deposit_by_the_keyboard(page: Page, anna: Customer, purse: int):
    page.goto(f"/customers/{anna.id}/")
    tab_to(page, "Deposit")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Amount")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Deposit", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    wait_until_it_listens(page)
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Deposit", exact=True)).to_be_focused()
    assert booked(purse) == [1_200, 500_000]


def test_the_history_is_filtered_and_continued_in_place(page: Page, anna: Customer, purse: int):
    for _time in range(55):
        money.SERVICE.deposit(purse, 1)
    money.SERVICE.spend(purse, 100)
    page.goto(f"/customers/{anna.id}/")
    expect(history(page)).to_have_count(51)
    page.get_by_role("link", name="Show more").click()
    expect(history(page)).to_have_count(57)
    kind = page.get_by_role("form", name="History").get_by_label("Type")
    kind.focus()
    kind.select_option("Purchase")
    expect(history(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("kind=spend"))
    expect(kind).to_be_focused()
    page.reload()
    expect(history(page)).to_have_count(1)
    page.get_by_role("form", name="History").get_by_label("To").fill("2020-01-01")
    expect(page.get_by_text("Nothing like that here")).to_be_visible()
    page.get_by_role("link", name="Show everything").click()
    expect(history(page)).to_have_count(51)


def test_a_statement_is_asked_for_and_downloaded(page: Page, anna: Customer, purse: int):
    page.goto(f"/customers/{anna.id}/")
    page.get_by_role("link", name="Statement").click()
    expect(page.get_by_role("definition").last).to_have_text("RUB\xa05,000.00")
    with page.expect_download() as download:
        page.locator("summary", has_text="Export").click()
        page.get_by_role("link", name="CSV").click()
    assert "5000.00" in download.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("link", name="This year").click()
    expect(page.get_by_role("link", name="This year")).to_have_attribute("aria-current", "true")


def test_russians_read_rubles_as_they_write_them(new_page: NewPage, anna: Customer, purse: int):
    page = new_page(locale="ru-RU")
    page.goto(f"/customers/{anna.id}/")
    expect(page.locator(f"#account-{purse}")).to_contain_text("5\xa0000,00\xa0₽")
    page.locator(".wallet-actions a").first.click()
    wait_until_it_listens(page)
    page.locator("#amount").press_sequentially("1250,5")
    expect(page.locator(".preview p")).to_contain_text("+1\xa0250,50\xa0₽")
    expect(page.locator(".preview p")).to_contain_text("6\xa0250,50\xa0₽")


def test_money_is_reserved_and_a_part_of_it_captured(page: Page, dialog, purse: int):
    form = dialog("Spend")
    form.get_by_label("Amount").fill("300")
    form.get_by_label("When").select_option("Reserve for 7 days")
    expect(form.get_by_role("status")).to_contain_text("available after: RUB\xa04,700.00")
    form.get_by_role("button", name="Spend").click()
    expect(form).to_be_hidden()
    expect(page.locator(f"#account-{purse}")).to_contain_text("RUB\xa0300.00 reserved, RUB\xa04,700.00 available")
    page.get_by_role("link", name="Show what is reserved").click()
    page.locator(".payments .row-link").click()
    page.get_by_role("link", name="Capture").click()
    asked = page.get_by_role("dialog", name="Capture")
    asked.get_by_label("Amount").fill("120")
    expect(asked.get_by_role("status")).to_have_text("RUB\xa0120.00 moves · RUB\xa0180.00 is released")
    asked.get_by_role("button", name="Capture").click()
    expect(page.locator("#toasts")).to_contain_text("RUB\xa0120.00 was captured.")
    expect(page.locator(".payment-status")).to_contain_text("Completed")
    assert booked(purse) == [-12_000, 500_000]
