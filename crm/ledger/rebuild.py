"""Making anew what is read fast: balance rows, holds and sums by day, from accounts, payments and operations."""

from sqlalchemy import func, select, text

from crm.db import atomic, db
from crm.ledger import days
from crm.models import AccountBalance

_MISSING = """
    INSERT INTO account_balances
        (account_id, customer_id, currency, status, overdraft_limit, balance, held, sequence, last_at)
    SELECT accounts.id, accounts.customer_id, accounts.currency, accounts.status, accounts.overdraft_limit,
        coalesce(last.balance_after, 0), coalesce((SELECT sum(amount) FROM holds WHERE account_id = accounts.id), 0),
        coalesce(last.sequence, 0), last.created_at
    FROM accounts LEFT JOIN operations AS last ON last.account_id = accounts.id AND last.sequence = (
        SELECT max(sequence) FROM operations WHERE account_id = accounts.id)
    WHERE accounts.customer_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM account_balances WHERE account_id = accounts.id)"""
_DIFFERENT = """
    UPDATE account_balances SET customer_id = found.customer_id, currency = found.currency, status = found.status,
        overdraft_limit = found.overdraft_limit, balance = found.balance, held = found.held,
        sequence = found.sequence, last_at = found.last_at
    FROM (
        SELECT accounts.id, accounts.customer_id, accounts.currency, accounts.status, accounts.overdraft_limit,
            coalesce(last.balance_after, 0) AS balance, coalesce(last.sequence, 0) AS sequence,
            last.created_at AS last_at,
            coalesce((SELECT sum(amount) FROM holds WHERE account_id = accounts.id), 0) AS held
        FROM accounts LEFT JOIN operations AS last ON last.account_id = accounts.id AND last.sequence = (
            SELECT max(sequence) FROM operations WHERE account_id = accounts.id)
        WHERE accounts.customer_id IS NOT NULL
    ) AS found
    WHERE found.id = account_balances.account_id AND (account_balances.balance <> found.balance
        OR account_balances.held <> found.held OR account_balances.sequence <> found.sequence
        OR account_balances.status <> found.status OR account_balances.overdraft_limit <> found.overdraft_limit
        OR account_balances.currency <> found.currency OR account_balances.customer_id <> found.customer_id)"""


_NOT_HELD = """
    DELETE FROM holds WHERE NOT EXISTS (
        SELECT 1 FROM payments WHERE payments.id = holds.payment_id AND payments.status = 'HELD')"""
_HELD = """
    INSERT INTO holds (payment_id, account_id, amount, expires_at)
    SELECT id, from_account_id, held_amount, hold_expires_at FROM payments
    WHERE held_amount IS NOT NULL AND status = 'HELD'
        AND NOT EXISTS (SELECT 1 FROM holds WHERE payment_id = payments.id)"""


def rebuild() -> tuple[int, int]:
    """Bring all balance rows to what the chains of operations and the payments that are held say, and write the sums by
    day anew.

    Nobody moves money meanwhile: every balance row is locked. How many balance rows were wrong or missing, and for how
    many days there are sums now.
    """
    with atomic() as session:
        locked = select(AccountBalance.account_id).order_by(AccountBalance.account_id).with_for_update()
        session.scalar(select(func.count()).select_from(locked.subquery()))
        for statement in (_NOT_HELD, _HELD):
            session.execute(text(statement))
        mended = session.execute(text(_DIFFERENT)).rowcount + session.execute(text(_MISSING)).rowcount  # type: ignore[attr-defined]
        days.reset()
    db.session.expire_all()
    return mended, days.close()
