"""Laws of repeating: one key is one payment, however often and by however many it is sent."""

import hashlib
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from crm.copying import PIECE
from crm.db import atomic, db, is_postgresql
from crm.errors import DuplicateRequest, InsufficientFunds, Invalid
from crm.ledger import engine, pending
from crm.ledger.postgresql import FEW, MANY
from crm.models import Payment
from crm.services import accounts
from crm.services.audit import Actor
from crm.services.wallet import Receipt, WalletService
from tests import money
from tests.money import SERVICE, draft, post
from tests.parallel import at_once

pytestmark = pytest.mark.usefixtures("sound_ledger")


def test_the_same_request_again_gives_the_same_payment_and_moves_nothing(app):
    wallet = money.wallet()
    first = SERVICE.deposit(wallet, 500, "cash", "For tea", key="one")
    before = money.everything()
    again = SERVICE.deposit(wallet, 500, "cash", "For tea", key="one")
    assert (first.replayed, again) == (False, Receipt(first.payment_id, replayed=True))
    assert money.everything() == before


def test_without_a_key_every_call_is_a_payment_of_its_own(app):
    wallet = money.wallet()
    payments = {SERVICE.deposit(wallet, 500).payment_id for _time in range(3)}
    assert (len(payments), SERVICE.balance(wallet)) == (3, 1500)


OTHERS = {
    "amount": lambda wallet, other: SERVICE.withdraw(wallet, 101, "cash", "For tea", key="one"),
    "account": lambda wallet, other: SERVICE.withdraw(other, 100, "cash", "For tea", key="one"),
    "source": lambda wallet, other: SERVICE.withdraw(wallet, 100, "card", "For tea", key="one"),
    "description": lambda wallet, other: SERVICE.withdraw(wallet, 100, "cash", "For tea!", key="one"),
    "kind": lambda wallet, other: SERVICE.spend(wallet, 100, "For tea", key="one"),
    "direction": lambda wallet, other: SERVICE.deposit(wallet, 100, "cash", "For tea", key="one"),
    "payee": lambda wallet, other: SERVICE.transfer(wallet, other, 100, "For tea", key="one"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_the_same_key_with_another_request_is_refused_and_moves_nothing(app, what):
    wallet, other = money.wallet(balance=1000), money.wallet(balance=1000)
    SERVICE.withdraw(wallet, 100, "cash", "For tea", key="one")
    before = money.everything()
    with pytest.raises(DuplicateRequest):
        OTHERS[what](wallet, other)
    assert money.everything() == before


def test_blanks_around_the_description_do_not_make_it_another_request(app):
    wallet = money.wallet()
    SERVICE.deposit(wallet, 100, "cash", "For tea", key="one")
    assert SERVICE.deposit(wallet, 100, "cash", "  For \u00a0 tea\n", key="one").replayed


def test_a_refused_payment_does_not_burn_its_key(app):
    wallet = money.wallet(balance=99)
    with pytest.raises(InsufficientFunds):
        SERVICE.withdraw(wallet, 100, key="one")
    with pytest.raises(Invalid):
        SERVICE.withdraw(wallet, 0, key="one")
    SERVICE.deposit(wallet, 1)
    assert not SERVICE.withdraw(wallet, 100, key="one").replayed
    assert SERVICE.balance(wallet) == 0


def test_what_was_done_is_told_even_when_it_could_not_be_done_any_more(app):
    wallet, other = money.wallet(balance=100), money.wallet()
    first = SERVICE.transfer(wallet, other, 100, key="one")
    assert SERVICE.transfer(wallet, other, 100, key="one") == Receipt(first.payment_id, replayed=True)
    accounts.set_status(Actor(None, "test"), wallet, "closed")
    accounts.set_status(Actor(None, "test"), other, "frozen")
    assert SERVICE.transfer(wallet, other, 100, key="one") == Receipt(first.payment_id, replayed=True)


def test_the_keys_of_two_users_and_of_the_system_do_not_meet(app, alice, boris):
    wallet = money.wallet()
    callers = [Actor(alice.id, "10.0.0.1"), Actor(boris.id, "10.0.0.1"), Actor(None, "cli")]
    receipts = [WalletService(actor).deposit(wallet, 10, key="one") for actor in callers]
    assert [receipt.replayed for receipt in receipts] == [False] * 3
    assert SERVICE.balance(wallet) == 30
    with pytest.raises(DuplicateRequest):
        WalletService(Actor(boris.id, "10.0.0.1")).deposit(wallet, 11, key="one")


def test_a_user_is_one_caller_wherever_the_request_comes_from(app, alice):
    wallet = money.wallet()
    WalletService(Actor(alice.id, "10.0.0.1")).deposit(wallet, 10, key="one")
    assert WalletService(Actor(alice.id, "192.168.1.1")).deposit(wallet, 10, key="one").replayed


def test_the_system_is_one_caller(app):
    wallet = money.wallet()
    WalletService(Actor(None, "cli")).deposit(wallet, 10, key="one")
    assert WalletService(Actor(None, "import 7")).deposit(wallet, 10, key="one").replayed


def test_a_batch_tells_which_of_its_payments_were_stored_before(app):
    wallet, cash = money.wallet(balance=100), money.technical("cash")
    first = draft(wallet, cash, 10, key="b")
    post([first])
    again, fresh = draft(wallet, cash, 10, key="b"), draft(wallet, cash, 20, key="a")
    twice = draft(wallet, cash, 20, key="a")
    with atomic():
        known = engine.store([again, fresh, twice])
        assert {draft_id: payment.id for draft_id, payment in known.items()} == {again.id: first.id, twice.id: fresh.id}
        engine.post([fresh.order])
    assert SERVICE.balance(wallet) == 70


def test_a_batch_with_one_other_request_under_a_used_key_writes_nothing(app):
    wallet, cash = money.wallet(balance=100), money.technical("cash")
    post([draft(wallet, cash, 10, key="b")])
    before = money.everything()
    with pytest.raises(DuplicateRequest):
        post([draft(wallet, cash, 20, key="a"), draft(wallet, cash, 11, key="b"), draft(wallet, cash, 20, key="c")])
    assert money.everything() == before


@pytest.mark.parametrize("field", ["kind", "from_account", "to_account", "amount", "currency", "description"])
def test_whatever_is_asked_for_makes_a_request_another_one(app, field):
    one, other = money.wallet(balance=100), money.wallet(balance=100)
    asked = {"from_account": one, "to_account": other, "amount": 10, "key": "a", "description": "For tea"}
    else_ = {"kind": "spend", "currency": "EUR", "amount": 11, "description": "For coffee"}
    post([draft(**asked)])
    before = money.everything()
    with pytest.raises(DuplicateRequest):
        post([draft(**asked | {field: else_.get(field, money.technical("sales"))})])
    assert money.everything() == before


def test_keys_are_stored_in_their_order_so_that_no_two_writers_wait_in_a_circle(app, monkeypatch):
    wallet, cash = money.wallet(balance=1000), money.technical("cash")
    dialect, stored = engine.postgresql if is_postgresql() else engine.sqlite, []
    store = dialect.store

    def seen(connection, payments, now):
        stored.extend(payment.key for payment in payments)
        return store(connection, payments, now)

    monkeypatch.setattr(dialect, "store", seen)
    keys = [f"{number:02}" for number in range(50)]
    with atomic():
        engine.store([draft(wallet, cash, 1, key=key) for key in (*keys[::2], *keys[1::2])])
    assert stored == keys


def test_what_was_asked_for_is_known_again_by_whoever_has_stored_it_as_json(app):
    moment = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
    text, metadata = 'Чай "ё" \\ 🙂\u2028\n', '{"заказ":"7"}'
    asked = ["spend", 4, 2, 100, "RUB", text]
    for more, last in (
        ({}, []),
        ({"metadata": metadata}, [metadata]),
        ({"hold_expires_at": moment}, [{"hold": ""}]),
        ({"hold_expires_at": moment, "expiry_asked": True, "metadata": metadata},
         [metadata, {"hold": "2026-11-26T09:30:00+00:00"}]),
    ):  # fmt: skip
        made = draft(4, 2, 100, kind="spend", description=text, **more)
        kept = json.dumps([*asked, *last], separators=(",", ":"))
        assert made.fingerprint() == hashlib.sha256(kept.encode()).digest()
    whole = draft(4, 2, 100, kind="reversal", reversal_of_id="0a" * 16, takes_rest=True)
    kept = json.dumps(["reversal", 4, 2, "rest", "RUB", "", "0a" * 16], separators=(",", ":"))
    assert whole.fingerprint() == hashlib.sha256(kept.encode()).digest()


@pytest.mark.parametrize("count", [1, FEW + 1, MANY - 1, MANY, PIECE, PIECE + 1, 2 * PIECE + 1])
def test_however_many_payments_there_are_each_is_stored(app, count):
    wallet, cash = money.wallet(), money.technical("cash")
    drafts = [draft(cash, wallet, number + 1, key=f"{number:04}", kind="deposit") for number in range(count)]
    with atomic():
        assert engine.store(drafts) == {}
        pending.add([one.id for one in drafts])
    found = select(Payment.id, Payment.idempotency_key, Payment.amount).where(Payment.status == "INITIATED")
    stored = sorted((pk.hex, key, amount) for pk, key, amount in db.session.execute(found))
    assert stored == sorted((one.id, one.key, one.amount) for one in drafts)


def test_fifty_requests_at_once_with_one_key_make_one_payment(app):
    wallet = money.wallet(balance=1000)
    results = at_once(app, [lambda: SERVICE.withdraw(wallet, 10, key="one")] * 50)
    assert all(isinstance(result, Receipt) for result in results), results
    assert len({result.payment_id for result in results}) == 1
    assert sorted(result.replayed for result in results) == [False, *[True] * 49]
    assert SERVICE.balance(wallet) == 990


def test_of_different_requests_at_once_with_one_key_one_is_done_and_the_others_refused(app):
    wallet = money.wallet(balance=1000)
    requests = [lambda amount=amount: SERVICE.withdraw(wallet, amount, key="one") for amount in range(1, 9)]
    results = at_once(app, requests)
    assert [type(result) for result in results].count(Receipt) == 1
    assert [type(result) for result in results].count(DuplicateRequest) == 7
    assert 992 <= SERVICE.balance(wallet) <= 999


def test_batches_at_once_with_the_same_keys_in_other_orders_make_each_payment_once(app):
    cash, wallet = money.technical("cash"), money.wallet(balance=1000)
    keys = [f"key {number}" for number in range(20)]

    def batch(order):
        return lambda: post([draft(wallet, cash, 10, key=key) for key in order])

    results = at_once(app, [batch(keys), batch(keys[::-1])] * 4)
    assert sorted(len(result.completed) for result in results) == [*[0] * 7, 20]
    assert SERVICE.balance(wallet) == 800
