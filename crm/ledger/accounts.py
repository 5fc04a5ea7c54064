"""Opening accounts and changing how they stand: each customer's account together with its balance row."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update

from crm import bulk, money
from crm.db import db, is_postgresql, utcnow
from crm.ledger import postgresql, sqlite
from crm.ledger.rows import Parties, Prices
from crm.models import Account, AccountBalance, Currency
from crm.models.ledger import TechnicalCode

NO_PRICES = Prices()
_ACCOUNT = ("id", "customer_id", "currency", "name", "status", "overdraft_limit", "created_at")
_BALANCE = ("account_id", "customer_id", "currency", "status", "overdraft_limit", "balance", "held", "sequence")


def add_currency(code: str) -> None:
    """Take the currency (ISO 4217) into use, with a technical account for every code, in the present transaction."""
    db.session.execute(insert(Currency).values(code=code, exponent=money.exponent(code)))
    rows = [{"code": technical.value, "currency": code, "created_at": utcnow()} for technical in TechnicalCode]
    db.session.execute(insert(Account), rows)


def open_wallets(wallets: Sequence[tuple[int, str, str]]) -> list[int]:
    """Open an account for each (customer id, currency, name); their ids. Three statements, however many."""
    ids, made = bulk.new_ids("accounts", len(wallets)), bulk.stamp(utcnow())
    accounts = [
        (pk, customer_id, currency, name, "open", 0, made)
        for pk, (customer_id, currency, name) in zip(ids, wallets, strict=True)
    ]
    balances = [(pk, customer_id, currency, "open", 0, 0, 0, 0) for pk, customer_id, currency, *_rest in accounts]
    bulk.insert("accounts", _ACCOUNT, accounts)
    bulk.insert("account_balances", _BALANCE, balances)
    return ids


def set_terms(account_id: int, **terms: Any) -> None:
    """Give the account another `status` or `overdraft_limit`. Its balance row must be locked (`locked_balance`)."""
    quietly = {"synchronize_session": False}
    db.session.execute(update(Account).where(Account.id == account_id).values(terms), execution_options=quietly)
    mirror = update(AccountBalance).where(AccountBalance.account_id == account_id).values(terms)
    db.session.execute(mirror, execution_options=quietly)


def close(account_ids: Sequence[int]) -> None:
    """Close wallets that are empty, with nothing held; their balance rows must be locked. Two statements."""
    quietly = {"synchronize_session": False}
    wanted = bulk.packed(account_ids)
    for table, pk in ((Account, Account.id), (AccountBalance, AccountBalance.account_id)):
        closed = update(table).where(bulk.among(pk)).values(status="closed")
        db.session.execute(closed, wanted, execution_options=quietly)


def locked_balance(account_id: int) -> AccountBalance | None:
    """The balance row as it is now, locked; None for what is no customer's account."""
    row = select(AccountBalance).where(AccountBalance.account_id == account_id).with_for_update()
    return db.session.execute(row.execution_options(populate_existing=True)).scalar_one_or_none()


def parties(account_ids: Sequence[int], codes: Sequence[str] = (), prices: Prices = NO_PRICES) -> Parties:
    """The accounts with these ids, the technical ones with these codes in their currencies, and the prices asked for
    as they are in force now. One statement.
    """
    dialect = postgresql if is_postgresql() else sqlite
    return dialect.parties(db.session.connection(), account_ids, codes, prices)
