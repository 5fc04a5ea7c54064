"""Wallets and payments for tests, and what must be true of the ledger after everything."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from crm import bulk
from crm.db import atomic, db
from crm.ledger import accounts, engine, pending, verify
from crm.ledger.engine import Draft
from crm.ledger.posting import Decisions
from crm.services.audit import Actor
from crm.services.wallet import WalletService
from tests import people

SERVICE = WalletService(Actor(None, "test"))
EARLY = datetime(2000, 1, 1, tzinfo=UTC)
TABLES = ("accounts", "account_balances", "payments", "operations", "holds")

# Law → a query for what breaks it; independent of the product's own words for the same.
LAWS = {
    "each kind of a payment's operations sums to zero in every currency": """
        SELECT payment_id FROM operations JOIN accounts ON accounts.id = operations.account_id
        GROUP BY payment_id, kind, accounts.currency HAVING sum(signed_amount) <> 0""",
    "a completed payment has operations, and no other has": """
        SELECT id FROM payments
        WHERE (status = 'COMPLETED') <> EXISTS (SELECT 1 FROM operations WHERE payment_id = payments.id)""",
    "the payer pays the amount, and the payee gets it without the commission": """
        SELECT payments.id FROM payments WHERE status = 'COMPLETED' AND kind <> 'reversal' AND (
            -amount <> (SELECT coalesce(sum(signed_amount), 0) FROM operations
                WHERE payment_id = payments.id AND account_id = from_account_id)
            OR coalesce(to_amount, amount - commission) <> (SELECT coalesce(sum(signed_amount), 0) FROM operations
                WHERE payment_id = payments.id AND account_id = to_account_id))""",
    "what reversals gave back is counted on the payment": """
        SELECT id FROM payments AS original WHERE reversed_amount <> (
            SELECT coalesce(sum(amount), 0) FROM payments AS part
            WHERE part.reversal_of_id = original.id AND part.status = 'COMPLETED')""",
    "a payment that was reversed whole has moved nothing": """
        SELECT original.id FROM payments AS original
        JOIN payments AS part ON part.id = original.id OR part.reversal_of_id = original.id
        JOIN operations ON operations.payment_id = part.id
        WHERE original.reversed_amount = original.amount
        GROUP BY original.id, operations.account_id, operations.kind HAVING sum(signed_amount) <> 0""",
    "the operations of a wallet are a chain without a gap, in the order of time": """
        SELECT id FROM (
            SELECT *, row_number() OVER chain AS place, lag(balance_after) OVER chain AS balance_before,
                lag(created_at) OVER chain AS created_before, lag(id) OVER chain AS id_before
            FROM operations WHERE sequence IS NOT NULL WINDOW chain AS (PARTITION BY account_id ORDER BY sequence)
        ) AS link WHERE sequence <> place OR balance_after <> coalesce(balance_before, 0) + signed_amount
            OR created_before > created_at OR id_before > id""",
    "wallets have a chain, technical accounts have none": """
        SELECT operations.id FROM operations JOIN accounts ON accounts.id = operations.account_id
        WHERE (customer_id IS NULL) <> (sequence IS NULL)""",
    "the balance row is what the operations sum to, and ends where they end": """
        SELECT account_id FROM account_balances AS row
        WHERE balance <> (SELECT coalesce(sum(signed_amount), 0) FROM operations WHERE account_id = row.account_id)
            OR sequence <> (SELECT count(*) FROM operations WHERE account_id = row.account_id)
            OR last_at <> (SELECT max(created_at) FROM operations WHERE account_id = row.account_id)
            OR (sequence = 0) <> (last_at IS NULL)""",
    "every wallet has a balance row that says the same, and no technical account has one": """
        SELECT id FROM accounts LEFT JOIN account_balances AS row ON row.account_id = accounts.id
        WHERE (accounts.customer_id IS NULL) <> (row.account_id IS NULL) OR accounts.customer_id <> row.customer_id
            OR accounts.currency <> row.currency OR accounts.status <> row.status
            OR accounts.overdraft_limit <> row.overdraft_limit""",
    "what is held of a wallet is the sum of its holds": """
        SELECT account_id FROM account_balances AS row WHERE held <> (
            SELECT coalesce(sum(amount), 0) FROM holds WHERE account_id = row.account_id)""",
    "a payment is among the holds as long as it is held, and says the same": """
        SELECT id FROM payments WHERE (status = 'HELD') <> EXISTS (
            SELECT 1 FROM holds WHERE payment_id = payments.id AND account_id = from_account_id
            AND holds.amount = held_amount AND holds.amount = payments.amount AND expires_at = hold_expires_at)""",
    "no more is captured than was held": """
        SELECT id FROM payments
        WHERE held_amount IS NOT NULL AND (amount > held_amount OR (amount < held_amount AND status <> 'COMPLETED'))""",
    "no wallet holds less than what is held, beyond its overdraft": """
        SELECT account_id FROM account_balances WHERE balance - held < -overdraft_limit""",
}


def check_ledger() -> None:
    """Assert every law above."""
    db.session.rollback()
    broken = {law: [tuple(row) for row in db.session.execute(text(query))] for law, query in LAWS.items()}
    db.session.rollback()
    assert {law: found for law, found in broken.items() if found} == {}


def check_posted(payment_ids: Iterable[str]) -> dict[str, int]:
    """Assert that each of the payments has ended, none waits, and the ledger is right; how many of each status."""
    check_ledger()
    wanted, found = set(payment_ids), db.session.execute(text("SELECT id, status FROM payments")).all()
    statuses = Counter(status for pk, status in found if str(pk).replace("-", "") in wanted)
    assert set(statuses) <= {"COMPLETED", "FAILED"} and sum(statuses.values()) == len(wanted), statuses
    assert rows("pending_payments") == []
    assert [law for law in verify.verify() if law.differences] == []
    db.session.rollback()
    return dict(statuses)


def make_due() -> None:
    """Time goes by until the next of those that wait may be posted."""
    first = "SELECT min(next_attempt_at) FROM pending_payments"
    statement = f"UPDATE pending_payments SET next_attempt_at = :early WHERE next_attempt_at = ({first})"
    with atomic() as session:
        session.execute(text(statement), {"early": bulk.stamp(EARLY)})


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


def draft(from_account: int, to_account: int, amount: int, commission: int = 0, **fields: Any) -> Draft:
    """A transfer to be stored, with a key of its own; the commission goes where it goes in roubles."""
    fields = {"kind": "transfer", "currency": "RUB", "key": uuid7().hex} | fields
    taker = technical("commission", fields["currency"]) if commission else 0
    return Draft(
        from_account=from_account,
        to_account=to_account,
        amount=amount,
        commission=commission,
        commission_account=taker,
        **fields,
    )


def wait(drafts: Sequence[Draft]) -> None:
    """Store the payments to be posted later."""
    with atomic():
        engine.store(drafts)
        pending.add([draft.id for draft in drafts])


def post(drafts: Sequence[Draft]) -> Decisions:
    """Store and post the payments as one batch in a transaction."""
    with atomic():
        repeated = engine.store(drafts)
        return engine.post([draft.order for draft in drafts if draft.id not in repeated])


def clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let the ledger think that it is this moment."""
    for module in (engine, engine.postgresql, engine.sqlite):
        monkeypatch.setattr(module, "utcnow", lambda: moment)


def total(account_id: int) -> int:
    """What the operations of the account sum to."""
    summed = text("SELECT coalesce(sum(signed_amount), 0) FROM operations WHERE account_id = :id")
    return int(db.session.scalar(summed, {"id": account_id}))


def rows(table: str) -> list[tuple[object, ...]]:
    """Every row of the table."""
    return [tuple(row) for row in db.session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))]


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Every row of the ledger's tables, as committed."""
    db.session.rollback()
    found = {table: rows(table) for table in TABLES}
    db.session.rollback()
    return found
