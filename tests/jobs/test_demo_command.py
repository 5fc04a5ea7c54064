"""`flask demo` fills a business that could be real, and whose ledger is right."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from crm.db import at, db, utcnow
from crm.ledger.verify import verify
from crm.models import (
    Account,
    AccountBalance,
    AccountDay,
    Customer,
    ExchangeRate,
    Operation,
    Payment,
    PaymentBatch,
    PendingPayment,
)
from tests import databases, money, people


@pytest.fixture
def demo(app):
    """`demo("--customers", …)` runs `flask demo …`."""
    runner = app.test_cli_runner()

    def run(*arguments: object):
        result = runner.invoke(args=["demo", *map(str, arguments)])
        db.session.rollback()
        return result

    return run


def count(model, *where: object) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def test_a_business_with_everything_in_it_and_a_right_ledger(demo):
    result = demo("--customers", 40, "--payments", 250)
    assert result.exit_code == 0, result.output
    assert "The ledger is right." in result.stdout and "/payments/batches/" in result.stdout
    money.check_ledger()
    assert sum(found.differences for found in verify()) == 0
    assert count(Customer) == 40 and count(PendingPayment) == 0 and count(PaymentBatch) == 1
    kinds = {kind for (kind,) in db.session.execute(select(Payment.kind).distinct())}
    assert kinds >= {"deposit", "withdrawal", "spend", "transfer", "conversion", "reversal", "opening"}
    assert count(Payment, Payment.status == "FAILED") and count(Payment, Payment.commission > 0)
    assert count(Payment, Payment.reversed_amount == Payment.amount)
    assert count(Payment, Payment.reversed_amount > 0, Payment.reversed_amount < Payment.amount)
    assert {code for (code,) in db.session.execute(select(AccountBalance.currency))} == {"RUB", "USD", "EUR"}
    assert count(AccountBalance, AccountBalance.status != "open") and count(Account, Account.overdraft_limit > 0)
    assert count(ExchangeRate) > 6 * 20


def test_its_months_are_over_and_their_days_are_closed(demo):
    demo("--customers", 10, "--payments", 60)
    first, last = db.session.execute(select(func.min(Operation.created_at), func.max(Operation.created_at))).one()
    assert first < utcnow() - timedelta(days=150) and last <= utcnow()
    months = Counter(moment.month for (moment,) in db.session.execute(select(Payment.created_at)))
    assert len(months) >= 5
    assert db.session.scalar(select(func.max(AccountDay.day))) is not None
    assert count(Customer, Customer.created_at > first) and not count(Customer, Customer.created_at > utcnow())


def test_the_same_seed_makes_the_same_business(app, run, demo):
    def told() -> tuple[object, ...]:
        names = select(Customer.name, Customer.external_id).order_by(Customer.id)
        moved = select(Payment.kind, Payment.amount, Payment.status, Payment.currency).order_by(Payment.id).limit(40)
        return db.session.execute(names.limit(8)).all(), db.session.execute(moved).all()

    assert demo("--customers", 8, "--payments", 40, "--seed", 5).exit_code == 0
    first = told()
    assert len(first[1]) == 40
    db.session.rollback()
    databases.empty(app, run)
    assert demo("--customers", 8, "--payments", 40, "--seed", 5).exit_code == 0
    assert told() == first


def test_it_is_added_to_what_is_there_only_when_told_and_never_before_it(demo):
    wallet = money.wallet(balance=500)
    before = db.session.scalar(select(func.max(Operation.created_at)))
    refused = demo("--customers", 5)
    assert refused.exit_code == 1 and "There are customers already" in refused.output and count(Customer) == 1
    assert demo("--customers", 5, "--payments", 20, "--yes").exit_code == 0
    money.check_ledger()
    assert money.SERVICE.balance(wallet) == 500 and count(Customer) == 6
    assert count(Payment, Payment.created_at < before) <= 1


def test_the_smallest_business_is_one_too(demo):
    assert demo("--customers", 1, "--payments", 1).exit_code == 0
    assert count(Customer) == 1
    money.check_ledger()


@pytest.mark.parametrize("arguments", [("--customers", 0), ("--customers", -1), ("--payments", "many")])
def test_wrong_arguments_end_with_2(demo, arguments):
    assert demo(*arguments).exit_code == 2 and count(Customer) == 0


def test_the_clock_goes_on_when_the_pretended_moment_is_over(app):
    with at(money.EARLY):
        assert utcnow() == money.EARLY and people.add("Анна").created_at == money.EARLY
    assert utcnow() > money.EARLY
