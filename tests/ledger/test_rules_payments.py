"""Laws that the database itself keeps of payments: how they begin, how they end, and that they stay what they were."""

import pytest

from tests.ledger.scene import ended, operations, payment

pytestmark = pytest.mark.usefixtures("sound_ledger")

FIXED = "does not change"
WRITTEN = operations("waiting", ("cash", "transfer", -100, None, None), ("anna", "transfer", 100, 1100, 4))


def test_an_honest_payment_is_stored_and_may_fail(scene):
    scene.run(payment(), ended("new", "FAILED", "'insufficient_funds'"))


def test_an_adjustment_with_a_reason_and_a_first_opening_are_stored(scene):
    scene.run(payment(kind="'adjustment'", description="'Мой'"))
    scene.run(payment(kind="'opening'", id="'00000000000000000000000000000002'", idempotency_key="'other'"))


@pytest.mark.parametrize(
    ("because", "values"),
    [
        ("begins as INITIATED|ck_payments_status", {"status": "'COMPLETED'"}),
        ("begins as INITIATED", {"status": "'COMPLETED'", "completed_at": ":later"}),
        ("begins as INITIATED", {"status": "'FAILED'", "completed_at": ":later", "failure_code": "'x'"}),
        ("ck_payments_status|begins as INITIATED", {"status": "'PENDING'"}),
        ("ck_payments_status", {"completed_at": ":later"}),
        ("ck_payments_status", {"failure_code": "'x'"}),
        ("ck_payments_amount", {"amount": "0"}),
        ("ck_payments_amount|ck_payments_commission", {"amount": "-1"}),
        ("ck_payments_amount", {"amount": "1000000000000001"}),
        ("ck_payments_commission", {"commission": "-1"}),
        ("ck_payments_commission", {"commission": "100"}),
        ("ck_payments_sides", {"from_account_id": ":anna"}),
        ("ck_payments_kind", {"kind": "'gift'"}),
        ("ck_payments_caller", {"caller": "7"}),
        ("ck_payments_adjustment_described", {"kind": "'adjustment'"}),
        ("ck_payments_adjustment_described", {"kind": "'adjustment'", "description": "'ab'"}),
        ("ck_payments_adjustment_described", {"kind": "'adjustment'", "description": "'      a b      '"}),
        ("unique", {"idempotency_key": "'done'"}),
        ("foreign key", {"to_account_id": "1000000"}),
        ("foreign key", {"created_by_id": "1000000", "caller": "1000000"}),
        ("not.null", {"fingerprint": "NULL"}),
        ("not.null", {"idempotency_key": "NULL"}),
        ("not.null|ck_payments_caller", {"caller": "NULL"}),
    ],
)
def test_a_payment_begins_as_the_rules_want_it(scene, because, values):
    scene.refuses(because, payment(**values))


def test_the_largest_amount_is_still_a_payment(scene):
    scene.run(payment(amount="1000000000000000", commission="999999999999999"))


def test_a_wallet_is_opened_with_a_balance_only_once(scene):
    again = payment(kind="'opening'", id="'00000000000000000000000000000002'", idempotency_key="'other'")
    scene.refuses("unique", payment(kind="'opening'"), again)


CHANGES = [
    "kind = 'spend'",
    "from_account_id = :sales",
    "to_account_id = :boris",
    "source = 'card'",
    "amount = 5",
    "currency = 'EUR'",
    "commission = 1",
    "description = 'Changed'",
    "origin = 'elsewhere'",
    "idempotency_key = 'another'",
    "fingerprint = :print",
    "created_at = :later",
    "id = :new",
]


@pytest.mark.parametrize("name", ["waiting", "done", "failed"])
def test_what_was_asked_for_never_changes(scene, name):
    for change in CHANGES:
        scene.refuses(FIXED, f"UPDATE payments SET {change} WHERE id = :{name}")


def test_who_asked_never_changes(scene, alice):
    scene.names["alice"] = alice.id
    scene.refuses(FIXED, "UPDATE payments SET created_by_id = :alice, caller = :alice WHERE id = :waiting")


def test_writing_a_payment_anew_over_the_old_one_is_refused(scene):
    upsert = "ON CONFLICT (id) DO UPDATE SET amount = 5"
    scene.refuses(FIXED, f"{payment(id=':waiting')} {upsert}")
    scene.names["key"] = "waiting"
    upsert = "ON CONFLICT (caller, idempotency_key) DO UPDATE SET amount = 5"
    scene.refuses(FIXED, f"{payment(idempotency_key=':key')} {upsert}")


BACK = "status = 'INITIATED', completed_at = NULL, failure_code = NULL"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("done", BACK),
        ("done", "status = 'FAILED', failure_code = 'x'"),
        ("done", "completed_at = :later"),
        ("failed", BACK),
        ("failed", "status = 'COMPLETED', failure_code = NULL"),
        ("failed", "failure_code = 'account_frozen'"),
    ],
)
def test_what_is_final_stays_final(scene, name, change):
    scene.refuses(FIXED, f"UPDATE payments SET {change} WHERE id = :{name}")


def test_a_completed_payment_has_operations(scene):
    scene.refuses("a completed payment has operations", ended("waiting"))


def test_a_failed_payment_has_no_operations(scene):
    scene.refuses("only a completed payment has operations", WRITTEN, ended("waiting", "FAILED", "'x'"))


@pytest.mark.parametrize(("status", "code"), [("COMPLETED", "'x'"), ("FAILED", "NULL"), ("DONE", "NULL")])
def test_a_payment_ends_with_a_reason_only_where_it_fails(scene, status, code):
    written = [WRITTEN] if status == "COMPLETED" else []
    scene.refuses("ck_payments_status", *written, ended("waiting", status, code))
