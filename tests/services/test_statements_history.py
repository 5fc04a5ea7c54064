"""Laws of a wallet's history: newest first, a page at a time, of one kind and some days where wanted."""

from datetime import UTC, date, datetime

import pytest

from crm.services import statements
from tests import money
from tests.money import SERVICE


@pytest.fixture(autouse=True)
def sound_ledger(app):
    yield
    money.check_ledger()


@pytest.fixture
def wallet(app, monkeypatch) -> int:
    """On each day from the 1st to the 6th of March: a deposit of the day's number, and one unit spent."""
    wallet = money.wallet()
    for day in range(1, 7):
        money.clock(monkeypatch, datetime(2026, 3, day, 12, tzinfo=UTC))
        SERVICE.deposit(wallet, day * 10)
        SERVICE.spend(wallet, 1)
    return wallet


def amounts(page: statements.HistoryPage) -> list[int]:
    return [line.signed_amount for line in page.items]


def pages(wallet: int, limit: int, **wanted) -> list[list[int]]:
    """All pages as they follow one another, by sequence."""
    found, before = [], None
    while not found or before is not None:
        page = statements.history(wallet, before=before, limit=limit, **wanted)
        found.append([line.sequence for line in page.items])
        before = page.next_before
    return found


def test_the_newest_comes_first(wallet):
    page = statements.history(wallet)
    assert [line.sequence for line in page.items] == list(range(12, 0, -1))
    assert (page.items[0].balance_after, page.next_before) == (SERVICE.balance(wallet), None)


def test_a_wallet_without_operations_has_an_empty_page(app):
    assert statements.history(money.wallet()) == statements.HistoryPage([], None)


def test_operations_of_other_wallets_stay_away(wallet):
    other = money.wallet(balance=5)
    SERVICE.transfer(other, wallet, 3)
    assert amounts(statements.history(other)) == [-3, 5]
    assert amounts(statements.history(wallet))[0] == 3


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 11, 12, 13, 50])
def test_pages_follow_one_another_without_a_gap_or_a_double(wallet, limit):
    found = pages(wallet, limit)
    assert [sequence for page in found for sequence in page] == list(range(12, 0, -1))
    assert all(len(page) == limit for page in found[:-1]) and 0 < len(found[-1]) <= limit


def test_pages_of_one_kind_follow_one_another_too(wallet):
    assert pages(wallet, 4, kind="deposit") == [[11, 9, 7, 5], [3, 1]]
    assert pages(wallet, 3, kind="spend", first=date(2026, 3, 2), last=date(2026, 3, 5)) == [[10, 8, 6], [4]]


def test_what_is_new_meanwhile_does_not_shift_the_pages(wallet):
    first = statements.history(wallet, limit=5)
    SERVICE.deposit(wallet, 1)
    second = statements.history(wallet, limit=5, before=first.next_before)
    assert [line.sequence for line in (*first.items, *second.items)] == list(range(12, 2, -1))


def test_a_kind_shows_its_own_alone(wallet):
    assert amounts(statements.history(wallet, kind="deposit")) == [60, 50, 40, 30, 20, 10]
    assert amounts(statements.history(wallet, kind="spend")) == [-1] * 6
    assert amounts(statements.history(wallet, kind="transfer")) == []


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 3, 2), date(2026, 3, 4), [4, 3, 2]),
        (date(2026, 3, 5), None, [6, 5]),
        (None, date(2026, 3, 2), [2, 1]),
        (date(2026, 3, 3), date(2026, 3, 3), [3]),
        (date(2026, 3, 4), date(2026, 3, 3), []),
        (date(2026, 3, 7), None, []),
        (None, date(2026, 2, 28), []),
    ],
)
def test_days_are_wanted_with_both_ends(wallet, first, last, days):
    found = statements.history(wallet, kind="deposit", first=first, last=last)
    assert amounts(found) == [day * 10 for day in days]


def test_a_page_is_one_statement(wallet, count_statements):
    with count_statements() as asked:
        statements.history(wallet, kind="deposit", first=date(2026, 3, 1), last=date(2026, 3, 9), limit=2)
    assert len(asked) == 1
