"""Laws of what a wallet held: at any moment, the balance after the last operation that was not later."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from crm.errors import NotFound
from tests import money
from tests.money import SERVICE

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def sound_ledger(app):
    yield
    money.check_ledger()


def test_the_balance_at_a_moment_is_that_after_the_last_operation_until_then(app, monkeypatch):
    wallet = money.wallet()
    for number, amount in enumerate((100, 20, 3)):
        money.clock(monkeypatch, NOON + timedelta(hours=number))
        SERVICE.deposit(wallet, amount)
    moments = [NOON + timedelta(hours=number) - early for number in range(3) for early in (TICK, timedelta())]
    held = [SERVICE.balance(wallet, moment) for moment in [*moments, NOON + timedelta(days=365)]]
    assert held == [0, 100, 100, 120, 120, 123, 123]


def test_operations_of_one_moment_count_together(app, monkeypatch):
    wallet = money.wallet()
    money.clock(monkeypatch, NOON)
    for _time in range(3):
        SERVICE.deposit(wallet, 10)
    SERVICE.withdraw(wallet, 5)
    assert (SERVICE.balance(wallet, NOON - TICK), SERVICE.balance(wallet, NOON)) == (0, 25)


def test_the_balance_after_a_payment_is_that_after_its_last_line(app, monkeypatch):
    wallet, cash = money.wallet(balance=100), money.technical("cash")
    money.clock(monkeypatch, NOON + timedelta(days=3650))
    money.post([money.draft(wallet, cash, 50, commission=2)])
    assert SERVICE.balance(wallet, NOON + timedelta(days=3650)) == 50


def test_a_moment_is_the_same_in_every_time_zone(app, monkeypatch):
    wallet = money.wallet()
    money.clock(monkeypatch, NOON)
    SERVICE.deposit(wallet, 100)
    moscow = NOON.astimezone(timezone(timedelta(hours=3)))
    assert (SERVICE.balance(wallet, moscow), SERVICE.balance(wallet, moscow - TICK)) == (100, 0)


def test_a_clock_that_goes_back_does_not_put_operations_in_another_order(app, monkeypatch):
    wallet = money.wallet()
    money.clock(monkeypatch, NOON)
    SERVICE.deposit(wallet, 100)
    money.clock(monkeypatch, NOON - timedelta(hours=1))
    SERVICE.deposit(wallet, 20)
    moments = NOON - timedelta(minutes=30), NOON
    assert [SERVICE.balance(wallet, moment) for moment in moments] == [0, 120]


def test_the_balance_now_is_what_was_there_last_overdrawn_or_not(app):
    wallet = money.wallet(balance=100, overdraft=50)
    SERVICE.spend(wallet, 130)
    assert SERVICE.balance(wallet) == SERVICE.balance(wallet, datetime.now(UTC) + timedelta(days=1)) == -30


def test_a_wallet_without_operations_holds_and_held_nothing(app):
    wallet = money.wallet()
    assert (SERVICE.balance(wallet), SERVICE.balance(wallet, NOON)) == (0, 0)


def test_only_wallets_have_a_balance(app):
    for nobody in (0, 10**9, money.technical("cash")):
        for at in (None, NOON):
            with pytest.raises(NotFound):
                SERVICE.balance(nobody, at)


def test_the_balance_is_one_look_up_now_and_two_at_a_moment(app, count_statements):
    wallet = money.wallet(balance=100)
    with count_statements() as now:
        SERVICE.balance(wallet)
    with count_statements() as then:
        SERVICE.balance(wallet, NOON)
    assert (len(now), len(then)) == (1, 2)
