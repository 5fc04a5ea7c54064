"""Laws of statements: opening + incoming − outgoing = closing, over whole days of the product's time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.errors import Invalid, NotFound
from crm.services import statements
from crm.services.audit import Actor
from crm.services.wallet import WalletService
from tests import money, people
from tests.money import SERVICE

MARCH = date(2026, 3, 1), date(2026, 3, 31)


@pytest.fixture(autouse=True)
def sound_ledger(app):
    yield
    money.check_ledger()


@pytest.fixture
def at(monkeypatch):
    """`at(2026, 3, 1, 12)` sets the ledger's clock, in UTC."""
    return lambda *moment: money.clock(monkeypatch, datetime(*moment, tzinfo=UTC))


def figures(statement: statements.Statement) -> tuple[int, ...]:
    return statement.opening, statement.incoming, statement.outgoing, statement.closing, statement.count


def sums(statement: statements.Statement) -> list[int]:
    return [line.signed_amount for line in statement.lines()]


def test_a_statement_begins_and_ends_with_the_balances_of_its_days(app, at):
    wallet = money.wallet()
    for day, amount in ((1, 100), (5, 30), (9, 7)):
        at(2026, 3, day, 12)
        SERVICE.deposit(wallet, amount)
    at(2026, 3, 9, 13)
    SERVICE.spend(wallet, 50)
    whole = SERVICE.statement(wallet, *MARCH)
    assert figures(whole) == (0, 137, 50, 87, 4)
    assert sums(whole) == [100, 30, 7, -50]
    part = SERVICE.statement(wallet, date(2026, 3, 5), date(2026, 3, 8))
    assert (figures(part), sums(part)) == ((100, 30, 0, 130, 1), [30])
    silent = SERVICE.statement(wallet, date(2026, 4, 1), date(2026, 4, 30))
    assert (figures(silent), sums(silent)) == ((87, 0, 0, 87, 0), [])
    before = SERVICE.statement(wallet, date(2025, 1, 1), date(2026, 2, 28))
    assert (figures(before), sums(before)) == ((0, 0, 0, 0, 0), [])


def test_any_split_of_the_days_tells_the_same_in_the_end(app):
    customer, first = people.add().id, date(2026, 3, 1)

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(-40, 60).filter(bool)), max_size=8), st.integers(0, 9))
    def law(movements, cut):
        wallet = money.wallet_of(customer, overdraft=1000)
        with pytest.MonkeyPatch.context() as patch:
            for day, amount in sorted(movements, key=lambda movement: movement[0]):
                money.clock(patch, datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=day))
                SERVICE.adjust(wallet, amount, "by chance")
        middle, last = first + timedelta(days=cut), first + timedelta(days=10)
        one = SERVICE.statement(wallet, first, middle)
        two = SERVICE.statement(wallet, middle + timedelta(days=1), last)
        whole = SERVICE.statement(wallet, first, last)
        assert whole.closing == SERVICE.balance(wallet) == two.closing and one.closing == two.opening
        for part in (one, two, whole):
            assert part.opening + part.incoming - part.outgoing == part.closing == part.opening + sum(sums(part))
        assert sums(one) + sums(two) == sums(whole)

    law()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Moscow", "America/New_York", "Pacific/Kiritimati"])
def test_a_day_is_that_of_the_products_time_zone(app, monkeypatch, zone):
    monkeypatch.setitem(app.config, "CRM_TIMEZONE", zone)
    begins = datetime(2026, 3, 8, tzinfo=ZoneInfo(zone))  # in New York a day of 23 hours
    ends = datetime(2026, 3, 9, tzinfo=ZoneInfo(zone))
    tick, wallet = timedelta(microseconds=1), money.wallet()
    for moment, amount in ((begins - tick, 1), (begins, 20), (ends - tick, 300), (ends, 4000)):
        money.clock(monkeypatch, moment.astimezone(UTC))
        SERVICE.deposit(wallet, amount)
    found = SERVICE.statement(wallet, date(2026, 3, 8), date(2026, 3, 8))
    assert (figures(found), sums(found)) == ((1, 320, 0, 321, 2), [20, 300])
    page = statements.history(wallet, first=date(2026, 3, 8), last=date(2026, 3, 8))
    assert [line.signed_amount for line in page.items] == [300, 20]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 6, 7])
def test_lines_come_whole_and_in_order_however_many_pieces_they_are_read_in(app, monkeypatch, count):
    monkeypatch.setattr(statements, "_CHUNK", 3)
    wallet = money.wallet()
    money.clock(monkeypatch, datetime(2026, 3, 5, tzinfo=UTC))  # all in one moment, the first of the period
    for number in range(count):
        SERVICE.deposit(wallet, number + 1)
    found = SERVICE.statement(wallet, date(2026, 3, 5), date(2026, 3, 5))
    assert sums(found) == list(range(1, count + 1))
    assert [line.sequence for line in found.lines()] == list(range(1, count + 1))
    assert found.count == count


def test_lines_are_read_a_piece_at_a_time(app, monkeypatch, count_statements):
    monkeypatch.setattr(statements, "_CHUNK", 2)
    wallet = money.wallet()
    for _time in range(5):
        SERVICE.deposit(wallet, 1)
    today = datetime.now(UTC).date()
    found = SERVICE.statement(wallet, today - timedelta(days=1), today + timedelta(days=1))
    with count_statements() as asked:
        lines = found.lines()
        next(lines)
        assert len(asked) == 1
        assert len(list(lines)) == 4
    assert len(asked) == 3


def test_a_line_tells_what_was_moved_by_whom_and_why(app, boris):
    wallet, cash = money.wallet(), money.technical("cash")
    WalletService(Actor(boris.id, "10.0.0.1")).deposit(wallet, 500, "card", "Prepayment")
    money.post([money.draft(wallet, cash, 100, commission=3, kind="withdrawal", source="cash")])
    deposit, paid, fee = reversed(statements.history(wallet).items)
    assert (deposit.kind, deposit.part, deposit.source, deposit.who) == ("deposit", "transfer", "card", "Boris")
    assert (deposit.description, deposit.signed_amount, deposit.balance_after) == ("Prepayment", 500, 500)
    assert [(line.part, line.signed_amount, line.balance_after) for line in (paid, fee)] == [
        ("transfer", -97, 403),
        ("commission", -3, 400),
    ]
    assert paid.payment_id == fee.payment_id != deposit.payment_id
    assert (paid.kind, paid.who) == ("withdrawal", "")


def test_a_period_does_not_end_before_it_begins(app):
    with pytest.raises(Invalid) as refusal:
        SERVICE.statement(money.wallet(), date(2026, 3, 2), date(2026, 3, 1))
    assert list(refusal.value.fields) == ["last"]


def test_only_wallets_have_statements(app):
    for nobody in (0, 10**9, money.technical("cash")):
        with pytest.raises(NotFound):
            SERVICE.statement(nobody, *MARCH)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Moscow", "America/New_York"])
def test_a_period_may_begin_with_the_first_day_and_end_with_the_last(app, monkeypatch, zone):
    monkeypatch.setitem(app.config, "CRM_TIMEZONE", zone)
    wallet = money.wallet(balance=100)
    whole = SERVICE.statement(wallet, date.min, date.max)
    assert (figures(whole), sums(whole)) == ((0, 100, 0, 100, 1), [100])
    assert len(statements.history(wallet, first=date.min, last=date.max).items) == 1
