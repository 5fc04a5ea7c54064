"""Laws of balances in the list: one currency at a time, accounts summed, none counted as nothing."""

import random

import pytest

from crm.services import search
from crm.services.search import Criteria
from tests import money, people
from tests.services.test_search_paging import walked

CURRENCIES = ("RUB", "USD")


def held_by_everybody(count: int = 40, seed: int = 5) -> dict[int, dict[str, int]]:
    """Customers with no account, one or two in a currency; some owe, some have come to nothing."""
    pick, held = random.Random(seed), {}
    for number in range(count):
        customer = people.add(f"Customer {number % 7}", allow_duplicate=True)
        sums: dict[str, int] = {}
        for _account in range(pick.choice([0, 1, 1, 2])):
            currency, amount = pick.choice(CURRENCIES), pick.choice([0, 100, 100, 250, 900, -300])
            account = money.wallet_of(customer.id, currency, max(amount, 0), overdraft=500)
            if amount < 0:
                money.SERVICE.spend(account, -amount)
            sums[currency] = sums.get(currency, 0) + amount
        held[customer.id] = sums
    return held


def found(**criteria: object) -> set[int]:
    return {hit.id for hit in search.find(Criteria(**criteria), limit=1000).items}


def test_each_hit_tells_what_is_held_in_the_wanted_currency(app):
    held = held_by_everybody()
    for currency in CURRENCIES:
        page = search.find(Criteria(currency=currency), limit=1000)
        assert page.currency == currency
        assert {hit.id: hit.balance for hit in page.items} == {pk: sums.get(currency) for pk, sums in held.items()}
    assert search.find(Criteria(), limit=1).currency == "RUB"


@pytest.mark.parametrize("sort", ["balance", "-balance"])
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_the_order_by_balance_walks_the_whole_list(app, sort, limit):
    held = held_by_everybody()
    for currency in CURRENCIES:
        ordered = sorted(held, key=lambda pk: (held[pk].get(currency, 0), pk), reverse=sort.startswith("-"))
        assert walked(Criteria(sort=sort, currency=currency), limit) == ordered
        named = found(q="customer 3")
        assert 0 < len(named) < len(held)
        searched = [pk for pk in ordered if pk in named]
        assert walked(Criteria(sort=sort, currency=currency, q="customer 3"), limit) == searched


BOUNDS = [
    (None, 0),
    (0, None),
    (1, None),
    (None, -1),
    (100, 250),
    (-300, -300),
    (-1, 1),
    (0, 0),
    (5, 1),
    (10**15, None),
]


@pytest.mark.parametrize(("least", "most"), BOUNDS)
def test_bounds_leave_who_holds_so_much(app, least, most):
    held = held_by_everybody()
    for currency in CURRENCIES:
        wanted = {
            pk
            for pk, sums in held.items()
            if (least is None or sums.get(currency, 0) >= least) and (most is None or sums.get(currency, 0) <= most)
        }
        assert found(currency=currency, balance_from=least, balance_to=most) == wanted


def test_who_owes_is_found(app):
    held = held_by_everybody()
    for currency in CURRENCIES:
        assert found(currency=currency, debt=True) == {pk for pk, sums in held.items() if sums.get(currency, 0) < 0}
    assert found(debt=True)


def test_debts_in_one_account_may_be_made_up_for_in_another(app):
    customer = people.add("Anna")
    money.SERVICE.spend(money.wallet_of(customer.id, overdraft=500), 300)
    money.wallet_of(customer.id, balance=400)
    assert found(debt=True) == set() and found(balance_from=100, balance_to=100) == {customer.id}


def test_a_page_costs_the_same_number_of_statements_however_it_is_sorted(app, count_statements):
    held_by_everybody(30)
    for criteria in (Criteria(), Criteria(sort="-balance"), Criteria(debt=True, sort="balance", q="customer")):
        for limit in (2, 20):
            with count_statements() as statements:
                search.find(criteria, limit=limit)
            assert len(statements) == 2
    with count_statements() as statements:
        search.find(Criteria(q="customer"), limit=20, tags=False)
    assert len(statements) == 2
