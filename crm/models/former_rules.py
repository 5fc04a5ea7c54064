"""What the ledger's rules said before the revision that changed them; None for those that were not there."""

from crm.models import hold_rules
from crm.models.rule_sql import changes, distinct, function

_FIXED_AT_FIRST = (
    "id", "kind", "from_account_id", "to_account_id", "source", "amount", "currency", "commission", "description",
    "created_by_id", "caller", "origin", "idempotency_key", "fingerprint", "created_at",
)  # fmt: skip
_FIXED = (
    *_FIXED_AT_FIRST, "to_amount", "to_currency", "rate", "terms", "reversal_of_id", "metadata", "batch_id", "batch_row"
)  # fmt: skip
_FINAL = ("status", "failure_code", "completed_at")
_SQLITE_0007 = {
    "payments_path": f"""
        CREATE TRIGGER payments_path BEFORE UPDATE ON payments BEGIN
            SELECT CASE
                WHEN old.status <> 'INITIATED' OR {changes(*_FIXED_AT_FIRST)}
                    THEN RAISE(ABORT, 'payments: what was asked for, and what is final, does not change')
                WHEN new.status = 'FAILED' AND EXISTS (SELECT 1 FROM operations WHERE payment_id = new.id)
                    THEN RAISE(ABORT, 'payments: a failed payment has no operations')
                WHEN new.status = 'COMPLETED' AND NOT EXISTS (SELECT 1 FROM operations WHERE payment_id = new.id)
                    THEN RAISE(ABORT, 'payments: a completed payment has operations')
                WHEN new.status = 'COMPLETED' AND EXISTS (
                    SELECT 1 FROM operations JOIN accounts ON accounts.id = operations.account_id
                    WHERE operations.payment_id = new.id
                    GROUP BY operations.kind, accounts.currency HAVING sum(operations.signed_amount) <> 0)
                    THEN RAISE(ABORT, 'payments: the operations must sum to zero')
            END;
        END""",  # noqa: S608  (own names)
}
_POSTGRESQL_0007 = {
    "payments_fixed": f"""
        CREATE TRIGGER payments_fixed BEFORE UPDATE ON payments FOR EACH ROW
        WHEN (old.status <> 'INITIATED' OR {distinct(*_FIXED_AT_FIRST)})
        EXECUTE FUNCTION refuse_payment()""",
    "check_payments": function(
        "check_payments",
        """
            SELECT CASE written.status WHEN 'COMPLETED' THEN 'payments: a completed payment has operations'
                ELSE 'payments: a failed payment has no operations' END INTO fault FROM written
            LEFT JOIN LATERAL (
                SELECT id FROM operations WHERE payment_id = written.id LIMIT 1
            ) AS any_operation ON true
            WHERE (written.status = 'COMPLETED' AND any_operation.id IS NULL)
                OR (written.status = 'FAILED' AND any_operation.id IS NOT NULL)
            LIMIT 1;""",
    ),
}
_SQLITE_0015 = {
    "operations_chain": """
        CREATE TRIGGER operations_chain BEFORE INSERT ON operations BEGIN
            SELECT CASE
                WHEN (SELECT status FROM payments WHERE id = new.payment_id) IS NOT 'INITIATED'
                    THEN RAISE(ABORT, 'operations: the payment takes no more operations')
                WHEN NOT EXISTS (SELECT 1 FROM accounts WHERE id = new.account_id AND status = 'open'
                    AND (customer_id IS NULL) = (new.sequence IS NULL))
                    THEN CASE WHEN (SELECT status FROM accounts WHERE id = new.account_id) IS NOT 'open'
                        THEN RAISE(ABORT, 'operations: the account takes no operations')
                        ELSE RAISE(ABORT, 'operations: a chain belongs to a customer''s account') END
                WHEN new.sequence = 1 AND new.balance_after <> new.signed_amount
                    THEN RAISE(ABORT, 'operations: the chain is broken')
                WHEN new.sequence > 1 AND NOT EXISTS (
                    SELECT 1 FROM operations AS previous
                    WHERE previous.account_id = new.account_id AND previous.sequence = new.sequence - 1
                        AND previous.balance_after + new.signed_amount = new.balance_after
                        AND previous.created_at <= new.created_at)
                    THEN RAISE(ABORT, 'operations: the chain is broken')
            END;
        END""",
    "payments_path": f"""
        CREATE TRIGGER payments_path BEFORE UPDATE ON payments BEGIN
            SELECT CASE
                WHEN {changes(*_FIXED)} OR (old.status <> 'INITIATED' AND ({changes(*_FINAL)}))
                        OR new.reversed_amount < old.reversed_amount
                        OR (new.reversed_amount > old.reversed_amount AND old.status <> 'COMPLETED')
                    THEN RAISE(ABORT, 'payments: what was asked for, and what is final, does not change')
                WHEN new.status = 'FAILED' AND EXISTS (SELECT 1 FROM operations WHERE payment_id = new.id)
                    THEN RAISE(ABORT, 'payments: a failed payment has no operations')
                WHEN new.status = 'COMPLETED' AND NOT EXISTS (SELECT 1 FROM operations WHERE payment_id = new.id)
                    THEN RAISE(ABORT, 'payments: a completed payment has operations')
                WHEN new.status = 'COMPLETED' AND EXISTS (
                    SELECT 1 FROM operations JOIN accounts ON accounts.id = operations.account_id
                    WHERE operations.payment_id = new.id
                    GROUP BY operations.kind, accounts.currency HAVING sum(operations.signed_amount) <> 0)
                    THEN RAISE(ABORT, 'payments: the operations must sum to zero')
                WHEN new.status = 'COMPLETED' AND new.kind = 'reversal' AND new.amount + coalesce((
                    SELECT sum(amount) FROM payments
                    WHERE reversal_of_id = new.reversal_of_id AND status = 'COMPLETED' AND id <> new.id), 0)
                    > (SELECT reversed_amount FROM payments WHERE id = new.reversal_of_id)
                    THEN RAISE(ABORT, 'payments: a reversal is counted on its original')
            END;
        END""",  # noqa: S608  (own names)
}
_POSTGRESQL_0015 = {
    "check_operations": function(
        "check_operations",
        """
            SELECT found.fault INTO fault FROM (
                SELECT CASE
                    WHEN payments.status IS DISTINCT FROM 'INITIATED' OR count(*) OVER (PARTITION BY written.payment_id)
                            <> (SELECT count(*) FROM operations WHERE payment_id = written.payment_id)
                        THEN 'operations: the payment takes no more operations'
                    WHEN accounts.status IS DISTINCT FROM 'open' THEN 'operations: the account takes no operations'
                    WHEN (accounts.customer_id IS NULL) <> (written.sequence IS NULL)
                        THEN 'operations: a chain belongs to a customer''s account'
                    WHEN written.sequence = 1 AND written.balance_after <> written.signed_amount
                        THEN 'operations: the chain is broken'
                    WHEN written.sequence > 1 AND (previous.balance_after + written.signed_amount
                            = written.balance_after AND previous.created_at <= written.created_at) IS NOT TRUE
                        THEN 'operations: the chain is broken'
                    WHEN sum(written.signed_amount)
                            OVER (PARTITION BY written.payment_id, written.kind, accounts.currency) <> 0
                        THEN 'operations: a payment must sum to zero'
                END AS fault
                FROM written
                LEFT JOIN LATERAL (
                    SELECT status FROM payments WHERE id = written.payment_id LIMIT 1
                ) AS payments ON true
                LEFT JOIN LATERAL (
                    SELECT customer_id, currency, status FROM accounts WHERE id = written.account_id LIMIT 1
                ) AS accounts ON true
                LEFT JOIN LATERAL (
                    SELECT balance_after, created_at FROM operations
                    WHERE account_id = written.account_id AND sequence = written.sequence - 1 LIMIT 1
                ) AS previous ON true
            ) AS found WHERE found.fault IS NOT NULL LIMIT 1;""",
    ),
    "payments_fixed": f"""
        CREATE TRIGGER payments_fixed BEFORE UPDATE ON payments FOR EACH ROW
        WHEN ({distinct(*_FIXED)} OR (old.status <> 'INITIATED' AND {distinct(*_FINAL)})
            OR new.reversed_amount < old.reversed_amount
            OR (new.reversed_amount > old.reversed_amount AND old.status <> 'COMPLETED'))
        EXECUTE FUNCTION refuse_payment()""",
    "check_payments": function(
        "check_payments",
        """
            SELECT CASE WHEN written.status = 'FAILED' THEN 'payments: a failed payment has no operations'
                WHEN any_operation.id IS NULL THEN 'payments: a completed payment has operations'
                ELSE 'payments: a reversal is counted on its original' END INTO fault FROM written
            LEFT JOIN LATERAL (
                SELECT id FROM operations WHERE payment_id = written.id LIMIT 1
            ) AS any_operation ON true
            LEFT JOIN LATERAL (
                SELECT reversed_amount FROM payments WHERE id = written.reversal_of_id LIMIT 1
            ) AS original ON written.kind = 'reversal'
            WHERE (written.status = 'COMPLETED' AND any_operation.id IS NULL)
                OR (written.status = 'FAILED' AND any_operation.id IS NOT NULL)
                OR (written.status = 'COMPLETED' AND written.kind = 'reversal' AND original.reversed_amount
                    IS DISTINCT FROM (SELECT sum(amount) FROM payments
                        WHERE reversal_of_id = written.reversal_of_id AND status = 'COMPLETED'))
            LIMIT 1;""",
    ),
}
CHANGES: list[tuple[str, dict[str, dict[str, str | None]]]] = [  # the latest first
    (
        "0015",
        {
            "sqlite": {**_SQLITE_0015, **dict.fromkeys(hold_rules.SQLITE)},
            "postgresql": {**_POSTGRESQL_0015, **dict.fromkeys(hold_rules.POSTGRESQL)},
        },
    ),
    ("0007", {"sqlite": {**_SQLITE_0007}, "postgresql": {**_POSTGRESQL_0007}}),
]
