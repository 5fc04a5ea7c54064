"""Money that is reserved first: by the forms that take it, captured or let go on the payment's page."""

import uuid
from datetime import timedelta

import pytest

from crm.db import at, db, utcnow
from crm.models import AccountBalance, Payment
from crm.services import holds, statements
from crm.web.periods import today
from tests import money, people
from tests.money import SERVICE
from tests.web import wallets
from tests.web.pages import page, toast
from tests.web.payments import address, facts
from tests.web.wallets import sent


@pytest.fixture
def held(charged, purse) -> str:
    """The id of a payment that waits: 500 roubles from Anna to Boris."""
    return SERVICE.transfer(purse, money.wallet(name="Борис"), 50_000, hold=True).payment_id


def funds(purse: int) -> tuple[int, int]:
    db.session.rollback()
    row = db.session.get_one(AccountBalance, purse)
    return row.balance, row.held


def status(pk: str) -> str:
    db.session.rollback()
    return db.session.get_one(Payment, uuid.UUID(pk)).status


@pytest.mark.parametrize(("action", "more"), [("spend", {}), ("withdraw", {"source": "cash"}), ("transfer", {})])
def test_what_goes_out_can_be_reserved_first(manager, anna, purse, action, more):
    if action == "transfer":
        more = {"to_account": money.wallet(name="Борис")}
    form = sent(amount="250,50", account=purse, reserve="7", **more)
    answer = manager.post(wallets.address(anna, action), data=form, htmx=True)
    assert toast(answer).startswith("Reserved until ") and toast(answer).endswith("available after: RUB\xa0749.50")
    assert "RUB 250.50 reserved, RUB 749.50 available" in page(answer).one(id=f"account-{purse}").text
    assert funds(purse) == (100_000, 25_050)
    again = manager.post(wallets.address(anna, action), data=form, htmx=True)
    assert toast(again).startswith("This was done already") and funds(purse) == (100_000, 25_050)


def test_it_says_before_what_will_be_left(manager, anna, purse):
    asked = {"action": "spend", "amount": "100", "account": purse, "reserve": "1"}
    said = page(manager.get(wallets.address(anna, "preview"), query_string=asked, htmx=True))
    (told,) = said.roots
    assert told.text.startswith("Reserved until ") and told.text.endswith("available after: RUB 900.00")


@pytest.mark.parametrize("days", ["0", "2", "-1", "x", "365", "1.0"])
def test_no_other_number_of_days_can_be_chosen(manager, anna, purse, nothing_changes, days):
    with nothing_changes():
        answer = manager.post(wallets.address(anna, "spend"), data=sent(amount="1", account=purse, reserve=days))
    assert (answer.status_code, page(answer).error("reserve")) == (422, "Choose one of these.")


def test_a_part_is_captured_with_the_commission_of_that_part(manager, purse, held):
    offered = page(manager.get(address(held, "capture/"), htmx=True))
    assert offered.value("amount") == "500.00" and "commission RUB 10.00" in offered.one(id="captured").text
    asked = {"amount": "100"}
    said = page(manager.get(address(held, "capture/preview/"), query_string=asked, htmx=True))
    assert said.one(id="captured").text == "RUB 100.00 moves · commission RUB 3.00 · RUB 400.00 is released"
    answer = manager.post(address(held, "capture/"), data=asked, htmx=True)
    assert answer.status_code == 200 and toast(answer) == "RUB\xa0100.00 was captured."
    assert answer.headers["HX-Retarget"] == f"#payment-{uuid.UUID(held)}"
    shown = facts(page(answer))
    assert (shown["Reserved"], shown["Amount"], shown["Commission"]) == ("RUB 500.00", "RUB 100.00", "RUB 3.00")
    assert funds(purse) == (90_000, 0)
    money.check_ledger()


def test_it_is_let_go_and_nothing_moves(manager, purse, held):
    assert "available again" in manager.get(address(held, "release/")).text
    answer = manager.post(address(held, "release/"), data={"description": "The order was called off"})
    assert (answer.status_code, answer.location) == (303, address(held))
    assert (status(held), funds(purse)) == ("VOIDED", (100_000, 0))
    shown = page(manager.get(address(held)))
    assert "RUB 500.00 is available again." in shown.one(id="toasts").text
    assert "No money has moved." in shown.one(class_="payment-status").text


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("500.01", "This is more than what is held."),
        ("3", "The amount must be more than its commission."),
        ("0", "The amount must be more than zero."),
    ],
)
def test_what_cannot_be_captured_is_said_at_the_amount(manager, held, nothing_changes, amount, said):
    with nothing_changes():
        answer = manager.post(address(held, "capture/"), data={"amount": amount}, htmx=True)
    assert (answer.status_code, page(answer).error("amount")) == (422, said)


def test_what_has_ended_is_said_in_the_dialog(manager, purse, held, nothing_changes):
    holds.capture(people.CLI, held)
    with nothing_changes():
        late = [
            manager.post(address(held, f"{what}/"), data={"amount": "1"}, htmx=True) for what in ("capture", "release")
        ]
    assert [answer.status_code for answer in late] == [409, 409]
    assert all("This was captured already." in answer.text for answer in late)
    assert "capture/" not in manager.get(address(held)).text


def test_a_viewer_sees_it_and_cannot_touch_it(viewer, held):
    shown = page(viewer.get(address(held)))
    assert "Waiting to be captured" in shown.one("ol", class_="timeline-list").text
    assert not [link for link in shown.all("a") if link["href"].endswith(("/capture/", "/release/"))]


def test_a_statement_tells_what_was_reserved_at_its_end(app):
    with at(utcnow() - timedelta(days=40)):
        purse = money.wallet(balance=100_000)
        pk = SERVICE.spend(purse, 30_000, hold=True, expires_at=utcnow() + timedelta(days=80)).payment_id
    with at(utcnow() - timedelta(days=20)):
        holds.void(people.CLI, pk)
    SERVICE.spend(purse, 500, hold=True)
    first, ends = today() - timedelta(days=60), [today() - timedelta(days=ago) for ago in (50, 30, 10, 0)]
    assert [statements.statement(purse, first, last).held for last in ends] == [0, 30_000, 0, 500]
