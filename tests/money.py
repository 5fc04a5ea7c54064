"""Wallets for tests, and what must be true of the ledger after everything."""

from sqlalchemy import text

from crm.db import atomic, db
from crm.ledger import accounts
from crm.services.audit import Actor
from crm.services.wallet import WalletService
from tests import people

SERVICE = WalletService(Actor(None, "test"))


def wallet(currency: str = "RUB", balance: int = 0, overdraft: int = 0, name: str = "Анна") -> int:
    """The account id of a new customer's wallet, with so many minor units in it."""
    customer = people.add(name, allow_duplicate=True)
    return wallet_of(customer.id, currency, balance, overdraft)


def wallet_of(customer_id: int, currency: str = "RUB", balance: int = 0, overdraft: int = 0) -> int:
    """The account id of one more wallet of the customer."""
    with atomic():
        (pk,) = accounts.open_wallets([(customer_id, currency, "")])
        if overdraft:
            accounts.set_terms(pk, overdraft_limit=overdraft)
    if balance:
        SERVICE.deposit(pk, balance)
    return pk


def technical(code: str, currency: str = "RUB") -> int:
    """The id of a technical account."""
    wanted = text("SELECT id FROM accounts WHERE code = :code AND currency = :currency")
    return db.session.scalar(wanted, {"code": code, "currency": currency})


def total(account_id: int) -> int:
    """What the operations of the account sum to."""
    summed = text("SELECT coalesce(sum(signed_amount), 0) FROM operations WHERE account_id = :id")
    return int(db.session.scalar(summed, {"id": account_id}))


def rows(table: str) -> list[tuple[object, ...]]:
    """Every row of the table."""
    return [tuple(row) for row in db.session.execute(text(f"SELECT * FROM {table}"))]
