"""Laws of accepting payments: stored at once, all or none, posted later exactly once, in their order."""

from itertools import cycle

import pytest

from crm.db import db
from crm.errors import AccountUnavailable, DuplicateRequest, Invalid
from crm.ledger.postgresql import MANY
from crm.models import Payment, PaymentBatch, PendingPayment
from crm.models.ledger import PaymentKind
from crm.services import accounts, payments, posting
from crm.services.audit import Actor
from crm.services.movements import Movement, clean_text
from tests import money
from tests.money import SERVICE
from tests.parallel import at_once

pytestmark = pytest.mark.usefixtures("sound_ledger")
ACTOR = Actor(None, "test")


def deposit(wallet: int, amount: int, key: str = "") -> Movement:
    return Movement(PaymentKind.DEPOSIT, amount, to_account=wallet, source="cash", key=key)


def spend(wallet: int, amount: int, key: str = "") -> Movement:
    return Movement(PaymentKind.SPEND, amount, from_account=wallet, source="sales", key=key)


def many(wallet: int, first: int = 1) -> list[Movement]:
    """So many that PostgreSQL copies them in; the amounts tell the keys."""
    return [deposit(wallet, number, f"key {number}") for number in range(first, first + MANY)]


def waiting() -> int:
    db.session.rollback()
    return db.session.query(PendingPayment).count()


def test_what_is_accepted_moves_nothing_until_it_is_posted(app):
    wallet = money.wallet()
    accepted = payments.accept(ACTOR, deposit(wallet, 500))
    assert (accepted.status, accepted.replayed, SERVICE.balance(wallet), waiting()) == ("INITIATED", False, 0, 1)
    assert posting.drain() == (1, 0)
    assert (SERVICE.balance(wallet), waiting()) == (500, 0)
    assert posting.drain() == (0, 0)


def test_payments_are_posted_in_the_order_in_which_they_were_accepted(app):
    wallet = money.wallet()
    batch = payments.accept_batch(ACTOR, [deposit(wallet, 500), spend(wallet, 500), deposit(wallet, 1)])
    assert posting.drain() == (3, 0)
    assert SERVICE.balance(wallet) == 1 and len(batch.payments) == 3


def test_a_payment_that_cannot_be_covered_fails_alone(app):
    wallet = money.wallet()
    batch = payments.accept_batch(ACTOR, [deposit(wallet, 5), spend(wallet, 6), spend(wallet, 5)])
    assert posting.drain() == (2, 1)
    failed = db.session.query(Payment).filter_by(status="FAILED").one()
    assert (failed.id.hex, failed.failure_code) == (batch.payments[1].payment_id, "insufficient_funds")


def test_a_wallet_frozen_meanwhile_makes_the_payment_fail(app):
    wallet = money.wallet(balance=100)
    payments.accept(ACTOR, spend(wallet, 5))
    accounts.set_status(ACTOR, wallet, "frozen")
    assert posting.drain() == (0, 1)


def test_a_batch_is_accepted_whole_or_not_at_all(app):
    wallet, frozen = money.wallet(), money.wallet()
    accounts.set_status(ACTOR, frozen, "frozen")
    wrong = [
        deposit(wallet, 1),
        deposit(wallet, 0),
        deposit(10**9, 1),
        deposit(wallet, 1, "a"),
        deposit(wallet, 2, "a"),
    ]
    before = money.everything()
    with pytest.raises(Invalid) as refused:
        payments.accept_batch(ACTOR, wrong)
    assert set(refused.value.fields) == {
        "payments.1.amount", "payments.2.to_account", "payments.4.idempotency_key"
    }  # fmt: skip
    with pytest.raises(Invalid) as refused:
        payments.accept_batch(ACTOR, [deposit(wallet, 1), deposit(frozen, 1)])
    assert set(refused.value.fields) == {"payments.1.to_account"}
    assert money.everything() == before and waiting() == 0 and db.session.query(PaymentBatch).count() == 0


def test_the_same_batch_again_gives_the_same_payments(app):
    wallet = money.wallet()
    batch = [deposit(wallet, number, f"key {number}") for number in range(1, 4)]
    first, again = payments.accept_batch(ACTOR, batch), payments.accept_batch(ACTOR, batch)
    assert [one.payment_id for one in first.payments] == [one.payment_id for one in again.payments]
    assert all(one.replayed for one in again.payments) and waiting() == 3
    assert db.session.query(PaymentBatch).count() == 1
    assert posting.drain() == (3, 0)
    assert {one.status for one in payments.accept_batch(ACTOR, batch).payments} == {"COMPLETED"}


def test_a_key_used_for_something_else_is_named_by_its_place(app):
    wallet = money.wallet()
    payments.accept(ACTOR, deposit(wallet, 5, "b"))
    with pytest.raises(DuplicateRequest) as refused:
        payments.accept_batch(ACTOR, [deposit(wallet, 1, "a"), deposit(wallet, 6, "b")])
    assert refused.value.places == [1] and waiting() == 1


def test_what_was_accepted_before_the_wallet_was_frozen_is_told_again(app):
    wallet = money.wallet()
    first = payments.accept(ACTOR, deposit(wallet, 5, "a"))
    accounts.set_status(ACTOR, wallet, "frozen")
    assert payments.accept(ACTOR, deposit(wallet, 5, "a"))._replace(replayed=False) == first
    with pytest.raises(AccountUnavailable):
        payments.accept(ACTOR, deposit(wallet, 5, "b"))


def test_of_many_whose_keys_are_used_already_all_are_told_and_none_is_stored(app):
    batch = many(money.wallet())
    first, again = payments.accept_batch(ACTOR, batch), payments.accept_batch(ACTOR, batch[::-1])
    assert [one.payment_id for one in again.payments] == [one.payment_id for one in first.payments][::-1]
    assert (again.batch_id, {one.replayed for one in again.payments}, waiting()) == (None, {True}, MANY)
    assert db.session.query(PaymentBatch).count() == 1


def test_of_many_with_some_keys_that_are_used_the_others_are_stored_in_their_order(app):
    wallet = money.wallet()
    before = payments.accept_batch(ACTOR, many(wallet)).payments
    later = payments.accept_batch(ACTOR, many(wallet, MANY - 2)).payments
    assert [one.replayed for one in later] == [*[True] * 3, *[False] * (MANY - 3)]
    assert [one.payment_id for one in later[:3]] == [one.payment_id for one in before[-3:]]
    made = [one.payment_id for one in (*before, *later[3:])]
    assert made == sorted(set(made)) and waiting() == len(made)
    assert posting.drain() == (len(made), 0)
    assert SERVICE.balance(wallet) == sum(range(1, len(made) + 1))


def test_of_many_with_a_key_used_for_something_else_none_is_stored(app):
    wallet = money.wallet()
    payments.accept(ACTOR, deposit(wallet, 10**6, f"key {MANY}"))
    before = money.everything()
    with pytest.raises(DuplicateRequest) as refused:
        payments.accept_batch(ACTOR, many(wallet))
    assert refused.value.places == [MANY - 1]
    assert (money.everything(), waiting(), db.session.query(PaymentBatch).count()) == (before, 1, 0)


def test_many_accepted_at_once_under_the_same_keys_are_stored_once(app):
    batch = many(money.wallet())
    orders = [batch, batch[::-1], batch[1::2] + batch[::2]] * 4
    results = at_once(app, [lambda order=order: payments.accept_batch(ACTOR, order) for order in orders])
    assert {type(result) for result in results} == {payments.AcceptedBatch}, results
    assert sorted(result.batch_id is None for result in results) == [False, *[True] * 11]
    assert len({one.payment_id for result in results for one in result.payments}) == MANY == waiting()
    assert db.session.query(PaymentBatch).count() == 1


def test_whatever_many_payments_say_is_stored_as_it_was_said(app):
    said = ["\\", r"\N", r"\t\x41", "None", "", "«чай» ☕", "'; --", '"', "{1,2}", "\\\\."]
    batch = [
        one._replace(description=text, key=f"{text}{place}", metadata=r'{"a": "\\n\t"}' if place % 3 else None)
        for place, (one, text) in enumerate(zip(many(money.wallet()), cycle(said), strict=False))
    ]
    payments.accept_batch(ACTOR, batch)
    stored = db.session.query(Payment).order_by(Payment.id).all()
    found = [(one.description, one.idempotency_key, one.details, one.amount) for one in stored]
    assert found == [(clean_text(one.description), one.key, one.metadata, one.amount) for one in batch]
