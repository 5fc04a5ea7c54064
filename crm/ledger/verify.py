"""Proof that the money is right: every invariant of the ledger as a query for the rows that break it.

Each check is one statement, so it sees one moment of a database that goes on working. Plain SQL: docs/ledger.md
shows the same to people.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy import text

from crm.db import db, is_postgresql
from crm.ledger import days
from crm.models import ledger_rules

SHOWN = 20  # differences that are named; all are counted


@dataclass(frozen=True)
class Finding:
    """One law: how many rows were looked at, how many break it, and the first of them in words."""

    law: str
    rows: int
    differences: int
    examples: list[str] = field(default_factory=list)
    milliseconds: int = 0


@dataclass(frozen=True)
class _Check:
    law: str
    counted: str  # the table whose rows are looked at, perhaps with a WHERE
    broken: str  # a SELECT of the rows that break the law, named by their columns


CHECKS = (
    _Check(
        "The balance of an account is the sum of its operations",
        "accounts WHERE customer_id IS NOT NULL",
        """
        SELECT accounts.id AS account, account_balances.balance, sums.total, account_balances.sequence, sums.last
        FROM accounts LEFT JOIN account_balances ON account_balances.account_id = accounts.id
        LEFT JOIN (
            SELECT account_id, sum(signed_amount) AS total, count(*) AS last FROM operations GROUP BY account_id
        ) AS sums ON sums.account_id = accounts.id
        WHERE accounts.customer_id IS NOT NULL AND (account_balances.account_id IS NULL
            OR account_balances.balance <> coalesce(sums.total, 0)
            OR account_balances.sequence <> coalesce(sums.last, 0))""",
    ),
    _Check(
        "Each kind of operation of a payment sums to zero in every currency",
        "payments",
        """
        SELECT operations.payment_id AS payment, operations.kind, accounts.currency,
            sum(operations.signed_amount) AS total
        FROM operations JOIN accounts ON accounts.id = operations.account_id
        GROUP BY operations.payment_id, operations.kind, accounts.currency HAVING sum(operations.signed_amount) <> 0""",
    ),
    _Check(
        "The operations of an account are a chain without gaps, in the order of time",
        "operations WHERE sequence IS NOT NULL",
        """
        SELECT account_id AS account, sequence FROM (
            SELECT account_id, sequence, balance_after, signed_amount, created_at,
                lag(sequence, 1, 0) OVER chain AS sequence_before,
                lag(balance_after, 1, 0) OVER chain AS balance_before,
                lag(created_at) OVER chain AS created_before
            FROM operations WHERE sequence IS NOT NULL
            WINDOW chain AS (PARTITION BY account_id ORDER BY sequence)
        ) AS links
        WHERE sequence <> sequence_before + 1 OR balance_after <> balance_before + signed_amount
            OR created_at < created_before""",
    ),
    _Check(
        "Only customers' accounts have a chain",
        "operations",
        """
        SELECT operations.id AS operation, operations.account_id AS account
        FROM operations JOIN accounts ON accounts.id = operations.account_id
        WHERE (accounts.customer_id IS NULL) <> (operations.sequence IS NULL)""",
    ),
    _Check(
        "No balance is below what may be overdrawn",
        "account_balances",
        """
        SELECT account_id AS account, balance, held, overdraft_limit FROM account_balances
        WHERE balance - held < -overdraft_limit OR held < 0 OR overdraft_limit < 0""",
    ),
    _Check(
        "What is read fast says the same of an account as the account itself",
        "account_balances",
        """
        SELECT accounts.id AS account FROM account_balances JOIN accounts ON accounts.id = account_balances.account_id
        WHERE accounts.customer_id IS NULL OR accounts.customer_id <> account_balances.customer_id
            OR accounts.currency <> account_balances.currency OR accounts.status <> account_balances.status
            OR accounts.overdraft_limit <> account_balances.overdraft_limit""",
    ),
    _Check(
        "A payment has operations when it is completed, and only then",
        "payments",
        """
        SELECT payments.id AS payment, payments.status, count(operations.id) AS operations
        FROM payments LEFT JOIN operations ON operations.payment_id = payments.id
        GROUP BY payments.id, payments.status
        HAVING (payments.status = 'COMPLETED') <> (count(operations.id) > 0)""",
    ),
    _Check(
        "The operations move what the payment says",
        "payments WHERE status = 'COMPLETED'",
        """
        SELECT payments.id AS payment, payments.amount FROM payments JOIN (
            SELECT operations.payment_id,
                sum(CASE WHEN operations.account_id = payments.from_account_id THEN signed_amount ELSE 0 END) AS paid,
                sum(CASE WHEN operations.account_id = payments.to_account_id THEN signed_amount ELSE 0 END) AS got
            FROM operations JOIN payments ON payments.id = operations.payment_id GROUP BY operations.payment_id
        ) AS moved ON moved.payment_id = payments.id
        WHERE payments.kind <> 'reversal' AND (moved.paid <> -payments.amount
            OR moved.got <> coalesce(payments.to_amount, payments.amount - payments.commission))""",
    ),
    _Check(
        "What was given back of a payment is counted on it, and is no more than it moved",
        "payments WHERE kind = 'reversal' OR reversed_amount > 0",
        """
        SELECT payments.id AS payment, payments.reversed_amount, coalesce(sum(reversal.amount), 0) AS given_back
        FROM payments LEFT JOIN payments AS reversal
            ON reversal.reversal_of_id = payments.id AND reversal.status = 'COMPLETED'
        WHERE payments.reversed_amount > 0 OR reversal.id IS NOT NULL
        GROUP BY payments.id, payments.reversed_amount
        HAVING payments.reversed_amount <> coalesce(sum(reversal.amount), 0)
        UNION ALL
        SELECT original.id, original.reversed_amount, abs(coalesce(back.total, 0))
        FROM payments AS original JOIN operations AS line ON line.payment_id = original.id
        LEFT JOIN (
            SELECT reversal.reversal_of_id, given.account_id, given.kind, sum(given.signed_amount) AS total
            FROM payments AS reversal JOIN operations AS given ON given.payment_id = reversal.id
            WHERE reversal.kind = 'reversal' GROUP BY reversal.reversal_of_id, given.account_id, given.kind
        ) AS back ON back.reversal_of_id = original.id AND back.account_id = line.account_id AND back.kind = line.kind
        WHERE original.reversed_amount > 0 AND (
            CASE WHEN line.signed_amount > 0 THEN -1 ELSE 1 END * coalesce(back.total, 0)
                NOT BETWEEN 0 AND abs(line.signed_amount)
            OR (original.reversed_amount = original.amount AND coalesce(back.total, 0) <> -line.signed_amount))""",
    ),
    _Check(
        "A payment waits to be posted as long as it is not final",
        "payments WHERE status = 'INITIATED'",
        """
        SELECT payments.id AS payment, payments.status FROM payments
        LEFT JOIN pending_payments ON pending_payments.payment_id = payments.id
        WHERE (payments.status = 'INITIATED') <> (pending_payments.payment_id IS NOT NULL)""",
    ),
    _Check(
        "A caller's key belongs to one payment",
        "payments",
        """
        SELECT caller, idempotency_key FROM payments GROUP BY caller, idempotency_key HAVING count(*) > 1
        UNION ALL
        SELECT caller, idempotency_key FROM payments WHERE length(fingerprint) <> 32""",
    ),
    _Check(
        "An adjustment has a reason",
        "payments WHERE kind = 'adjustment'",
        """
        SELECT id AS payment FROM payments
        WHERE kind = 'adjustment' AND length(replace(description, ' ', '')) < 3""",
    ),
    _Check(
        "An account is opened with a balance once at most",
        "payments WHERE kind = 'opening'",
        """
        SELECT to_account_id AS account, count(*) AS openings FROM payments WHERE kind = 'opening'
        GROUP BY to_account_id HAVING count(*) > 1""",
    ),
    _Check(
        "A closed account is empty; technical accounts are open",
        "accounts",
        """
        SELECT accounts.id AS account, accounts.status FROM accounts
        LEFT JOIN account_balances ON account_balances.account_id = accounts.id
        WHERE (accounts.customer_id IS NULL AND accounts.status <> 'open')
            OR (accounts.status = 'closed' AND (account_balances.balance <> 0 OR account_balances.held <> 0))""",
    ),
)
_INSTALLED = {
    "postgresql": """
        SELECT tgname FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled = 'O' AND current_setting('session_replication_role') <> 'replica'""",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}


def verify() -> Iterator[Finding]:
    """Check one law after another on the database as it is; nothing is written and nothing is locked."""
    for check in CHECKS:
        yield _timed(partial(_look, check))
    yield _timed(_guarded)
    yield _timed(_days)


def _look(check: _Check) -> Finding:
    rows = db.session.scalar(text(f"SELECT count(*) FROM {check.counted}")) or 0
    found = db.session.execute(text(check.broken)).mappings().fetchmany(SHOWN)
    number = len(found)
    if number == SHOWN:
        number = db.session.scalar(text(f"SELECT count(*) FROM ({check.broken}) AS broken")) or 0
    return Finding(
        check.law, rows, number, [", ".join(f"{name} {value}" for name, value in row.items()) for row in found]
    )


def _guarded() -> Finding:
    """The triggers that hold the laws, as `models/ledger_rules` has them."""
    dialect = "postgresql" if is_postgresql() else "sqlite"
    wanted = {name for name, statement in ledger_rules.of(dialect).items() if "CREATE TRIGGER" in statement}
    missing = sorted(wanted - set(db.session.scalars(text(_INSTALLED[dialect]))))
    law = "The triggers that refuse to change or remove what was written are in force"
    return Finding(law, len(wanted), len(missing), [f"trigger {name} is missing" for name in missing[:SHOWN]])


def _days() -> Finding:
    rows, wrong = days.differences()
    return Finding("The sums by day are those of the operations", rows, len(wrong), wrong[:SHOWN])


def _timed(look: Callable[[], Finding]) -> Finding:
    begun = time.perf_counter_ns()
    found = look()
    db.session.rollback()  # no snapshot is kept longer than one check needs it
    return replace(found, milliseconds=(time.perf_counter_ns() - begun) // 1_000_000)
