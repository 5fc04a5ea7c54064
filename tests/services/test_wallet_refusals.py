"""Laws of what cannot be asked of a wallet: a message at the field, and nothing written."""

import pytest

from crm.errors import AccountUnavailable, InsufficientFunds, Invalid, PaymentRefused
from crm.ledger import posting
from crm.money import MAX_MINOR
from crm.services import accounts
from crm.services.audit import Actor
from tests import money
from tests.money import SERVICE

TEST = Actor(None, "test")
# Each asks for 5 where nothing else is said; the wallet of the other side is `other`.
MOVES = {
    "deposit": lambda wallet, other, **more: SERVICE.deposit(wallet, **{"amount": 5} | more),
    "withdraw": lambda wallet, other, **more: SERVICE.withdraw(wallet, **{"amount": 5} | more),
    "spend": lambda wallet, other, **more: SERVICE.spend(wallet, **{"amount": 5} | more),
    "adjust": lambda wallet, other, **more: SERVICE.adjust(wallet, **{"amount": 5, "description": "mended"} | more),
    "transfer": lambda wallet, other, **more: SERVICE.transfer(wallet, other, **{"amount": 5} | more),
}
every_move = pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)


@pytest.fixture(autouse=True)
def sound_ledger(app):
    yield
    money.check_ledger()


def refused(field, function, *args, kind=Invalid, **more) -> Invalid:
    """The refusal, which is at this field alone and has left no trace."""
    before = money.everything()
    with pytest.raises(Invalid) as refusal:
        function(*args, **more)
    assert type(refusal.value) is kind
    assert list(refusal.value.fields) == [field] and all(refusal.value.fields[field])
    assert money.everything() == before
    return refusal.value


@every_move
def test_an_amount_is_more_than_zero_and_not_too_large(app, move):
    wallet, other = money.wallet(balance=10), money.wallet()
    for amount in (0, MAX_MINOR + 1, 2**63):
        refused("amount", move, wallet, other, amount=amount)
    for amount in (-1, -5, -MAX_MINOR):
        if move is not MOVES["adjust"]:
            refused("amount", move, wallet, other, amount=amount)


def test_an_adjustment_takes_no_more_than_an_amount_can_be(app):
    refused("amount", SERVICE.adjust, money.wallet(balance=10), -MAX_MINOR - 1, "mended")


@every_move
def test_a_wallet_that_does_not_exist_is_refused(app, move):
    other = money.wallet()
    for nobody in (0, -1, 10**9, 2**63 - 1):
        refused("account", move, nobody, other)


@every_move
def test_a_technical_account_is_no_wallet(app, move):
    other = money.wallet()
    for code in ("cash", "sales", "commission"):
        refused("account", move, money.technical(code), other)


def test_who_is_to_get_a_transfer_has_a_wallet(app):
    wallet = money.wallet(balance=10)
    for nobody in (0, 10**9, money.technical("cash"), money.technical("opening")):
        refused("to_account", SERVICE.transfer, wallet, nobody, 5)


def test_a_wallet_does_not_pay_itself(app):
    wallet = money.wallet(balance=10)
    refused("to_account", SERVICE.transfer, wallet, wallet, 5)


def test_a_transfer_stays_in_its_currency(app):
    roubles, euros = money.wallet(balance=10), money.wallet("EUR", balance=10)
    refusal = refused("to_account", SERVICE.transfer, roubles, euros, 5, kind=PaymentRefused)
    assert refusal.code == "currencies_differ" and "RUB" in refusal.message and "EUR" in refusal.message


@every_move
@pytest.mark.parametrize("status", ["frozen", "closed"])
def test_a_wallet_that_is_not_open_takes_part_in_nothing(app, move, status):
    shut, other = money.wallet(), money.wallet(balance=10)
    accounts.set_status(TEST, shut, status)
    refusal = refused("account", move, shut, other, kind=AccountUnavailable)
    assert refusal.code == f"account_{status}"
    accounts.set_status(TEST, shut, "open")
    SERVICE.deposit(shut, 5)
    move(shut, other)


@pytest.mark.parametrize("status", ["frozen", "closed"])
def test_a_wallet_that_is_not_open_gets_no_transfer(app, status):
    wallet, shut = money.wallet(balance=10), money.wallet()
    accounts.set_status(TEST, shut, status)
    refusal = refused("to_account", SERVICE.transfer, wallet, shut, 5, kind=AccountUnavailable)
    assert refusal.code == f"account_{status}"


@every_move
@pytest.mark.parametrize(
    "text", ["a\0b c", "abc\x1b[0m", "abc\ud800", "abc \u202e fed", "abc\x7f", "x" * 501, "я" * 501]
)
def test_a_description_can_be_shown_and_is_not_too_long(app, move, text):
    refused("description", move, money.wallet(balance=10), money.wallet(), description=text)


@pytest.mark.parametrize(
    "reason", ["", "   ", "ab", "a b", " a\tb ", "a\u00a0b", "\n\n\n", "\u200b\u200b\u200b", "a      b"]
)
def test_an_adjustment_says_why(app, reason):
    wallet = money.wallet(balance=10)
    for amount in (5, -5):
        refused("description", SERVICE.adjust, wallet, amount, reason)


@pytest.mark.parametrize("source", ["", "sales", "opening", "commission", "adjustment", "conversion", "Cash", "x"])
def test_money_comes_and_goes_by_the_known_ways_alone(app, source):
    wallet = money.wallet(balance=10)
    refused("source", SERVICE.deposit, wallet, 5, source)
    refused("source", SERVICE.withdraw, wallet, 5, source)


@every_move
@pytest.mark.parametrize("key", ["x" * 201, "a\0", "a\nb", "a\x1fb", "a\x1eb", "\ud800", "a\u2028b", "\u202e"])
def test_a_key_can_be_shown_and_is_not_too_long(app, move, key):
    refused("idempotency_key", move, money.wallet(balance=10), money.wallet(), key=key)


TAKING = {name: MOVES[name] for name in ("withdraw", "spend", "transfer")} | {
    "adjust": lambda wallet, other, amount: SERVICE.adjust(wallet, -amount, "mended")
}


@pytest.mark.parametrize("move", TAKING.values(), ids=TAKING)
@pytest.mark.parametrize(("balance", "overdraft"), [(0, 0), (100, 0), (100, 50), (0, 50)])
def test_one_unit_more_than_there_is_cannot_be_taken(app, move, balance, overdraft):
    wallet, other = money.wallet(balance=balance, overdraft=overdraft), money.wallet()
    refusal = refused("amount", move, wallet, other, amount=balance + overdraft + 1, kind=InsufficientFunds)
    assert refusal.code == "insufficient_funds"
    if balance + overdraft:
        move(wallet, other, amount=balance + overdraft)
        assert SERVICE.balance(wallet) == -overdraft


def test_what_is_held_cannot_be_taken(app):
    wallet = money.wallet(balance=100)
    SERVICE.spend(wallet, 30, hold=True)
    refused("amount", SERVICE.withdraw, wallet, 71, kind=InsufficientFunds)
    SERVICE.withdraw(wallet, 70)
    refused("amount", SERVICE.withdraw, wallet, 1, kind=InsufficientFunds)


def test_a_wallet_holds_no_more_than_can_be_counted(app, monkeypatch):
    monkeypatch.setattr(posting, "MAX_BALANCE", 100)
    wallet = money.wallet(balance=100)
    refusal = refused("amount", SERVICE.deposit, wallet, 1, kind=PaymentRefused)
    assert refusal.code == "balance_too_large"
