"""Laws of what moves customers' money: deposits, withdrawals, purchases, adjustments and transfers."""

import pytest

from crm.db import atomic, db
from crm.errors import InsufficientFunds
from crm.models import Operation, Payment
from crm.money import MAX_MINOR
from crm.services.audit import Actor
from crm.services.wallet import Receipt, WalletService
from tests import money, people
from tests.money import SERVICE

SOURCES = ["bank_transfer", "cash", "card", "e_wallet", "crypto"]


@pytest.fixture(autouse=True)
def sound_ledger(app):
    yield
    money.check_ledger()


def only_payment() -> Payment:
    """The last one."""
    return db.session.query(Payment).order_by(Payment.id.desc()).first()


@pytest.mark.parametrize("source", SOURCES)
def test_a_deposit_comes_from_where_it_is_said_to_come(app, source):
    wallet = money.wallet()
    receipt = SERVICE.deposit(wallet, 125_050, source, "Prepayment")
    assert SERVICE.balance(wallet) == 125_050
    assert money.total(money.technical(source)) == -125_050
    payment = only_payment()
    assert (payment.id.hex, payment.kind, payment.status) == (receipt.payment_id, "deposit", "COMPLETED")
    assert (payment.from_account_id, payment.to_account_id) == (money.technical(source), wallet)
    assert (payment.amount, payment.currency, payment.source) == (125_050, "RUB", source)
    assert (payment.description, payment.commission) == ("Prepayment", 0)


@pytest.mark.parametrize("source", SOURCES)
def test_a_withdrawal_leaves_by_where_it_is_said_to_leave(app, source):
    wallet = money.wallet(balance=1000)
    SERVICE.withdraw(wallet, 400, source)
    assert SERVICE.balance(wallet) == 600
    assert money.total(money.technical(source)) == (400 if source != "bank_transfer" else 400 - 1000)
    payment = only_payment()
    assert (payment.kind, payment.from_account_id, payment.to_account_id) == (
        "withdrawal", wallet, money.technical(source)
    )  # fmt: skip


def test_money_comes_and_goes_by_bank_transfer_where_nothing_is_said(app):
    wallet = money.wallet()
    SERVICE.deposit(wallet, 5)
    SERVICE.withdraw(wallet, 3)
    assert money.total(money.technical("bank_transfer")) == -2


def test_what_is_spent_goes_to_sales(app):
    wallet = money.wallet("EUR", balance=1000)
    SERVICE.spend(wallet, 999, "Chairs")
    assert (SERVICE.balance(wallet), money.total(money.technical("sales", "EUR"))) == (1, 999)
    assert (only_payment().kind, only_payment().source) == ("spend", "sales")


@pytest.mark.parametrize(("amount", "left"), [(50, 150), (-50, 50), (-100, 0)])
def test_an_adjustment_adds_or_takes_and_keeps_its_reason(app, boris, amount, left):
    wallet = money.wallet(balance=100)
    WalletService(Actor(boris.id, "10.0.0.1")).adjust(wallet, amount, "  Typed   twice ")
    assert SERVICE.balance(wallet) == left
    assert money.total(money.technical("adjustment")) == -amount
    payment = only_payment()
    assert (payment.kind, payment.description, payment.created_by_id) == ("adjustment", "Typed twice", boris.id)


@pytest.mark.parametrize("reason", ["abc", "а б в", "a\u00a0b\u00a0c", "пыв\n"])
def test_three_characters_are_a_reason(app, reason):
    wallet = money.wallet()
    SERVICE.adjust(wallet, 1, reason)
    assert SERVICE.balance(wallet) == 1


def test_a_transfer_takes_from_one_and_gives_to_the_other(app):
    one, other = money.wallet(balance=1000), money.wallet(balance=1)
    SERVICE.transfer(one, other, 300, "For tea")
    assert (SERVICE.balance(one), SERVICE.balance(other)) == (700, 301)
    payment = only_payment()
    assert (payment.kind, payment.source, payment.from_account_id, payment.to_account_id) == (
        "transfer", None, one, other
    )  # fmt: skip


def test_a_customer_may_transfer_between_wallets_of_their_own(app):
    customer = people.add().id
    one, other = money.wallet_of(customer, balance=1000), money.wallet_of(customer)
    SERVICE.transfer(one, other, 1000)
    assert (SERVICE.balance(one), SERVICE.balance(other)) == (0, 1000)


def test_wallets_in_one_currency_do_not_touch_technical_accounts_of_another(app):
    SERVICE.deposit(money.wallet("USD"), 500, "cash")
    assert [money.total(money.technical("cash", code)) for code in ("USD", "EUR", "RUB")] == [-500, 0, 0]


def test_all_that_is_there_may_be_taken_and_the_overdraft_too(app):
    plain, overdrawn = money.wallet(balance=100), money.wallet(balance=100, overdraft=50)
    SERVICE.withdraw(plain, 100)
    SERVICE.spend(overdrawn, 149)
    SERVICE.transfer(overdrawn, plain, 1)
    assert (SERVICE.balance(plain), SERVICE.balance(overdrawn)) == (1, -50)


def test_the_smallest_and_the_largest_amount_are_amounts(app):
    wallet = money.wallet()
    for amount in (1, MAX_MINOR):
        SERVICE.deposit(wallet, amount)
        SERVICE.withdraw(wallet, amount)
    assert SERVICE.balance(wallet) == 0


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("  For \u00a0 tea\n", "For tea"),
        ("Для «Ёлки» — 茶 🍵, it's; -- %s {}", "Для «Ёлки» — 茶 🍵, it's; -- %s {}"),
        ("x" * 500, "x" * 500),
        ("NULL", "NULL"),
        ('{"a",b\\}', '{"a",b\\}'),
    ],
)
def test_a_description_is_kept_as_it_was_meant(app, given, kept):
    SERVICE.deposit(money.wallet(), 1, description=given)
    assert only_payment().description == kept


@pytest.mark.parametrize("key", ["x" * 200, "ключ 7", "{}", "NULL", " "])
def test_a_key_is_anything_that_can_be_shown(app, key):
    wallet = money.wallet()
    first = SERVICE.deposit(wallet, 1, key=key)
    assert only_payment().idempotency_key == key
    assert SERVICE.deposit(wallet, 1, key=key) == Receipt(first.payment_id, replayed=True)


def test_who_did_it_and_from_where_is_kept(app, alice):
    WalletService(Actor(alice.id, "10.0.0.1")).deposit(money.wallet(), 1)
    assert (only_payment().created_by_id, only_payment().origin) == (alice.id, "10.0.0.1")
    WalletService(Actor(None, "import 12")).deposit(money.wallet(), 1)
    assert (only_payment().created_by_id, only_payment().origin) == (None, "import 12")


def test_a_movement_is_part_of_the_transaction_around_it(app):
    wallet = money.wallet(balance=10)
    before = money.everything()
    with pytest.raises(KeyError), atomic():
        SERVICE.deposit(wallet, 5)
        assert SERVICE.balance(wallet) == 15
        raise KeyError
    assert money.everything() == before


def test_a_refusal_inside_a_transaction_takes_back_only_its_own_part(app):
    wallet = money.wallet(balance=10)
    with atomic():
        SERVICE.deposit(wallet, 5)
        with pytest.raises(InsufficientFunds):
            SERVICE.withdraw(wallet, 16)
        SERVICE.withdraw(wallet, 15)
    assert SERVICE.balance(wallet) == 0


def test_the_operations_of_a_movement_have_one_moment(app):
    SERVICE.deposit(money.wallet(), 1)
    assert len({operation.created_at for operation in db.session.query(Operation)}) == 1
