"""Pages of payments, one by one and by the spreadsheet."""

import uuid

from playwright.sync_api import Page, expect

from crm.db import atomic
from crm.ledger import engine
from tests import money
from tests.browser.conftest import ALICE, BORIS, VERA
from tests.browser.screens.office import Furniture
from tests.browser.screens.screen import Screen, at


def _send_sheet(page: Page, text: str) -> None:
    page.goto("/payments/upload/")
    page.locator("#file").set_input_files({"name": "bonuses.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.locator("#payment-upload button[type=submit]").click()


def _sheet_refused(page: Page, found: Furniture) -> None:
    _send_sheet(page, "shoe,hat\n1,2\n")
    expect(page.locator("#file-help")).to_be_visible()


def _sheet_checked(page: Page, found: Furniture) -> None:
    _send_sheet(page, f"kind,account,amount\ndeposit,{found.wallet},1000000\nwithdrawal,{found.wallet},5\n")
    expect(page.locator("#sums")).to_be_visible()


def _sheet_with_problems(page: Page, found: Furniture) -> None:
    _send_sheet(page, f"kind,account,amount\ndeposit,{found.wallet},1e6\n" + "gift,x,1\n" * 120)
    expect(page.locator("#problems")).to_be_visible()


def _first_payment(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".payments .row-link").first.click()
    expect(page.locator(".payment-status")).to_be_visible()


def _payment(page: Page, found: Furniture) -> None:
    _first_payment(page, "/payments/?kind=transfer")


def _failed_payment(page: Page, found: Furniture) -> None:
    money.post([money.draft(money.wallet(), money.technical("cash"), 10**9, kind="withdrawal", source="cash")])
    _first_payment(page, "/payments/?status=FAILED")


def _waiting_payment(page: Page, found: Furniture) -> None:
    with atomic():  # nobody posts what is not in the queue
        waiting = money.draft(money.technical("cash"), money.wallet(), 700, kind="deposit", source="cash")
        engine.store([waiting])
    page.goto(f"/payments/{uuid.UUID(waiting.id)}/")


def _held_payment(page: Page, found: Furniture) -> None:
    pk = money.SERVICE.transfer(money.wallet(balance=90_000), money.wallet(), 60_000, "Order 7", hold=True).payment_id
    page.goto(f"/payments/{uuid.UUID(pk)}/")


def _capture(page: Page, found: Furniture) -> None:
    _held_payment(page, found)
    page.locator("a[href$='/capture/']").click()
    expect(page.locator("#captured")).to_contain_text("·")


def _capture_refused(page: Page, found: Furniture) -> None:
    _capture(page, found)
    page.locator("#amount").fill("99999999999")
    page.locator("#capture-form [type=submit]").click()
    expect(page.locator("#amount-help")).to_be_visible()


def _release(page: Page, found: Furniture) -> None:
    _held_payment(page, found)
    page.locator("a[href$='/release/']").click()
    expect(page.locator("#release-form")).to_be_visible()


def _reversal(page: Page, found: Furniture) -> None:
    _payment(page, found)
    page.locator("a[href$='/reverse/']").click()
    expect(page.locator("#foreseen li").first).to_be_visible()


def _reversal_refused(page: Page, found: Furniture) -> None:
    _reversal(page, found)
    page.locator("#amount").fill("99999999999")
    page.locator("#reverse-form [type=submit]").click()
    expect(page.locator("#amount-help")).to_be_visible()


SCREENS = {
    "payments": Screen(ALICE, at("/payments/")),
    "payments filtered": Screen(VERA, at("/payments/?status=FAILED&currency=RUB&amount_from=1")),
    "payments without a match": Screen(VERA, at("/payments/?kind=conversion")),
    "payments refused": Screen(VERA, at("/payments/?created_from=x&customer=а&q=%00")),
    "payment": Screen(ALICE, _payment),
    "payment that failed": Screen(VERA, _failed_payment),
    "payment that waits": Screen(VERA, _waiting_payment),
    "payment that is held": Screen(BORIS, _held_payment),
    "capture dialog": Screen(BORIS, _capture),
    "capture refused": Screen(BORIS, _capture_refused),
    "release dialog": Screen(BORIS, _release),
    "reversal dialog": Screen(ALICE, _reversal),
    "reversal refused": Screen(ALICE, _reversal_refused),
    "payment upload": Screen(BORIS, at("/payments/upload/")),
    "payment upload refused": Screen(BORIS, _sheet_refused),
    "payments to be confirmed": Screen(BORIS, _sheet_checked),
    "payments with problems": Screen(BORIS, _sheet_with_problems),
    "batch of payments": Screen(VERA, at("/payments/batches/{batch}/")),
    "batch without a match": Screen(VERA, at("/payments/batches/{batch}/?status=INITIATED")),
    "batches": Screen(BORIS, at("/payments/batches/")),
}
BARE = {
    "no payments": Screen(BORIS, at("/payments/")),
    "no payment batches": Screen(VERA, at("/payments/batches/")),
    "payment upload without batches": Screen(BORIS, at("/payments/upload/")),
}
