"""Laws that the database itself keeps of holds: what is held, of which payment, and how that ends."""

import pytest

from crm.db import atomic
from crm.services import accounts
from tests import money
from tests.ledger.scene import (
    ONLY_POSTGRESQL,
    ONLY_SQLITE,
    TEST,
    Scene,
    balance,
    ended,
    operations,
    payment,
)
from tests.money import SERVICE

pytestmark = pytest.mark.usefixtures("sound_ledger")

FIXED, SUM = "does not change", "what is held is the sum of the holds"
BEGINS, ENDS, LEFT = "a hold is what its payment says", "a hold ends with its payment", "is held no more"
NO_OPERATIONS = "only a completed payment has operations|takes no more operations|is that of the last operation"
STILL, HOLD = "what is held does not change", "ck_payments_hold"
ASKED = {"kind": "'spend'", "from_account_id": ":anna", "to_account_id": ":sales", "held_amount": "100"}
ASKED |= {"hold_expires_at": ":later"}
CAPTURED = operations("held", ("anna", "transfer", -200, 800, 4), ("sales", "transfer", 200, None, None))
FREED = "DELETE FROM holds WHERE payment_id = :held"
DOWN = "UPDATE account_balances SET balance = 800, sequence = 4, held = held - 300, last_at = :later"
DOWN += " WHERE account_id = :anna"


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """With `held`, 300 of Anna's 1000; `asked`, a hold of 200 of hers that waits; `gone`, one that was let go."""
    with atomic():
        anna = scene.names["anna"]
        scene.names["held"] = SERVICE.spend(anna, 300, hold=True).payment_id
        gone = SERVICE.spend(anna, 50, hold=True).payment_id
        draft = money.draft(anna, scene.names["sales"], 200, kind="spend", hold_expires_at=money.EARLY)
        money.wait([draft])
        scene.names |= {"asked": draft.id, "gone": gone, "early": money.bulk.stamp(money.EARLY)}
    scene.run(ended("gone", "VOIDED"))
    return scene


def changed(name: str, change: str) -> str:
    return f"UPDATE payments SET {change} WHERE id = :{name}"


def holding(name: str) -> str:
    return changed(name, "status = 'HELD', held_at = :later")


def held(name: str = "anna") -> str:
    return f"UPDATE account_balances SET held = held + 100 WHERE account_id = :{name}"


def hold(payment: str = "asked", account: str = "anna", amount: int = 200, at: str = "early") -> str:
    columns = "payment_id, account_id, amount, expires_at"
    return f"INSERT INTO holds ({columns}) VALUES (:{payment}, :{account}, {amount}, :{at})"


def test_an_honest_hold_is_held_and_captured_in_part(scene):
    scene.run(payment(**ASKED), holding("new"), ended("new", "EXPIRED"))
    price = "status = 'COMPLETED', completed_at = :later, amount = 200"
    scene.run(CAPTURED, FREED, DOWN, changed("held", price))
    assert money.rows("holds") == []


def test_what_becomes_held_or_is_let_go_takes_its_row_and_its_sum_along(scene):
    scene.run(holding("asked"))
    assert sorted(row[2] for row in money.rows("holds")) == [200, 300]
    scene.run(changed("asked", "status = 'VOIDED', completed_at = :later"))
    assert [row[2] for row in money.rows("holds")] == [300]


@pytest.mark.parametrize(
    ("because", "values"),
    [
        (HOLD, {"hold_expires_at": "NULL"}),
        (HOLD, {"held_amount": "NULL"}),
        (HOLD, {"held_amount": "99"}),
        (HOLD, {"held_amount": "101"}),
        (HOLD, {"held_at": ":later"}),
        (HOLD, {"kind": "'deposit'", "from_account_id": ":cash", "to_account_id": ":anna"}),
        (HOLD, {"held_amount": "NULL", "hold_expires_at": "NULL", "held_at": ":later"}),
        ("begins as INITIATED", {"status": "'HELD'", "held_at": ":later"}),
    ],
)
def test_a_hold_begins_as_the_rules_want_it(scene, because, values):
    scene.refuses(because, payment(**ASKED | values))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("held", "status = 'INITIATED', held_at = NULL"),
        ("held", "status = 'FAILED', failure_code = 'x', completed_at = :later, held_at = NULL"),
        ("held", "held_at = :later"),
        ("held", "amount = 200"),
        ("held", "amount = 200, status = 'VOIDED', completed_at = :later"),
        ("held", "held_amount = 200, amount = 200"),
        ("held", "held_amount = NULL, hold_expires_at = NULL, held_at = NULL, status = 'INITIATED'"),
        ("held", "hold_expires_at = :earlier"),
        ("asked", "status = 'COMPLETED', completed_at = :later, held_at = :later"),
        ("asked", "status = 'VOIDED', completed_at = :later, held_at = :later"),
        ("waiting", "status = 'HELD', held_at = :later"),
        ("waiting", "status = 'EXPIRED', completed_at = :later, held_at = :later"),
        ("done", "status = 'HELD', completed_at = NULL"),
        ("done", "held_amount = 400, hold_expires_at = :later, held_at = :later"),
        ("gone", "status = 'HELD', completed_at = NULL"),
        ("gone", "status = 'EXPIRED'"),
        ("gone", "amount = 1"),
    ],
)
def test_a_hold_goes_no_other_way(scene, name, change):
    scene.refuses(FIXED, changed(name, change))


@pytest.mark.parametrize("price", ["amount = 301", "commission = 1", "amount = 200, kind = 'transfer'"])
def test_a_capture_changes_the_price_downwards_and_nothing_else(scene, price):
    last = changed("held", f"status = 'COMPLETED', completed_at = :later, {price}")
    scene.refuses(FIXED, CAPTURED, FREED, DOWN, last)


def test_what_was_captured_stays_as_it_is(scene):
    scene.run(CAPTURED, FREED, DOWN, changed("held", "status = 'COMPLETED', completed_at = :later, amount = 200"))
    for change in ("amount = 100", "amount = 300", "held_amount = 200", "held_at = :earlier", "status = 'HELD'"):
        scene.refuses(FIXED, changed("held", change))


def test_a_capture_has_operations_and_is_held_no_more(scene):
    done = changed("held", "status = 'COMPLETED', completed_at = :later, amount = 200")
    scene.refuses(f"a completed payment has operations|{LEFT}", done)
    scene.refuses(LEFT, CAPTURED, done)


def test_nothing_moves_by_a_hold_that_is_not_captured(scene):
    scene.refuses(NO_OPERATIONS, CAPTURED, ended("held", "VOIDED"))
    lines = ("anna", "transfer", -200, 800, 4), ("sales", "transfer", 200, None, None)
    for name in ("asked", "gone"):
        scene.refuses(NO_OPERATIONS, operations(name, *lines))


def test_only_an_open_wallet_with_enough_in_it_can_be_held_from(scene):
    floor = "ck_account_balances_floor"
    scene.refuses(floor, payment(**ASKED | {"amount": "701", "held_amount": "701"}), holding("new"))
    scene.refuses("only an open wallet", payment(**ASKED | {"from_account_id": ":frozen"}), holding("new"))
    scene.refuses("only an open wallet", payment(**ASKED | {"from_account_id": ":cash"}), holding("new"))


@pytest.mark.parametrize(
    "statement",
    [
        held(),
        held("boris"),
        "UPDATE account_balances SET held = 0",
        held().replace("100", "(-1)"),
    ],
)
def test_what_is_held_is_the_sum_of_the_holds(scene, statement):
    scene.refuses(SUM, statement)


def test_a_balance_row_made_anew_says_what_is_held(scene):
    row = "account_balances (account_id, customer_id, currency, status, overdraft_limit, balance, sequence, held)"
    anew = f"INSERT INTO {row} SELECT id, customer_id, currency, status, overdraft_limit, 1000, 3"
    gone = "DELETE FROM account_balances WHERE account_id = :anna"
    scene.refuses(SUM, gone, f"{anew}, 0 FROM accounts WHERE id = :anna")


@pytest.mark.parametrize(
    ("because", "statement"),
    [
        (BEGINS, hold()),
        (BEGINS, hold("waiting", amount=100)),
        (BEGINS, hold("gone", amount=50)),
        (f"unique|{BEGINS}", hold("held", amount=300)),
        (STILL, "UPDATE holds SET amount = 1"),
        (STILL, "UPDATE holds SET expires_at = :later"),
        (STILL, "UPDATE holds SET account_id = :boris"),
        (ENDS, FREED),
        (ENDS, "DELETE FROM holds"),
    ],
)
def test_a_hold_is_there_as_long_as_its_payment_is_held(scene, because, statement):
    scene.refuses(because, statement)


@ONLY_SQLITE
def test_a_hold_is_not_replaced(scene):
    scene.refuses(f"{ENDS}|{BEGINS}", "REPLACE INTO holds SELECT payment_id, account_id, 1, expires_at FROM holds")


@ONLY_POSTGRESQL
@pytest.mark.parametrize("statement", ["TRUNCATE holds", "TRUNCATE accounts CASCADE"])
def test_holds_are_not_emptied(scene, statement):
    scene.refuses(f"{STILL}|append-only", statement)


def test_a_frozen_wallet_pays_what_was_held_and_nothing_else(scene):
    accounts.set_status(TEST, scene.names["anna"], "frozen")
    taken = operations("leaving", ("anna", "transfer", -1, 999, 4), ("cash", "transfer", 1, None, None))
    scene.refuses("takes no operations", taken)
    given = operations("held", ("anna", "transfer", -200, 800, 4), ("frozen", "transfer", 200, 250, 2))
    scene.refuses("takes no operations", given)
    scene.run(CAPTURED, FREED, DOWN, changed("held", "status = 'COMPLETED', completed_at = :later, amount = 200"))


def test_a_capture_in_one_statement_keeps_the_balance_above_its_floor(scene):
    low = balance("anna", 800, 4)
    all_of_it = "UPDATE account_balances SET overdraft_limit = 0 WHERE account_id = :anna"
    scene.run(all_of_it)
    scene.refuses(SUM, CAPTURED, FREED, low.replace("SET ", "SET held = held - 299, "))
