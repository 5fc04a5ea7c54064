"""Laws of many moving money at the same moment: nothing is lost, doubled, overdrawn or stuck."""

import random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from crm.db import atomic, db
from crm.errors import AccountUnavailable, InsufficientFunds
from crm.services import accounts
from crm.services.audit import Actor
from crm.services.wallet import Receipt
from tests import money, people
from tests.ledger.scene import ONLY_POSTGRESQL
from tests.money import SERVICE
from tests.parallel import at_once

pytestmark = pytest.mark.usefixtures("sound_ledger")
TEST, THREADS = Actor(None, "test"), 16


def kinds(results: list[object]) -> dict[type, int]:
    """How many of each: what was done, and what was refused."""
    return {kind: [type(result) for result in results].count(kind) for kind in set(map(type, results))}


def trying(function, *refusals: type[Exception]):
    """The function, giving its refusal where that is one of those expected here."""

    def run() -> object:
        try:
            return function()
        except refusals as refusal:
            return refusal

    return run


def several(*functions) -> object:
    """One after another: what each gave."""
    return lambda: [function() for function in functions]


def test_of_many_withdrawals_at_once_as_many_succeed_as_there_is_money_for(app):
    wallet = money.wallet(balance=1050)
    results = at_once(app, [lambda: SERVICE.withdraw(wallet, 100)] * THREADS)
    assert kinds(results) == {Receipt: 10, InsufficientFunds: 6}
    assert SERVICE.balance(wallet) == 50
    assert len({result.payment_id for result in results if isinstance(result, Receipt)}) == 10


def test_the_overdraft_is_used_up_and_no_further(app):
    wallet = money.wallet(balance=100, overdraft=650)
    results = at_once(app, [lambda: SERVICE.spend(wallet, 100)] * THREADS)
    assert kinds(results) == {Receipt: 7, InsufficientFunds: 9}
    assert SERVICE.balance(wallet) == -600


def test_of_many_deposits_at_once_none_is_lost(app):
    wallet = money.wallet()
    results = at_once(app, [several(*[lambda: SERVICE.deposit(wallet, 7, "cash")] * 5)] * THREADS)
    assert kinds(results) == {list: THREADS}, results
    assert SERVICE.balance(wallet) == 7 * 5 * THREADS == -money.total(money.technical("cash"))


def test_transfers_crosswise_between_wallets_lose_nothing_and_nobody_gets_stuck(app):
    customer = people.add().id
    wallets = [money.wallet_of(customer, balance=100) for _number in range(10)]
    pick = random.Random(1)

    def transfer(pair, amount):
        return trying(lambda: SERVICE.transfer(*pair, amount), InsufficientFunds)

    plans = [
        several(*[transfer(pick.sample(wallets, 2), pick.randrange(1, 60)) for _time in range(6)])
        for _thread in range(THREADS)
    ]
    results = at_once(app, plans)
    assert kinds(results) == {list: THREADS}, results
    done = kinds([each for result in results for each in result])
    assert done[Receipt] > 50 and sum(done.values()) == 6 * THREADS
    assert sum(SERVICE.balance(wallet) for wallet in wallets) == 1000


def test_batches_over_the_same_wallets_in_other_orders_do_not_get_stuck(app):
    customer = people.add().id
    wallets = [money.wallet_of(customer, balance=1000) for _number in range(6)]
    pick = random.Random(2)

    def batch():
        drafts = [money.draft(*pick.sample(wallets, 2), 5) for _number in range(20)]
        return lambda: money.post(drafts).completed

    plans = [batch() for _thread in range(8)]
    db.session.rollback()
    results = at_once(app, plans)
    assert [len(result) for result in results] == [20] * 8
    assert sum(SERVICE.balance(wallet) for wallet in wallets) == 6000


def test_a_wallet_that_is_frozen_meanwhile_takes_only_what_came_before(app):
    wallet = money.wallet(balance=1000)

    def move(function):
        return several(*[trying(function, AccountUnavailable)] * 8)

    def freeze():
        for status in ("frozen", "open", "frozen"):
            accounts.set_status(TEST, wallet, status)
        return []

    deposit, withdraw = (lambda: SERVICE.deposit(wallet, 5)), (lambda: SERVICE.withdraw(wallet, 3))
    results = at_once(app, [freeze, *[move(deposit), move(withdraw)] * 4])
    assert kinds(results) == {list: 9}, results
    assert set(kinds([each for result in results for each in result])) <= {Receipt, AccountUnavailable}
    came, went = money.total(money.technical("bank_transfer")), SERVICE.balance(wallet)
    assert came == -went
    with pytest.raises(AccountUnavailable):
        SERVICE.deposit(wallet, 1)


def test_a_wallet_is_closed_empty_or_not_at_all(app):
    for _time in range(5):
        wallet = money.wallet()
        close = trying(lambda pk=wallet: accounts.set_status(TEST, pk, "closed"), accounts.Invalid)
        deposit = trying(lambda pk=wallet: SERVICE.deposit(pk, 5), AccountUnavailable)
        at_once(app, [close, deposit, close, deposit])
        (found,) = [each for each in accounts.of_customer(customer_of(wallet)) if each.id == wallet]
        assert (found.status, found.balance) in [("closed", 0), ("open", 5), ("open", 10)]


def customer_of(wallet: int) -> int:
    return db.session.scalar(text("SELECT customer_id FROM accounts WHERE id = :id"), {"id": wallet})


def test_the_overdraft_is_never_less_than_what_is_in_use(app):
    wallet = money.wallet(overdraft=1000)
    spend = trying(lambda: SERVICE.spend(wallet, 100), InsufficientFunds)
    lower = [
        trying(lambda limit=limit: accounts.set_overdraft(TEST, wallet, limit), accounts.Invalid)
        for limit in (800, 600, 400, 200, 0)
    ]
    results = at_once(app, [*[spend] * 8, *lower])
    assert set(kinds(results)) <= {Receipt, InsufficientFunds, accounts.Invalid, type(None)}, results
    assert money.total(wallet) == SERVICE.balance(wallet) <= 0


def test_operations_follow_one_another_in_time_as_in_the_chain(app):
    wallet = money.wallet(balance=1000)
    functions = [lambda: SERVICE.deposit(wallet, 2), lambda: SERVICE.withdraw(wallet, 1)]
    at_once(app, [several(*functions * 2)] * THREADS)
    wanted = text("SELECT sequence FROM operations WHERE account_id = :id ORDER BY created_at, id")
    sequences = db.session.scalars(wanted, {"id": wallet}).all()
    assert sequences == list(range(1, 4 * THREADS + 2))


def test_the_first_wallet_in_a_currency_is_opened_once(app):
    customer = people.add().id
    results = at_once(app, [lambda: accounts.first_in(TEST, customer, "EUR")] * 8)
    assert [wallet.id for wallet in accounts.of_customer(customer)] == list(set(results))
    assert accounts.first_in(TEST, customer, "EUR") == results[0]


@pytest.fixture
def impatient(app):
    """A function that deposits, but does not wait for a lock of somebody else."""

    def deposit(wallet: int) -> object:
        with atomic() as session:
            session.execute(text("SET LOCAL lock_timeout = '300ms'"))
            return SERVICE.deposit(wallet, 5, "cash")

    return deposit


@ONLY_POSTGRESQL
def test_nobody_waits_for_a_technical_account(app, impatient):
    one, other = money.wallet(), money.wallet()
    with atomic():
        SERVICE.deposit(one, 5, "cash")
        (result,) = at_once(app, [lambda: impatient(other)])
        assert isinstance(result, Receipt), result
    assert money.total(money.technical("cash")) == -10


@ONLY_POSTGRESQL
def test_who_moves_money_of_one_wallet_waits_for_the_other_who_does(app, impatient):
    wallet = money.wallet()
    with atomic():
        SERVICE.deposit(wallet, 5, "cash")
        (result,) = at_once(app, [lambda: impatient(wallet)])
        assert isinstance(result, OperationalError) and "lock timeout" in str(result)
    assert SERVICE.balance(wallet) == 5


@ONLY_POSTGRESQL
def test_a_wallet_may_be_opened_for_a_customer_whose_money_is_moving(app):
    customer = people.add().id
    wallet = money.wallet_of(customer)

    def open_another() -> int:
        with atomic() as session:
            session.execute(text("SET LOCAL lock_timeout = '300ms'"))
            return accounts.open_wallet(TEST, customer, "EUR")

    with atomic():
        SERVICE.deposit(wallet, 5)
        (result,) = at_once(app, [open_another])
        assert isinstance(result, int), result
