"""Laws of operations: balances are their sums, payments sum to zero, and wallets have chains of them."""

from crm.i18n import lazy_gettext as _l
from crm.ledger.laws.law import Law
from crm.ledger.laws.spans import new, over, whole

LAWS = (
    Law(
        "balance",
        _l("The balance of an account is the sum of its operations"),
        whole(
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
        # From the last operation that was proved before on, with those that came after the span too. Each account is
        # asked for by itself: joined to them, PostgreSQL would go through all operations there are.
        new(
            "touched WHERE first IS NOT NULL",
            """
        SELECT sums.account_id AS account, account_balances.balance, sums.total, account_balances.sequence, sums.last
        FROM (
            SELECT touched.account_id, touched.first - 1 + (
                    SELECT count(*) FROM operations AS later
                    WHERE later.account_id = touched.account_id AND later.sequence >= touched.first) AS last,
                coalesce((
                    SELECT max(balance_after) FROM operations AS proved
                    WHERE proved.account_id = touched.account_id AND proved.sequence = touched.first - 1), 0) + (
                    SELECT sum(signed_amount) FROM operations AS later
                    WHERE later.account_id = touched.account_id AND later.sequence >= touched.first) AS total
            FROM touched WHERE touched.first IS NOT NULL
        ) AS sums LEFT JOIN account_balances ON account_balances.account_id = sums.account_id
        WHERE account_balances.account_id IS NULL OR account_balances.balance <> sums.total
            OR account_balances.sequence <> sums.last""",
        ),
    ),
    Law(
        "zero",
        _l("Each kind of operation of a payment sums to zero in every currency"),
        *over(
            "{payments}",
            """
        SELECT operations.payment_id AS payment, operations.kind, accounts.currency,
            sum(operations.signed_amount) AS total
        FROM {operations} AS operations JOIN accounts ON accounts.id = operations.account_id
        GROUP BY operations.payment_id, operations.kind, accounts.currency HAVING sum(operations.signed_amount) <> 0""",
        ),
    ),
    Law(
        "sequence",
        _l("The operations of an account are a chain without gaps, in the order of time"),
        whole(
            "operations WHERE sequence IS NOT NULL",
            """
        SELECT account_id AS account, id AS operation, sequence FROM (
            SELECT account_id, id, sequence, balance_after, signed_amount, created_at,
                lag(sequence, 1, 0) OVER chain AS sequence_before,
                lag(balance_after, 1, 0) OVER chain AS balance_before,
                lag(created_at) OVER chain AS created_before
            FROM operations WHERE sequence IS NOT NULL
            WINDOW chain AS (PARTITION BY account_id ORDER BY sequence)
        ) AS links
        WHERE sequence <> sequence_before + 1 OR balance_after <> balance_before + signed_amount
            OR created_at < created_before""",
        ),
        new(
            "new WHERE sequence IS NOT NULL",
            """
        SELECT new.account_id AS account, new.id AS operation, new.sequence
        FROM new LEFT JOIN operations AS previous
            ON previous.account_id = new.account_id AND previous.sequence = new.sequence - 1
        WHERE new.sequence IS NOT NULL AND (
            (new.sequence > 1 AND previous.id IS NULL)
            OR new.balance_after <> coalesce(previous.balance_after, 0) + new.signed_amount
            OR new.created_at < previous.created_at)""",
        ),
    ),
    Law(
        "wallets",
        _l("Only customers' accounts have a chain"),
        *over(
            "{new}",
            """
        SELECT id AS operation, account_id AS account FROM {new} AS operations
        WHERE (account_id IN (SELECT id FROM accounts WHERE customer_id IS NULL)) <> (sequence IS NULL)""",
        ),
    ),
)
