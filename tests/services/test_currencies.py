"""Laws of the currencies in use: taken from ISO 4217, each with an account for whatever crosses the border."""

import pytest
from sqlalchemy import text

from crm.db import db
from crm.errors import Invalid
from crm.models import AuditEntry, Currency
from crm.models.ledger import TechnicalCode
from crm.services import accounts, currencies
from crm.services.audit import Actor
from tests import money, people
from tests.money import SERVICE
from tests.parallel import at_once

TEST = Actor(None, "test")


@pytest.fixture(autouse=True)
def sound_ledger(app):
    yield
    money.check_ledger()


def technical_codes(currency: str) -> list[str]:
    wanted = text("SELECT code FROM accounts WHERE currency = :currency AND customer_id IS NULL ORDER BY code")
    return list(db.session.scalars(wanted, {"currency": currency}))


def test_three_currencies_are_in_use_from_the_beginning(app):
    assert currencies.codes() == ["EUR", "RUB", "USD"]
    for code in currencies.codes():
        assert technical_codes(code) == sorted(TechnicalCode)


@pytest.mark.parametrize(("typed", "code", "exponent"), [("JPY", "JPY", 0), ("KWD", "KWD", 3), (" gel ", "GEL", 2)])
def test_a_currency_is_taken_into_use_with_its_decimals_and_accounts(app, typed, code, exponent):
    currencies.add(TEST, typed)
    assert code in currencies.codes()
    assert db.session.get(Currency, code).exponent == exponent
    assert technical_codes(code) == sorted(TechnicalCode) and len(technical_codes(code)) == 10
    entry = db.session.query(AuditEntry).filter_by(entity="currency").one()
    assert (entry.action, entry.entity_id) == ("currency.added", code)


def test_money_moves_in_a_currency_that_was_added(app):
    currencies.add(TEST, "KWD")
    wallet = accounts.open_wallet(TEST, people.add().id, "KWD")
    SERVICE.deposit(wallet, 1234, "cash")
    assert money.total(money.technical("cash", "KWD")) == -SERVICE.balance(wallet) == -1234


def refused(code: str) -> None:
    before = money.rows("currencies"), money.everything(), money.rows("audit_entries")
    with pytest.raises(Invalid) as refusal:
        currencies.add(TEST, code)
    assert list(refusal.value.fields) == ["currency"]
    assert (money.rows("currencies"), money.everything(), money.rows("audit_entries")) == before


@pytest.mark.parametrize("code", ["RUB", "rub", " EUR "])
def test_a_currency_is_taken_into_use_once(app, code):
    refused(code)


@pytest.mark.parametrize("code", ["", "RU", "XAU", "XXX", "XTS", "BTC", "РУБ", "RUBLE" * 20, "R\0B", "'; --", "\ud800"])
def test_what_is_no_currency_is_refused(app, code):
    refused(code)


def test_a_currency_that_is_added_by_many_at_once_is_added_once(app):
    results = at_once(app, [lambda: currencies.add(TEST, "JPY")] * 6)
    assert sorted(type(result).__name__ for result in results) == [*["Invalid"] * 5, "NoneType"]
    assert len(technical_codes("JPY")) == 10
