"""The ledger's own rules as triggers, for both engines; `models/triggers` gives them to migrations and tests.

PostgreSQL looks at all rows of a statement at once, through transition tables; a deferred row trigger would cost a
third of the speed. SQLite has row triggers only, and looks at a payment as a whole when it is completed.
"""

from crm.models import chain_rules, former_rules, hold_rules
from crm.models.rule_sql import after, changes, distinct, function, refuse

# What a payment is may not change after it was stored; how it stands may.
_FIXED = (
    "id", "kind", "from_account_id", "to_account_id", "source", "currency", "description", "created_by_id", "caller",
    "origin", "idempotency_key", "fingerprint", "created_at", "to_amount", "to_currency", "rate", "terms",
    "reversal_of_id", "metadata", "batch_id", "batch_row", "held_amount", "hold_expires_at",
)  # fmt: skip
_FINAL = ("status", "failure_code", "completed_at", "held_at")
_PRICED = ("amount", "commission")  # which become what is captured of a hold
_CAPTURED = """(old.status = 'HELD' AND new.status = 'COMPLETED'
                AND new.amount <= old.amount AND new.commission <= old.commission)"""
# INITIATED leads to FAILED or COMPLETED, of a hold to FAILED or HELD; HELD to COMPLETED, VOIDED or EXPIRED.
_ASTRAY = """(old.status = 'INITIATED' AND (new.status IN ('VOIDED', 'EXPIRED')
                OR new.status = CASE WHEN new.held_amount IS NULL THEN 'HELD' ELSE 'COMPLETED' END))
            OR (old.status = 'HELD' AND (new.status IN ('INITIATED', 'FAILED') OR new.held_at <> old.held_at))"""


def _sqlite_balance(name: str, event: str) -> str:
    return f"""
        CREATE TRIGGER {name} BEFORE {event} ON account_balances
        WHEN coalesce((SELECT balance_after FROM operations
                WHERE account_id = new.account_id AND sequence = new.sequence),
                CASE new.sequence WHEN 0 THEN 0 END) IS NOT new.balance
            OR EXISTS (SELECT 1 FROM operations
                WHERE account_id = new.account_id AND sequence = new.sequence + 1) BEGIN
            SELECT RAISE(ABORT, 'account_balances: the balance is that of the last operation');
        END"""  # noqa: S608  (own names)


SQLITE = {
    "operations_no_update": refuse("operations_no_update", "UPDATE", "operations", "operations is append-only"),
    "operations_no_delete": refuse("operations_no_delete", "DELETE", "operations", "operations is append-only"),
    "payments_no_delete": refuse("payments_no_delete", "DELETE", "payments", "payments is append-only"),
    "accounts_identity": refuse(
        "accounts_identity", "UPDATE OF id, customer_id, code, currency", "accounts", "accounts keep their identity"
    ),
    # REPLACE deletes the row and puts another in its place before foreign keys are looked at.
    "accounts_in_use": """
        CREATE TRIGGER accounts_in_use BEFORE DELETE ON accounts
        WHEN old.code IS NOT NULL OR EXISTS (SELECT 1 FROM operations WHERE account_id = old.id)
            OR EXISTS (SELECT 1 FROM payments WHERE from_account_id = old.id OR to_account_id = old.id) BEGIN
            SELECT RAISE(ABORT, 'accounts: an account that is in use stays');
        END""",
    "operations_chain": """
        CREATE TRIGGER operations_chain BEFORE INSERT ON operations BEGIN
            SELECT CASE
                WHEN NOT EXISTS (SELECT 1 FROM payments WHERE id = new.payment_id
                    AND (status = 'HELD' OR (status = 'INITIATED' AND held_amount IS NULL)))
                    THEN RAISE(ABORT, 'operations: the payment takes no more operations')
                WHEN NOT EXISTS (SELECT 1 FROM accounts WHERE id = new.account_id AND status = 'open'
                    AND (customer_id IS NULL) = (new.sequence IS NULL))
                    THEN CASE
                        WHEN EXISTS (SELECT 1 FROM accounts WHERE id = new.account_id
                            AND (customer_id IS NULL) <> (new.sequence IS NULL) AND status = 'open')
                            THEN RAISE(ABORT, 'operations: a chain belongs to a customer''s account')
                        WHEN NOT EXISTS (SELECT 1 FROM accounts JOIN payments ON from_account_id = accounts.id
                            WHERE accounts.id = new.account_id AND payments.id = new.payment_id
                            AND payments.status = 'HELD' AND accounts.status = 'frozen')
                            THEN RAISE(ABORT, 'operations: the account takes no operations') END
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
    "payments_begin": """
        CREATE TRIGGER payments_begin BEFORE INSERT ON payments WHEN new.status <> 'INITIATED' BEGIN
            SELECT RAISE(ABORT, 'payments: a payment begins as INITIATED');
        END""",
    "payments_path": f"""
        CREATE TRIGGER payments_path BEFORE UPDATE ON payments BEGIN
            SELECT CASE
                WHEN {changes(*_FIXED)} OR {_ASTRAY}
                        OR (old.status NOT IN ('INITIATED', 'HELD') AND ({changes(*_FINAL)}))
                        OR (({changes(*_PRICED)}) AND NOT {_CAPTURED})
                        OR new.reversed_amount < old.reversed_amount
                        OR (new.reversed_amount > old.reversed_amount AND old.status <> 'COMPLETED')
                    THEN RAISE(ABORT, 'payments: what was asked for, and what is final, does not change')
                WHEN new.status IN ('FAILED', 'HELD', 'VOIDED', 'EXPIRED')
                        AND EXISTS (SELECT 1 FROM operations WHERE payment_id = new.id)
                    THEN RAISE(ABORT, 'payments: only a completed payment has operations')
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
    "account_balances_begin": _sqlite_balance("account_balances_begin", "INSERT"),
    "account_balances_follow": _sqlite_balance("account_balances_follow", "UPDATE"),
    **hold_rules.SQLITE,
}


POSTGRESQL = {
    "operations_append_only": """
        CREATE TRIGGER operations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operations
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    "payments_append_only": """
        CREATE TRIGGER payments_append_only BEFORE DELETE OR TRUNCATE ON payments
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    "refuse_identity": """
        CREATE FUNCTION refuse_identity() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% keep their identity', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$""",
    "accounts_identity": """
        CREATE TRIGGER accounts_identity BEFORE UPDATE OF id, customer_id, code, currency ON accounts
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_identity()""",
    # Its payments hold a customer's account by foreign keys; a technical one may have operations alone.
    "accounts_stay": """
        CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts FOR EACH ROW WHEN (old.code IS NOT NULL)
        EXECUTE FUNCTION refuse_change()""",
    "check_operations": function(
        "check_operations",
        """
            SELECT found.fault INTO fault FROM (
                SELECT CASE
                    WHEN (payments.status = 'HELD' OR (payments.status = 'INITIATED' AND payments.held_amount IS NULL))
                            IS NOT TRUE OR count(*) OVER (PARTITION BY written.payment_id)
                            <> (SELECT count(*) FROM operations WHERE payment_id = written.payment_id)
                        THEN 'operations: the payment takes no more operations'
                    WHEN accounts.status IS DISTINCT FROM 'open' AND (accounts.status = 'frozen'
                            AND payments.status = 'HELD' AND payments.from_account_id = written.account_id) IS NOT TRUE
                        THEN 'operations: the account takes no operations'
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
                    SELECT status, held_amount, from_account_id FROM payments WHERE id = written.payment_id LIMIT 1
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
    "operations_chain": after("operations_chain", "INSERT", "operations", "check_operations", "NEW TABLE AS written"),
    "check_new_payments": function(
        "check_new_payments",
        """
            SELECT 'payments: a payment begins as INITIATED' INTO fault FROM written
            WHERE status <> 'INITIATED' LIMIT 1;""",
    ),
    "payments_begin": after("payments_begin", "INSERT", "payments", "check_new_payments", "NEW TABLE AS written"),
    "refuse_payment": """
        CREATE FUNCTION refuse_payment() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'payments: what was asked for, and what is final, does not change'
            USING ERRCODE = 'restrict_violation';
        END $$""",
    # The condition is looked at without calling anything.
    "payments_fixed": f"""
        CREATE TRIGGER payments_fixed BEFORE UPDATE ON payments FOR EACH ROW
        WHEN ({distinct(*_FIXED)} OR {_ASTRAY}
            OR (old.status NOT IN ('INITIATED', 'HELD') AND {distinct(*_FINAL)})
            OR ({distinct(*_PRICED)} AND NOT {_CAPTURED})
            OR new.reversed_amount < old.reversed_amount
            OR (new.reversed_amount > old.reversed_amount AND old.status <> 'COMPLETED'))
        EXECUTE FUNCTION refuse_payment()""",
    "check_payments": function(
        "check_payments",
        """
            SELECT CASE WHEN written.status IN ('FAILED', 'HELD', 'VOIDED', 'EXPIRED')
                    THEN 'payments: only a completed payment has operations'
                WHEN any_operation.id IS NULL THEN 'payments: a completed payment has operations'
                ELSE 'payments: a reversal is counted on its original' END INTO fault FROM written
            LEFT JOIN LATERAL (
                SELECT id FROM operations WHERE payment_id = written.id LIMIT 1
            ) AS any_operation ON true
            LEFT JOIN LATERAL (
                SELECT reversed_amount FROM payments WHERE id = written.reversal_of_id LIMIT 1
            ) AS original ON written.kind = 'reversal'
            WHERE (written.status = 'COMPLETED' AND any_operation.id IS NULL)
                OR (written.status IN ('FAILED', 'HELD', 'VOIDED', 'EXPIRED') AND any_operation.id IS NOT NULL)
                OR (written.status = 'COMPLETED' AND written.kind = 'reversal' AND original.reversed_amount
                    IS DISTINCT FROM (SELECT sum(amount) FROM payments
                        WHERE reversal_of_id = written.reversal_of_id AND status = 'COMPLETED'))
            LIMIT 1;""",
    ),
    "payments_path": after("payments_path", "UPDATE", "payments", "check_payments", "NEW TABLE AS written"),
    "check_balances": function(
        "check_balances",
        """
            SELECT 'account_balances: the balance is that of the last operation' INTO fault FROM written
            LEFT JOIN LATERAL (
                SELECT balance_after FROM operations
                WHERE account_id = written.account_id AND sequence = written.sequence LIMIT 1
            ) AS last ON true
            LEFT JOIN LATERAL (
                SELECT id FROM operations
                WHERE account_id = written.account_id AND sequence = written.sequence + 1 LIMIT 1
            ) AS later ON true
            WHERE coalesce(last.balance_after, CASE written.sequence WHEN 0 THEN 0 END) IS DISTINCT FROM written.balance
                OR later.id IS NOT NULL
            LIMIT 1;""",
    ),
    "account_balances_begin": after(
        "account_balances_begin", "INSERT", "account_balances", "check_balances", "NEW TABLE AS written"
    ),
    "account_balances_follow": after(
        "account_balances_follow", "UPDATE", "account_balances", "check_balances", "NEW TABLE AS written"
    ),
    **hold_rules.POSTGRESQL,
}
NAMES = tuple(dict.fromkeys((*POSTGRESQL, *SQLITE)))  # functions stand before what calls them


def of(dialect: str, before: str | None = None) -> dict[str, str]:
    """Name → statement for the engine (`sqlite` or `postgresql`), in the order they are made; as they were `before` a
    revision, or as they are.
    """
    rules: dict[str, str | None] = {**(SQLITE if dialect == "sqlite" else POSTGRESQL)}
    for revision, formerly in former_rules.CHANGES:
        if before and before <= revision:
            rules |= {name: statement for name, statement in formerly[dialect].items() if name in rules}
    return {name: statement for name, statement in rules.items() if statement} | chain_rules.of(dialect)


_FIRST = of("postgresql", "0005").keys() & POSTGRESQL
FUNCTIONS = tuple(name for name in POSTGRESQL if name in _FIRST and "CREATE FUNCTION" in POSTGRESQL[name])  # of 0004
