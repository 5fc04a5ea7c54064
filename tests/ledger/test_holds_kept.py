"""Laws of holds that are kept whatever comes: many at once, made anew, or altered behind the rules."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from crm.db import utcnow
from crm.errors import InsufficientFunds
from crm.ledger.rebuild import rebuild
from crm.ledger.verify import verify
from crm.models.ledger import PaymentKind
from crm.services import holds, payments, posting
from crm.services.movements import Movement
from crm.services.paying import batches, lists, sums
from crm.services.paying.criteria import Criteria
from tests import money
from tests.ledger.holding import TEST, held, pass_by, payment, state
from tests.ledger.tampering import tamper
from tests.money import SERVICE
from tests.parallel import at_once

pytestmark = pytest.mark.usefixtures("sound_ledger")


def codes(results: list[object]) -> list[str]:
    return sorted(getattr(one, "code", "done") for one in results)


def test_of_captures_at_once_one_is_done(app):
    wallet = money.wallet(balance=1000)
    pk = held(wallet, 300)
    assert codes(at_once(app, [lambda: holds.capture(TEST, pk)] * 6)) == ["already_captured"] * 5 + ["done"]
    assert state(wallet) == (700, 0)


def test_of_a_capture_and_letting_go_at_once_one_is_done(app):
    wallet = money.wallet(balance=1000)
    for _turn in range(3):
        pk = held(wallet, 100)
        found = codes(at_once(app, [lambda: holds.capture(TEST, pk, 1), lambda: holds.void(TEST, pk)] * 2))  # noqa: B023
        assert found.count("done") == 1 and set(found) < {"done", "already_captured", "hold_voided"}
    assert state(wallet)[1] == 0


def test_what_is_held_at_once_never_exceeds_what_is_there(app):
    wallet = money.wallet(balance=500, overdraft=50)
    results = at_once(app, [lambda: held(wallet, 100), lambda: SERVICE.spend(wallet, 100)] * 6)
    assert codes(results) == ["done"] * 5 + ["insufficient_funds"] * 7
    assert all(isinstance(one, InsufficientFunds) for one in results if isinstance(one, Exception))
    balance, reserved = state(wallet)
    assert balance - reserved == 0


def test_what_is_held_can_be_made_anew(app):
    wallet, other = money.wallet(balance=1000), money.wallet(balance=1000)
    held(wallet, 300)
    held(wallet, 50)
    before = sorted(map(str, money.rows("account_balances"))), sorted(map(str, money.rows("holds")))
    tamper("DELETE FROM holds WHERE amount = 50")
    tamper("UPDATE account_balances SET held = 5 WHERE account_id = :id", id=other)
    tamper("UPDATE account_balances SET held = 0 WHERE account_id = :id", id=wallet)
    assert rebuild()[0] == 2
    assert (sorted(map(str, money.rows("account_balances"))), sorted(map(str, money.rows("holds")))) == before


def test_a_hold_costs_no_statement_more_than_a_payment(app, count_statements):
    wallet = money.wallet(balance=1000)
    with count_statements() as statements:
        pk = held(wallet, 300)
    assert len(statements) <= 6
    with count_statements() as statements:
        holds.capture(TEST, pk)
    assert len(statements) <= 8  # with the audit row, and the payment as it is then
    assert datetime.now(UTC) > payment(pk).completed_at


ROW = "INSERT INTO holds SELECT id, from_account_id, held_amount, hold_expires_at FROM payments WHERE status = 'HELD'"


def test_holds_are_found_by_how_they_stand(app, monkeypatch):
    wallet = money.wallet(balance=1000)
    batch = payments.accept_batch(TEST, [Movement(PaymentKind.SPEND, 1, wallet, None, "sales", hold=True)] * 4)
    posting.drain()
    first, second, third, fourth = (uuid.UUID(one.payment_id) for one in batch.payments)
    holds.capture(TEST, first.hex)
    holds.void(TEST, second.hex)
    assert (progress := batches.get(uuid.UUID(batch.batch_id))).is_final and progress.completed == 4
    assert {row.id for row in lists.find(Criteria(status="HELD")).items} == {third, fourth}
    pass_by(monkeypatch, days=8)
    assert holds.expire_due() == 2
    for status, count in {"HELD": 0, "VOIDED": 1, "EXPIRED": 2, "COMPLETED": 1}.items():
        wanted = Criteria(status=status, kind="spend")
        assert len(lists.find(wanted).items) == count
        assert sum(one.count for one in sums.sums(wanted).items) == count


DRILL = [  # what is done, the laws that it breaks, and what undoes it
    ("UPDATE account_balances SET held = 299", {"held"}, "UPDATE account_balances SET held = 300"),
    ("DELETE FROM holds", {"held", "holds"}, ROW),
    ("UPDATE holds SET amount = 299", {"held", "holds"}, "UPDATE holds SET amount = 300"),
    (
        "UPDATE payments SET status = 'VOIDED', completed_at = held_at WHERE status = 'HELD'",
        {"holds"},
        "UPDATE payments SET status = 'HELD', completed_at = NULL WHERE status = 'VOIDED'",
    ),
    (
        "UPDATE payments SET commission = 7 WHERE held_amount = 60",
        {"amounts", "captured_commission"},
        "UPDATE payments SET commission = 0 WHERE held_amount = 60",
    ),
]


def test_whatever_was_done_to_holds_behind_the_rules_is_found(app):
    wallet = money.wallet(balance=1000)
    held(wallet, 300)
    holds.capture(TEST, held(wallet, 60), 50)
    for done, laws, undone in DRILL:
        tamper(done)
        assert {law.code for law in verify() if law.differences} == laws, done
        tamper(undone)
    assert [law.code for law in verify() if law.differences] == []


def test_a_hold_that_was_made_another_wherever_it_stands_is_found_by_what_was_asked_for(app):
    wallet = money.wallet(balance=1000)
    held(wallet, 300)
    held(wallet, 60, expires_at=utcnow() + timedelta(days=3), description='Ёлка, "7"')
    assert [law.code for law in verify() if law.differences] == []
    tamper(
        "UPDATE payments SET held_amount = 299, amount = 299 WHERE held_amount = 300",
        "UPDATE holds SET amount = 299 WHERE amount = 300",
        "UPDATE account_balances SET held = 359",
    )
    (law,) = [law for law in verify() if law.differences]
    assert (law.code, law.differences, law.found[0]["held_amount"]) == ("held_as_asked", 1, 299)
