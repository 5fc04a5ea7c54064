"""Laws of the list of operations: every one once, in order, whatever the size of the pieces."""

from datetime import date, timedelta

import pytest

from crm.errors import Invalid
from crm.ledger import days
from crm.services import operations
from crm.services.operations import Criteria, Total
from tests import money


@pytest.fixture
def business(app, monkeypatch):
    """Two wallets of rubles and one of euros; equal amounts, and equal moments."""
    start = days.moments(date(2026, 3, 1), date(2026, 3, 1))[0]
    first, second, euros = money.wallet(balance=1000), money.wallet(), money.wallet("EUR", balance=40)
    for number in range(9):
        money.clock(monkeypatch, start + timedelta(days=400 + number // 3))
        money.SERVICE.transfer(first, second, 10 + number % 2)
        money.SERVICE.deposit(euros, 10, "card")
    return first, second, euros


def walked(criteria: Criteria, limit: int, few: bool = False) -> list[operations.Line]:
    found, after = [], None
    while True:
        page = operations.find(criteria, after, limit, few)
        found += page.items
        if page.next_after is None:
            return found
        after = page.next_after


KEYS = {"time": lambda line: (line.at, line.id), "amount": lambda line: (line.signed_amount, line.id)}


@pytest.mark.parametrize("sort", ["time", "-time", "amount", "-amount"])
@pytest.mark.parametrize("limit", [1, 7, 500])
def test_pages_are_the_whole_in_order(business, sort, limit):
    for criteria in (
        Criteria(sort=sort),
        Criteria(sort=sort, currency="RUB"),
        Criteria(sort=sort, account=business[0]),
    ):
        found = walked(criteria, limit)
        key = KEYS[sort.lstrip("-")]
        assert found == sorted(found, key=key, reverse=sort.startswith("-"))
        assert len({line.id for line in found}) == len(found)
        assert list(operations.every(criteria)) == found == walked(criteria, limit, few=True)


def test_every_operation_of_the_ledger_is_among_them(business):
    found = walked(Criteria(), 500)
    assert sorted(line.id for line in found) == sorted(row[0] for row in money.rows("operations"))
    assert sum(line.signed_amount for line in found) == 0


FILTERS = {
    "account": lambda line, _wallets: line.account_id == _wallets[0],
    "kind": lambda line, _wallets: line.kind == "transfer",
    "code": lambda line, _wallets: line.code == "card",
    "currency": lambda line, _wallets: line.currency == "EUR",
    "direction": lambda line, _wallets: line.signed_amount < 0,
    "part": lambda line, _wallets: line.part == "commission",
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_keeps_what_meets_it_and_nothing_else(business, name):
    wanted = {
        "account": business[0], "kind": "transfer", "code": "card", "currency": "EUR", "direction": "out",
        "part": "commission",
    }  # fmt: skip
    expected = [line for line in walked(Criteria(), 500) if FILTERS[name](line, business)]
    assert walked(Criteria(**{name: wanted[name]}), 500) == expected


def test_days_are_the_product_s_own_and_both_are_included(business):
    day = days.day_of(walked(Criteria(), 500)[0].at)
    found = walked(Criteria(first=day, last=day), 500)
    assert len(found) == 3 * 4 and {days.day_of(line.at) for line in found} == {day}
    assert walked(Criteria(first=day + timedelta(days=1)), 500) == []


def test_sums_are_by_currency_and_no_further_than_may_be_waited_for(business, monkeypatch):
    first, second, euros = business
    assert operations.totals(Criteria(account=second)) == [Total("RUB", 9, 94, 0)]
    assert operations.totals(Criteria(account=euros)) == [Total("EUR", 10, 130, 0)]
    assert [total.incoming - total.outgoing for total in operations.totals(Criteria())] == [0, 0]
    assert operations.totals(Criteria(part="commission")) == []
    monkeypatch.setattr(operations, "SUMMED", 9)
    assert operations.totals(Criteria(account=second)) == [Total("RUB", 9, 94, 0)]
    assert operations.totals(Criteria(account=first)) is None


def test_a_period_that_ends_before_it_begins_is_refused(app):
    criteria = Criteria(first=date(2026, 2, 1), last=date(2026, 1, 1))
    for function in (operations.find, operations.totals, operations.check):
        with pytest.raises(Invalid) as refused:
            function(criteria)
        assert set(refused.value.fields) == {"last"}


def test_a_place_that_is_none_is_the_beginning(business):
    assert operations.find(Criteria(), after=10**12) == operations.find(Criteria())
