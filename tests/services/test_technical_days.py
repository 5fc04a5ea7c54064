"""The chart of technical accounts: every day told once, whether it is written or not."""

from datetime import date, timedelta

import pytest

from crm.db import utcnow
from crm.ledger import days
from crm.services import technical
from crm.services.technical_days import LONGEST, Point, series
from tests import money


def today() -> date:
    return days.day_of(utcnow())


@pytest.fixture
def at(monkeypatch):
    """`at(3)` lets the ledger think that it is noon, so many days ago."""

    def back(number: int) -> date:
        moment = days.moments(today(), today())[0] + timedelta(hours=12) - timedelta(days=number)
        money.clock(monkeypatch, moment)
        return days.day_of(moment)

    return back


def accounts(*codes: str) -> list[int]:
    return [money.technical(code) for code in codes]


def test_days_without_a_gap_in_order(app, at):
    first = at(4)
    wallet = money.wallet(balance=1000)
    at(1)
    money.SERVICE.withdraw(wallet, 300)
    found = series(accounts("bank_transfer"), first, today())
    assert found.unit == "day" and [point.start for point in found.points] == [
        first + timedelta(days=n) for n in range(5)
    ]
    assert [(point.incoming, point.outgoing) for point in found.points] == [(0, 1000), (0, 0), (0, 0), (300, 0), (0, 0)]
    assert [point.net for point in found.points] == [-1000, 0, 0, 300, 0]


def test_written_days_and_the_rest_are_told_as_one(app, at):
    for number in (3, 2, 0):
        day = at(number)
        wallet = money.wallet(balance=500 + number)
        money.SERVICE.spend(wallet, 200)
    first = day - timedelta(days=5)
    everything = accounts("bank_transfer", "sales")
    live = series(everything, first, today())
    assert days.close() == 2
    assert series(everything, first, today()) == live
    assert [point.outgoing for point in live.points if point.outgoing] == [503, 502, 500]
    whole = {one.code: one for one in technical.turnovers(first, today()) if one.currency == "RUB"}
    assert sum(point.incoming for point in live.points) == whole["sales"].incoming == 600


def test_one_account_or_several_of_a_currency(app, at):
    at(0)
    wallet = money.wallet(balance=1000)
    money.SERVICE.spend(wallet, 1)
    one, both = (series(accounts(*codes), today(), today()).points for codes in (["sales"], ["sales", "bank_transfer"]))
    assert one == [Point(today(), 1, 0)] and both == [Point(today(), 1, 1000)]


def test_a_day_ends_at_midnight_of_the_product_s_own_zone(app, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_TIMEZONE", "Asia/Vladivostok")
    day = today() - timedelta(days=2)
    start, end = days.moments(day, day)
    for moment in (start, end - timedelta(microseconds=1), end):
        money.clock(monkeypatch, moment)
        money.wallet(balance=1)
    found = series(accounts("bank_transfer"), day - timedelta(days=1), day + timedelta(days=1))
    assert [point.outgoing for point in found.points] == [0, 2, 1]


def test_long_periods_are_told_by_the_month(app, at):
    for number in (70, 3):
        at(number)
        money.wallet(balance=10)
    found = series(accounts("bank_transfer"), today() - timedelta(days=LONGEST), today())
    assert found.unit == "month" and all(point.start.day == 1 for point in found.points)
    assert sum(point.outgoing for point in found.points) == 20 and 3 <= len(found.points) <= 4
    assert (found.points[0].outgoing, found.points[-1].start) != (0, today() - timedelta(days=LONGEST))


def test_nothing_happened_and_nothing_is_foreseen(app, at):
    assert series(accounts("cash"), date(2020, 1, 1), date(2020, 1, 31)).points == []
    at(0)
    money.SERVICE.deposit(money.wallet(), 5, "cash")
    assert [point.start for point in series(accounts("cash"), today(), date(2999, 12, 31)).points][:1] != []
    assert series(accounts("cash"), today() + timedelta(days=1), today() + timedelta(days=9)).points == []


@pytest.mark.parametrize("first", [date(1900, 1, 1), date(2999, 1, 1)])
def test_the_ends_of_the_calendar_are_days_too(app, at, first):
    at(0)
    money.wallet(balance=7)
    found = series(accounts("bank_transfer"), first, date(2999, 12, 31))
    assert sum(point.outgoing for point in found.points) == (7 if first.year == 1900 else 0)


def test_as_many_statements_however_long(app, at, count_statements):
    at(200)
    money.wallet(balance=7)
    days.close()
    costs = []
    for first in (today(), today() - timedelta(days=300)):
        with count_statements() as found:
            series(accounts("bank_transfer"), first, date.max)
        costs.append(len(found))
    assert max(costs) <= 4
