"""The rules of what is held, as triggers for both engines; `models/ledger_rules` has them among its own.

A payment that becomes HELD gets its row in `holds`, and its amount is counted in its payer's `held`; one that is
VOIDED or EXPIRED loses both: the database does that itself, so that none of the three can be changed without the
others. A capture takes the row away where it writes the operations, since the balance would be below its floor between.
"""

from crm.models.rule_sql import after, function, refuse

_HELD = "account_balances: what is held is the sum of the holds"
_NO_CHANGE = "holds: what is held does not change"
_BEGINS = "holds: a hold is what its payment says, while that is HELD"
_ENDS = "holds: a hold ends with its payment"
_LEFT = "payments: what is captured is held no more"
_TAKES_NONE = "holds: only an open wallet can be held from"


def _sqlite_sum(name: str, event: str, changed: str = "") -> str:
    return f"""
        CREATE TRIGGER {name} BEFORE {event} ON account_balances
        WHEN {changed}new.held <> coalesce((SELECT sum(amount) FROM holds WHERE account_id = new.account_id), 0) BEGIN
            SELECT RAISE(ABORT, '{_HELD}');
        END"""


SQLITE = {
    "payments_hold": f"""
        CREATE TRIGGER payments_hold AFTER UPDATE ON payments WHEN new.status = 'HELD' AND old.status <> 'HELD' BEGIN
            SELECT RAISE(ABORT, '{_TAKES_NONE}') WHERE NOT EXISTS (
                SELECT 1 FROM account_balances WHERE account_id = new.from_account_id AND status = 'open');
            INSERT INTO holds (payment_id, account_id, amount, expires_at)
            VALUES (new.id, new.from_account_id, new.held_amount, new.hold_expires_at);
            UPDATE account_balances SET held = held + new.held_amount WHERE account_id = new.from_account_id;
        END""",
    "payments_release": """
        CREATE TRIGGER payments_release AFTER UPDATE ON payments
        WHEN new.status IN ('VOIDED', 'EXPIRED') AND old.status = 'HELD' BEGIN
            DELETE FROM holds WHERE payment_id = new.id;
            UPDATE account_balances SET held = held - new.held_amount WHERE account_id = new.from_account_id;
        END""",
    "payments_capture": f"""
        CREATE TRIGGER payments_capture BEFORE UPDATE ON payments
        WHEN new.status = 'COMPLETED' AND new.held_amount IS NOT NULL
            AND EXISTS (SELECT 1 FROM holds WHERE payment_id = new.id) BEGIN
            SELECT RAISE(ABORT, '{_LEFT}');
        END""",
    "holds_begin": f"""
        CREATE TRIGGER holds_begin BEFORE INSERT ON holds
        WHEN NOT EXISTS (SELECT 1 FROM payments WHERE id = new.payment_id AND status = 'HELD'
            AND from_account_id = new.account_id AND held_amount = new.amount
            AND hold_expires_at = new.expires_at) BEGIN
            SELECT RAISE(ABORT, '{_BEGINS}');
        END""",
    "holds_stay": refuse("holds_stay", "UPDATE", "holds", _NO_CHANGE),
    "holds_end": f"""
        CREATE TRIGGER holds_end BEFORE DELETE ON holds
        WHEN (SELECT status FROM payments WHERE id = old.payment_id) IN ('INITIATED', 'HELD')
            AND NOT EXISTS (SELECT 1 FROM operations WHERE payment_id = old.payment_id) BEGIN
            SELECT RAISE(ABORT, '{_ENDS}');
        END""",
    "account_balances_held": _sqlite_sum("account_balances_held", "UPDATE", "new.held IS NOT old.held AND "),
    "account_balances_held_first": _sqlite_sum("account_balances_held_first", "INSERT"),
}
_SUMMED = "SELECT coalesce(sum(amount), 0) FROM holds WHERE holds.account_id"
POSTGRESQL = {
    "follow_hold": function(
        "follow_hold",
        f"""
            IF new.status = 'HELD' THEN
                SELECT '{_TAKES_NONE}' INTO fault WHERE NOT EXISTS (
                    SELECT 1 FROM account_balances WHERE account_id = new.from_account_id AND status = 'open');
                IF fault IS NULL THEN
                    INSERT INTO holds (payment_id, account_id, amount, expires_at)
                    VALUES (new.id, new.from_account_id, new.held_amount, new.hold_expires_at);
                    UPDATE account_balances SET held = held + new.held_amount WHERE account_id = new.from_account_id;
                END IF;
            ELSIF new.status IN ('VOIDED', 'EXPIRED') THEN
                DELETE FROM holds WHERE payment_id = new.id;
                UPDATE account_balances SET held = held - new.held_amount WHERE account_id = new.from_account_id;
            ELSE
                SELECT '{_LEFT}' INTO fault FROM holds WHERE payment_id = new.id;
            END IF;""",
    ),
    # Payments that are no holds are told apart without calling anything.
    "payments_hold": """
        CREATE TRIGGER payments_hold AFTER UPDATE ON payments FOR EACH ROW
        WHEN (new.held_amount IS NOT NULL AND old.status <> new.status) EXECUTE FUNCTION follow_hold()""",
    "refuse_hold": f"""
        CREATE FUNCTION refuse_hold() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{_NO_CHANGE}' USING ERRCODE = 'restrict_violation';
        END $$""",
    "holds_stay": """
        CREATE TRIGGER holds_stay BEFORE UPDATE OR TRUNCATE ON holds
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_hold()""",
    "check_new_holds": function(
        "check_new_holds",
        f"""
            SELECT '{_BEGINS}' INTO fault FROM written
            LEFT JOIN LATERAL (
                SELECT * FROM payments WHERE id = written.payment_id LIMIT 1
            ) AS payment ON true
            WHERE (payment.status = 'HELD' AND payment.from_account_id = written.account_id
                AND payment.held_amount = written.amount AND payment.hold_expires_at = written.expires_at) IS NOT TRUE
            LIMIT 1;""",
    ),
    "holds_begin": after("holds_begin", "INSERT", "holds", "check_new_holds", "NEW TABLE AS written"),
    "check_ended_holds": function(
        "check_ended_holds",
        f"""
            SELECT '{_ENDS}' INTO fault FROM ended
            LEFT JOIN LATERAL (
                SELECT status FROM payments WHERE id = ended.payment_id LIMIT 1
            ) AS payment ON true
            LEFT JOIN LATERAL (
                SELECT id FROM operations WHERE payment_id = ended.payment_id LIMIT 1
            ) AS any_operation ON true
            WHERE payment.status IN ('INITIATED', 'HELD') AND any_operation.id IS NULL
            LIMIT 1;""",
    ),
    "holds_end": after("holds_end", "DELETE", "holds", "check_ended_holds", "OLD TABLE AS ended"),
    "check_held": function(
        "check_held",
        f"""
            SELECT '{_HELD}' INTO fault WHERE new.held <> ({_SUMMED} = new.account_id);""",
    ),
    "account_balances_held": """
        CREATE TRIGGER account_balances_held AFTER UPDATE ON account_balances FOR EACH ROW
        WHEN (new.held <> old.held) EXECUTE FUNCTION check_held()""",
    "check_first_held": function(
        "check_first_held",
        f"""
            SELECT '{_HELD}' INTO fault FROM written
            WHERE held <> ({_SUMMED} = written.account_id) LIMIT 1;""",
    ),
    "account_balances_held_first": after(
        "account_balances_held_first", "INSERT", "account_balances", "check_first_held", "NEW TABLE AS written"
    ),
}
