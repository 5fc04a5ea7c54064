"""Technical accounts tell what crossed the border, from the operations or from the days that are written."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from crm.db import db, utcnow
from crm.errors import Invalid, NotFound
from crm.ledger import days
from crm.services import technical
from crm.services.technical import Turnover
from tests import money
from tests.ledger.test_verify import tamper

TODAY = days.day_of


def turnovers(first: date | None = None, last: date | None = None) -> dict[tuple[str, str], tuple[int, int, int]]:
    """(currency, code) → count, into it, out of it; of accounts with operations."""
    now = TODAY(utcnow())
    found = technical.turnovers(first or now, last or now)
    return {(one.currency, one.code): (one.count, one.incoming, one.outgoing) for one in found if one.count}


def business(app) -> int:
    wallet = money.wallet(balance=1000)
    money.SERVICE.deposit(wallet, 500, source="cash")
    money.SERVICE.deposit(wallet, 70, source="cash")
    money.SERVICE.withdraw(wallet, 30, source="e_wallet")
    money.SERVICE.spend(wallet, 200)
    money.SERVICE.deposit(money.wallet("USD"), 5, source="card")
    return wallet


EXPECTED = {
    ("RUB", "bank_transfer"): (1, 0, 1000),
    ("RUB", "cash"): (2, 0, 570),
    ("RUB", "e_wallet"): (1, 30, 0),
    ("RUB", "sales"): (1, 200, 0),
    ("USD", "card"): (1, 0, 5),
}


def test_every_account_of_every_currency_is_told(app):
    found = technical.turnovers(date(2026, 1, 1), date(2026, 1, 31))
    assert len(found) == 30 and {(one.count, one.incoming, one.outgoing) for one in found} == {(0, 0, 0)}


def test_what_went_through_is_summed_by_account(app):
    business(app)
    assert turnovers() == EXPECTED
    yesterday = TODAY(utcnow()) - timedelta(days=1)
    assert turnovers(yesterday, yesterday) == {}


def move_back(number: int) -> None:
    at = utcnow() - timedelta(days=number)
    plain = at if db.engine.dialect.name == "postgresql" else f"{at:%Y-%m-%d %H:%M:%S.%f}"
    tamper("UPDATE operations SET created_at = :at WHERE created_at > :since", at=plain, since=_since())


def _since() -> object:
    at = utcnow() - timedelta(minutes=30)
    return at if db.engine.dialect.name == "postgresql" else f"{at:%Y-%m-%d %H:%M:%S.%f}"


def test_written_days_and_live_operations_are_told_together(app):
    now = TODAY(utcnow())
    business(app)
    move_back(3)
    business(app)
    live = turnovers(now - timedelta(days=10), now)
    assert live[("RUB", "cash")] == (4, 0, 1140)
    assert days.close() == 1
    assert turnovers(now - timedelta(days=10), now) == live
    assert turnovers() == EXPECTED
    assert turnovers(now - timedelta(days=3), now - timedelta(days=3)) == EXPECTED
    assert turnovers(now - timedelta(days=2), now - timedelta(days=1)) == {}
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM account_days")) == 5


def test_the_operations_behind_a_figure_are_listed_newest_first(app):
    business(app)
    cash, now = money.technical("cash"), TODAY(utcnow())
    first = technical.lines(cash, now, now, limit=1)
    rest = technical.lines(cash, now, now, before=first.next_before)
    assert [line.signed_amount for line in (*first.items, *rest.items)] == [-70, -500] and rest.next_before is None
    (line,) = first.items
    assert (line.kind, line.part, line.customer_name) == ("deposit", "transfer", "Анна")


def test_an_account_is_asked_for_by_itself(app):
    business(app)
    now = TODAY(utcnow())
    found = technical.turnover(money.technical("cash"), now, now)
    assert found == Turnover(money.technical("cash"), "cash", "RUB", 2, 0, 570) and found.net == -570


def test_a_customers_account_is_none_of_them(app):
    wallet, now = business(app), TODAY(utcnow())
    with pytest.raises(NotFound):
        technical.turnover(wallet, now, now)


def test_a_period_that_ends_before_it_begins_is_refused(app):
    with pytest.raises(Invalid) as refused:
        technical.turnovers(date(2026, 2, 1), date(2026, 1, 1))
    assert set(refused.value.fields) == {"last"}


def test_as_many_statements_however_much_went_on(app, count_statements):
    def statements() -> int:
        with count_statements() as found:
            turnovers()
        return len(found)

    business(app)
    before = statements()
    for _time in range(3):
        business(app)
    assert statements() == before <= 4
