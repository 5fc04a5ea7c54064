"""Laws of holds: what is reserved is there when it is wanted, and is wanted once."""

from datetime import datetime, timedelta, timezone

import pytest

from crm import jobs
from crm.db import db, utcnow
from crm.errors import DuplicateRequest, NotFound
from crm.models import AuditEntry
from crm.models.ledger import PaymentKind
from crm.services import (
    accounts,
    commission_rules,
    holds,
    payments,
    posting,
    proofs,
)
from crm.services.commission_terms import RuleData
from crm.services.movements import Movement
from tests import money
from tests.ledger.holding import TEST, held, pass_by, payment, refused, state
from tests.ledger.tampering import tamper
from tests.money import SERVICE

pytestmark = pytest.mark.usefixtures("sound_ledger")


def test_what_is_held_is_there_but_cannot_be_taken(app):
    wallet = money.wallet(balance=1000)
    pk = held(wallet, 300)
    assert state(wallet) == (1000, 300) and SERVICE.balance(wallet) == 1000
    one = payment(pk)
    assert (one.status, one.amount, one.held_amount, one.completed_at) == ("HELD", 300, 300, None)
    assert one.held_at and one.hold_expires_at - utcnow() > timedelta(days=6)
    refused("insufficient_funds", SERVICE.withdraw, wallet, 701)
    refused("insufficient_funds", held, wallet, 701)
    SERVICE.withdraw(wallet, 700)
    assert state(wallet) == (300, 300)


def test_a_capture_moves_it_and_what_was_not_captured_is_available_again(app):
    wallet, other = money.wallet(balance=1000), money.wallet(balance=1000)
    whole, part = holds.capture(TEST, held(wallet, 300)), holds.capture(TEST, held(other, 300), 100)
    assert (whole.status, whole.amount, whole.held_amount) == ("COMPLETED", 300, 300)
    assert (part.status, part.amount, part.held_amount) == ("COMPLETED", 100, 300)
    assert (state(wallet), state(other)) == ((700, 0), (900, 0))


def test_what_is_let_go_moves_nothing(app):
    wallet = money.wallet(balance=1000)
    one = holds.void(TEST, held(wallet, 1000), "ordered twice")
    assert (one.status, one.amount, state(wallet)) == ("VOIDED", 1000, (1000, 0)) and one.completed_at
    (entry,) = db.session.query(AuditEntry).filter_by(action="payment.voided")
    assert (entry.entity_id, entry.changes["reason"]) == (one.id.hex, [None, "ordered twice"])
    SERVICE.withdraw(wallet, 1000)


def test_the_overdraft_may_be_held_too_and_a_capture_needs_nothing_else(app):
    wallet = money.wallet(balance=100, overdraft=200)
    pk = held(wallet, 300)
    refused("insufficient_funds", SERVICE.spend, wallet, 1)
    refused("overdraft_limit", accounts.set_overdraft, TEST, wallet, 199)
    holds.capture(TEST, pk)
    assert state(wallet) == (-200, 0)


@pytest.mark.parametrize("kind", ["transfer", "withdrawal", "spend"])
def test_whatever_leaves_a_wallet_can_be_held(app, kind):
    wallet, other = money.wallet(balance=500), money.wallet()
    make = {
        "transfer": lambda: SERVICE.transfer(wallet, other, 200, hold=True),
        "withdrawal": lambda: SERVICE.withdraw(wallet, 200, "cash", hold=True),
        "spend": lambda: SERVICE.spend(wallet, 200, hold=True),
    }[kind]
    pk = make().payment_id
    assert (state(wallet), state(other)) == ((500, 200), (0, 0))
    assert holds.capture(TEST, pk, 150).kind == kind
    assert (state(wallet), state(other)) == ((350, 0), (150 if kind == "transfer" else 0, 0))


def test_nothing_else_can_be_held(app):
    wallet, euros = money.wallet(balance=500), money.wallet("EUR")
    asked = {
        PaymentKind.DEPOSIT: (None, wallet, "cash"),
        PaymentKind.ADJUSTMENT: (wallet, None, "adjustment"),
        PaymentKind.CONVERSION: (wallet, euros, None),
    }
    for kind, (payer, payee, source) in asked.items():
        movement = Movement(kind, 10, payer, payee, source, "for a reason", hold=True)
        refused("hold_not_possible", payments.accept, TEST, movement)
    refused(
        "hold_not_possible", payments.accept, TEST, Movement(PaymentKind.SPEND, 10, None, wallet, "sales", hold=True)
    )


def rule(percent: str, minimum: str = "") -> None:
    commission_rules.add(TEST, RuleData("spend", "RUB", "", percent, min=minimum))


def test_the_commission_is_that_of_what_is_captured_by_the_rule_of_the_time(app):
    rule("2", minimum="0.10")
    wallet, other = money.wallet(balance=10_000), money.wallet(balance=10_000)
    first, second = held(wallet, 1000), held(other, 1000)
    assert payment(first).commission == 20
    rule("50")
    assert holds.capture(TEST, first).commission == 20
    refused("amount_too_small", holds.capture, TEST, second, 10)
    one = holds.capture(TEST, second, 600)
    assert (one.amount, one.commission, state(other)) == (600, 12, (9400, 0))
    assert money.total(money.technical("commission")) == 32


def test_a_hold_is_captured_once(app):
    wallet = money.wallet(balance=1000)
    pk = held(wallet, 300)
    refused("exceeds_hold", holds.capture, TEST, pk, 301)
    refused("amount", holds.capture, TEST, pk, 0)
    holds.capture(TEST, pk, 200)
    for again in (lambda: holds.capture(TEST, pk), lambda: holds.capture(TEST, pk, 50), lambda: holds.void(TEST, pk)):
        refused("already_captured", again)
    assert state(wallet) == (800, 0)


def test_what_was_let_go_or_is_no_hold_is_not_captured(app):
    wallet = money.wallet(balance=1000)
    gone, plain = held(wallet, 300), SERVICE.spend(wallet, 10).payment_id
    holds.void(TEST, gone)
    for do in (holds.capture, holds.void):
        refused("hold_voided", do, TEST, gone)
        refused("not_held", do, TEST, plain)
        for missing in ("0" * 32, "x"):
            with pytest.raises(NotFound):
                do(TEST, missing)


def test_a_hold_whose_time_is_over_is_let_go_and_can_be_captured_no_more(app, monkeypatch):
    wallet = money.wallet(balance=1000)
    soon = utcnow() + timedelta(hours=1)
    short, usual = held(wallet, 300, expires_at=soon), held(wallet, 50)
    assert holds.expire_due() == 0 and state(wallet) == (1000, 350)
    pass_by(monkeypatch, hours=1)
    for do in (holds.capture, holds.void):
        refused("hold_expired", do, TEST, short)
    assert (holds.expire_due(limit=1), holds.expire_due()) == (1, 0)
    assert (payment(short).status, payment(short).completed_at is not None, state(wallet)) == (
        "EXPIRED",
        True,
        (1000, 50),
    )
    refused("hold_expired", holds.capture, TEST, short)
    pass_by(monkeypatch, days=8)
    assert holds.expire_due() == 1 and state(wallet) == (1000, 0) and payment(usual).status == "EXPIRED"


def test_the_sweep_lets_go_of_what_is_over(app, monkeypatch):
    wallet = money.wallet(balance=1000)
    held(wallet, 300)
    pass_by(monkeypatch, days=8)
    jobs.sweep()
    assert state(wallet) == (1000, 0)


def test_a_row_that_was_tampered_with_keeps_no_other_hold_and_no_proof_from_its_end(app, monkeypatch):
    wallet, other = money.wallet(balance=1000), money.wallet(balance=1000)
    first, second = held(wallet, 300), held(other, 300)
    tamper("UPDATE account_balances SET held = held - 100 WHERE account_id = :wallet", wallet=wallet)
    pass_by(monkeypatch, days=8)
    jobs.sweep()
    assert (payment(first).status, payment(second).status, state(other)) == ("HELD", "EXPIRED", (1000, 0))
    assert proofs.standing().under_way
    tamper("UPDATE account_balances SET held = held + 100 WHERE account_id = :wallet", wallet=wallet)
    assert holds.expire_due() == 1 and state(wallet) == (1000, 0)


def test_money_is_held_for_ninety_days_at_most(app):
    wallet, now = money.wallet(balance=1000), utcnow()
    refused("expires_at", lambda: held(wallet, 1, expires_at=now - timedelta(seconds=1)))
    refused("expires_at", lambda: held(wallet, 1, expires_at=now + timedelta(days=91)))
    refused("expires_at", lambda: SERVICE.spend(wallet, 1, expires_at=now + timedelta(days=1)))
    for end in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):  # no such moments in UTC
        refused("expires_at", lambda end=end: held(wallet, 1, expires_at=datetime.fromisoformat(end)))
    held(wallet, 1, expires_at=now + timedelta(days=89))


def test_a_hold_is_made_once_for_a_key(app, monkeypatch):
    wallet, moment = money.wallet(balance=1000), utcnow() + timedelta(hours=5)
    first = held(wallet, 300, key="order 7", expires_at=moment)
    assert held(wallet, 300, key="order 7", expires_at=moment.astimezone(timezone(timedelta(hours=3)))) == first
    for other in ({}, {"expires_at": moment + timedelta(hours=1)}):
        with pytest.raises(DuplicateRequest):
            held(wallet, 300, key="order 7", **other)
    with pytest.raises(DuplicateRequest):
        SERVICE.spend(wallet, 300, key="order 7")
    usual = held(wallet, 100, key="order 8")
    assert held(wallet, 100, key="order 8") == usual and state(wallet) == (1000, 400)
    monkeypatch.setattr("crm.services.movements.utcnow", lambda: moment + timedelta(days=1))
    assert held(wallet, 300, key="order 7", expires_at=moment) == first


def test_a_hold_that_was_accepted_is_held_when_it_is_posted_or_fails(app):
    wallet = money.wallet(balance=1000)
    asked = Movement(PaymentKind.SPEND, 600, wallet, None, "sales", hold=True)
    first, second = payments.accept(TEST, asked), payments.accept(TEST, asked)
    refused("not_held", holds.capture, TEST, first.payment_id)
    assert posting.drain() == (1, 1)
    assert (
        payment(first.payment_id).status == "HELD" and payment(second.payment_id).failure_code == "insufficient_funds"
    )
    assert state(wallet) == (1000, 600)
    refused("not_held", holds.void, TEST, second.payment_id)


def test_a_frozen_payers_hold_is_captured_or_let_go_all_the_same(app):
    wallet = money.wallet(balance=1000)
    first, second = held(wallet, 300), held(wallet, 100)
    accounts.set_status(TEST, wallet, "frozen")
    refused("account_frozen", held, wallet, 1)
    holds.capture(TEST, first, 200)
    holds.void(TEST, second)
    assert state(wallet) == (800, 0)


@pytest.mark.parametrize("status", ["frozen", "closed"])
def test_a_payee_that_takes_nothing_keeps_the_hold_as_it_is(app, status):
    wallet, other = money.wallet(balance=1000), money.wallet()
    pk = SERVICE.transfer(wallet, other, 300, hold=True).payment_id
    accounts.set_status(TEST, other, status)
    refused(f"account_{status}", holds.capture, TEST, pk)
    assert payment(pk).status == "HELD" and state(wallet) == (1000, 300)


def test_a_wallet_with_something_held_is_not_closed(app):
    wallet = money.wallet(balance=100, overdraft=100)
    pk = held(wallet, 200)
    refused("status", accounts.set_status, TEST, wallet, "closed")
    holds.void(TEST, pk)
    SERVICE.withdraw(wallet, 100)
    accounts.set_status(TEST, wallet, "closed")


def test_what_was_captured_can_be_given_back_and_no_more(app):
    wallet = money.wallet(balance=1000)
    pk = held(wallet, 300)
    refused("not_reversible", SERVICE.reverse, pk)
    holds.capture(TEST, pk, 200)
    refused("exceeds_reversible", SERVICE.reverse, pk, 201)
    SERVICE.reverse(pk)
    assert state(wallet) == (1000, 0)


def test_what_is_held_cannot_be_given_back_out_of_a_wallet(app):
    wallet = money.wallet()
    deposit = SERVICE.deposit(wallet, 500).payment_id
    held(wallet, 300)
    refused("insufficient_funds", SERVICE.reverse, deposit, 201)
    SERVICE.reverse(deposit, 200)
    assert state(wallet) == (300, 300)
