"""Laws of payments: found, followed while they wait, and given back in place."""

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Page, expect

from crm.alone import alone
from crm.db import db
from crm.models import Customer
from crm.models.ledger import PaymentKind
from crm.services import payments, posting
from crm.services.audit import Actor
from crm.services.movements import Movement
from crm.services.wallet import WalletService
from tests import money
from tests.browser.conftest import ALICE, VERA, NewPage
from tests.workers import eventually

pytestmark = pytest.mark.browser


@pytest.fixture
def order(purse: int) -> str:
    """The id of a payment: Anna has bought something for 200 rubles."""
    return str(uuid.UUID(money.SERVICE.spend(purse, 20_000, "Order 7").payment_id))


def balance(account_id: int) -> int:
    db.session.rollback()
    return WalletService(Actor(None, "test")).balance(account_id)


def lines(page: Page):
    return page.locator("#payment-rows tr")


def test_a_payment_is_found_opened_and_half_of_it_given_back(new_page: NewPage, purse: int, order: str):
    page = new_page(ALICE)
    page.goto("/payments/")
    expect(lines(page)).to_have_count(2)
    page.get_by_text("Filters").click()
    page.get_by_label("Type").select_option("Purchase")
    expect(lines(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?kind=spend$"))
    page.get_by_role("link", name="Purchase").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Purchase for RUB\xa0200.00 by Anna Ivanova")
    page.get_by_role("link", name="Reverse").click()
    form = page.get_by_role("dialog", name="Reverse")
    expect(form.get_by_label("Amount")).to_have_value("200.00")
    form.get_by_label("Amount").fill("100")
    expect(form.get_by_role("status")).to_contain_text("+RUB\xa0100.00 balance after: RUB\xa04,900.00")
    form.get_by_role("button", name="Reverse").click()
    expect(form).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("RUB\xa0100.00 was reversed.")
    expect(page.locator(".payment-status")).to_contain_text("partly reversed")
    expect(page.get_by_role("link", name="Reverse", exact=True)).to_be_focused()
    assert balance(purse) == 490_000
    page.get_by_role("link", name="RUB\xa0100.00 reversed").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Reversal of RUB\xa0100.00")
    page.locator(f"a[href='/payments/{order}/']").click()
    expect(page).to_have_url(re.compile(order))


def test_what_cannot_be_given_back_is_said_beside_the_amount(new_page: NewPage, purse: int, order: str):
    page = new_page(ALICE)
    page.goto(f"/payments/{order}/")
    page.get_by_role("link", name="Reverse").click()
    form = page.get_by_role("dialog", name="Reverse")
    form.get_by_label("Amount").fill("200,01")
    expect(form.get_by_role("status")).to_contain_text("more than what is left")
    form.get_by_role("button", name="Reverse").click()
    expect(form.get_by_role("alert")).to_have_text("This is more than what is left to be reversed.")
    expect(form.get_by_label("Amount")).to_be_focused()
    form.get_by_label("Amount").fill("200")
    form.get_by_role("button", name="Reverse").dblclick()
    expect(form).to_be_hidden()
    assert balance(purse) == 500_000


def test_a_wrong_filter_is_said_beside_it_and_goes_when_it_is_mended(page: Page, purse: int, order: str):
    page.goto("/payments/?sort=amount")
    page.get_by_text("Filters").click()
    page.get_by_label("Amount from").fill("1,2,3")
    page.get_by_label("Amount from").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is not an amount")
    expect(page.get_by_label("Amount from")).to_be_focused()
    expect(lines(page)).to_have_count(2)
    page.get_by_label("Amount from").fill("300")
    page.get_by_label("Amount from").press("Enter")
    expect(lines(page)).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page).to_have_url(re.compile("currency=RUB.*amount_from=300.00"))
    page.get_by_role("link", name="Amount", exact=True).click()
    expect(page).to_have_url(re.compile("sort=-amount"))
    page.get_by_label("Words of the description").or_(page.locator("#q")).first.press_sequentially("order")
    expect(page.get_by_text("No payment matches")).to_be_visible()
    expect(page).to_have_url(re.compile("sort=-amount"))


def accepted(purse: int, count: int = 1) -> list[str]:
    """Payments that a worker will post: 7 rubles in cash for Anna."""
    movements = [Movement(PaymentKind.DEPOSIT, 700 + number, None, purse, "cash") for number in range(count)]
    found = payments.accept_batch(Actor(None, "test"), movements).payments
    return [str(uuid.UUID(one.payment_id)) for one in found]


@contextmanager
def nobody_posts() -> Iterator[None]:
    """Whatever is accepted meanwhile waits: the test holds what a worker or the sweep would post under."""
    with ExitStack() as stack:
        eventually(lambda: stack.enter_context(alone(posting.LOCK)))
        yield


def test_what_waits_is_completed_before_ones_eyes(new_page: NewPage, purse: int):
    table, one = new_page(VERA), new_page(VERA)
    with nobody_posts():
        (waiting,) = accepted(purse)
        table.goto("/payments/")
        one.goto(f"/payments/{waiting}/")
        for page in (table, one):
            expect(page.locator("[data-follow]")).to_contain_text("Waiting")
    accepted(purse)  # which rings for both
    for page in (table, one):
        expect(page.locator("[data-follow]")).to_have_count(0)
    expect(table.locator(f"#payment-row-{waiting}")).to_contain_text("Completed")
    expect(one.locator(".entries tbody tr")).to_have_count(2)
    assert balance(purse) == 501_400


def test_without_scripts_it_all_works(new_page: NewPage, purse: int, order: str):
    page = new_page(ALICE, java_script_enabled=False)
    page.goto("/payments/")
    page.get_by_text("Filters").click()
    page.get_by_label("Type").select_option("Purchase")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Purchase").click()
    page.get_by_role("link", name="Reverse").click()
    page.get_by_label("Amount").fill("50")
    page.get_by_role("button", name="Reverse").click()
    expect(page.get_by_text("RUB\xa050.00 was reversed.")).to_be_visible()
    assert balance(purse) == 485_000


def test_a_history_leads_to_the_payment(page: Page, anna: Customer, order: str):
    page.goto(f"/customers/{anna.id}/")
    page.locator(".operations").get_by_role("link", name="Purchase").click()
    expect(page).to_have_url(re.compile(f"/payments/{order}/"))
