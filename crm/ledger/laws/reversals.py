"""Laws of reversals: what was given back is counted, and is no more than what was moved."""

from crm.i18n import lazy_gettext as _l
from crm.ledger.laws.law import Law
from crm.ledger.laws.spans import new, whole

# CROSS JOIN: else SQLite would look the payment of every operation up, where few were given back.
_BROKEN = """originals AS (
            SELECT id, amount, reversed_amount FROM payments WHERE id IN ({ids})
        )
        SELECT original.id AS payment, original.reversed_amount, coalesce(sum(reversal.amount), 0) AS given_back
        FROM originals AS original LEFT JOIN payments AS reversal
            ON reversal.reversal_of_id = original.id AND reversal.status = 'COMPLETED'
        GROUP BY original.id, original.reversed_amount
        HAVING original.reversed_amount <> coalesce(sum(reversal.amount), 0)
        UNION ALL
        SELECT original.id, original.reversed_amount, abs(coalesce(back.total, 0))
        FROM originals AS original CROSS JOIN operations AS line
        LEFT JOIN (
            SELECT reversal.reversal_of_id, given.account_id, given.kind, sum(given.signed_amount) AS total
            FROM originals CROSS JOIN payments AS reversal CROSS JOIN operations AS given
            WHERE reversal.reversal_of_id = originals.id AND given.payment_id = reversal.id
            GROUP BY reversal.reversal_of_id, given.account_id, given.kind
        ) AS back ON back.reversal_of_id = original.id AND back.account_id = line.account_id AND back.kind = line.kind
        WHERE line.payment_id = original.id AND original.reversed_amount > 0 AND (
            CASE WHEN line.signed_amount > 0 THEN -1 ELSE 1 END * coalesce(back.total, 0)
                NOT BETWEEN 0 AND abs(line.signed_amount)
            OR (original.reversed_amount = original.amount AND coalesce(back.total, 0) <> -line.signed_amount))"""
_GIVEN_BACK = """
                SELECT id FROM payments WHERE reversed_amount > 0
                UNION SELECT reversal_of_id FROM payments WHERE reversal_of_id IS NOT NULL"""
# What is new may be the payment that is given back, or what gives it back.
_NEW = """
                SELECT coalesce(payments.reversal_of_id, payments.id)
                FROM moved JOIN payments ON payments.id = moved.payment_id"""

LAWS = (
    Law(
        "reversals",
        _l("What was given back of a payment is counted on it, and is no more than it moved"),
        whole(
            "payments WHERE kind = 'reversal' OR reversed_amount > 0",
            f"""
        WITH {_BROKEN.format(ids=_GIVEN_BACK)}""",
        ),
        new("moved", f", {_BROKEN.format(ids=_NEW)}"),
    ),
)
