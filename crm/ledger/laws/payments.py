"""Laws of payments: how they stand, what they move, what is given back, and whose they are."""

from crm.i18n import lazy_gettext as _l
from crm.ledger.laws.law import Law
from crm.ledger.laws.spans import new, over, whole

LAWS = (
    Law(
        "status",
        _l("A payment has operations when it is completed, and only then"),
        *over(
            "{payments}",
            """
        SELECT payments.id AS payment, payments.status, 0 AS operations FROM {payments} AS payments
        WHERE payments.status = 'COMPLETED'
            AND NOT EXISTS (SELECT 1 FROM operations WHERE operations.payment_id = payments.id)
        UNION ALL
        SELECT payments.id, payments.status, count(*) FROM {payments} AS payments
        JOIN operations ON operations.payment_id = payments.id
        WHERE payments.status <> 'COMPLETED' GROUP BY payments.id, payments.status""",
            is_ordered=True,
        ),
    ),
    Law(
        "amounts",
        _l("The operations move what the payment says"),
        *over(
            "{payments}",
            """
        SELECT moved.payment_id AS payment, moved.amount FROM (
            SELECT operations.payment_id, payments.amount,
                coalesce(payments.to_amount, payments.amount - payments.commission) AS arrives,
                coalesce(sum(signed_amount) FILTER (WHERE account_id = payments.from_account_id), 0) AS paid,
                coalesce(sum(signed_amount) FILTER (WHERE account_id = payments.to_account_id), 0) AS got
            FROM {operations} AS operations JOIN payments ON payments.id = operations.payment_id
            WHERE payments.kind <> 'reversal'
            GROUP BY operations.payment_id, payments.id
        ) AS moved
        WHERE moved.paid <> -moved.amount OR moved.got <> moved.arrives""",
            is_ordered=True,
        ),
    ),
    Law(
        "waiting",
        _l("A payment waits to be posted as long as it is not final"),
        whole(
            "payments",
            """
        SELECT id AS payment, status FROM payments
        WHERE (status = 'INITIATED') <> (id IN (SELECT payment_id FROM pending_payments))""",
        ),
        new(
            "moved",
            """
        SELECT payments.id AS payment, payments.status FROM (
            SELECT payment_id FROM moved UNION SELECT payment_id FROM pending_payments
        ) AS looked JOIN payments ON payments.id = looked.payment_id
        LEFT JOIN pending_payments ON pending_payments.payment_id = payments.id
        WHERE (payments.status = 'INITIATED') <> (pending_payments.payment_id IS NOT NULL)""",
        ),
    ),
    Law(
        "keys",
        _l("A caller's key belongs to one payment"),
        whole(
            "payments",
            """
        SELECT id AS payment, caller, idempotency_key FROM payments WHERE (caller, idempotency_key) IN (
            SELECT caller, idempotency_key FROM payments GROUP BY caller, idempotency_key HAVING count(*) > 1)
        UNION
        SELECT id, caller, idempotency_key FROM payments WHERE length(fingerprint) <> 32""",
        ),
        new(
            "moved",
            """
        SELECT payments.id AS payment, payments.caller, payments.idempotency_key
        FROM moved JOIN payments ON payments.id = moved.payment_id
        LEFT JOIN payments AS other ON other.caller = payments.caller
            AND other.idempotency_key = payments.idempotency_key AND other.id <> payments.id
        WHERE other.id IS NOT NULL OR length(payments.fingerprint) <> 32""",
        ),
    ),
    Law(
        "reasons",
        _l("An adjustment has a reason"),
        *over(
            "{payments} AS payments WHERE kind = 'adjustment'",
            """
        SELECT id AS payment FROM {payments} AS payments
        WHERE kind = 'adjustment' AND length(replace(description, ' ', '')) < 3""",
        ),
    ),
    Law(
        "openings",
        _l("An account is opened with a balance once at most"),
        whole(
            "payments WHERE kind = 'opening'",
            """
        SELECT to_account_id AS account, count(*) AS openings FROM payments WHERE kind = 'opening'
        GROUP BY to_account_id HAVING count(*) > 1""",
        ),
        new(
            "moved JOIN payments ON payments.id = moved.payment_id WHERE payments.kind = 'opening'",
            """
        SELECT payments.to_account_id AS account, count(DISTINCT other.id) AS openings
        FROM moved JOIN payments ON payments.id = moved.payment_id AND payments.kind = 'opening'
        JOIN payments AS other ON other.to_account_id = payments.to_account_id AND other.kind = 'opening'
        GROUP BY payments.to_account_id HAVING count(DISTINCT other.id) > 1""",
        ),
    ),
)
