"""Laws that the database itself keeps of new operations: they sum to zero, once for a payment, as a chain."""

import pytest

from crm.db import is_postgresql
from tests.ledger.scene import balance, ended, operations

pytestmark = pytest.mark.usefixtures("sound_ledger")

CASH = ("cash", "transfer", -100, None, None)
ANNA = ("anna", "transfer", 100, 1100, 4)
CHAIN, OWNER, TAKEN = "the chain is broken", "a chain belongs to a customer's account", "takes no more operations"


def test_an_honest_writer_is_let_through(scene):
    scene.run(operations("waiting", CASH, ANNA), balance("anna", 1100, 4), ended("waiting"))


def test_commission_and_transfer_may_be_written_in_any_order(scene):
    lines = [
        ("cash", "commission", -10, None, None),
        ("anna", "commission", 10, 1010, 4),
        ("anna", "transfer", 90, 1100, 5),
        ("cash", "transfer", -90, None, None),
    ]
    scene.run(operations("waiting", *lines), balance("anna", 1100, 5), ended("waiting"))


@pytest.mark.parametrize(
    "lines",
    [
        [ANNA],
        [CASH],
        [("cash", "transfer", -99, None, None), ANNA],
        [("cash", "transfer", 100, None, None), ANNA],
        [CASH, ("anna", "transfer", 90, 1090, 4), ("anna", "commission", 10, 1100, 5)],
        [("euro_cash", "transfer", -100, None, None), ANNA],
        [CASH, ("edda", "transfer", 100, 100, 1)],
    ],
    ids=["no payer", "no payee", "unequal", "both get", "kinds mixed", "euros pay roubles", "roubles pay euros"],
)
def test_a_payment_that_does_not_sum_to_zero_is_refused(scene, lines):
    written = operations("waiting", *lines)
    # SQLite looks at a payment as a whole when it is completed.
    scene.refuses("must sum to zero", *([written] if is_postgresql() else [written, ended("waiting")]))


@pytest.mark.parametrize(
    ("because", "line"),
    [
        (CHAIN, ("anna", "transfer", 100, 1101, 4)),
        (CHAIN, ("anna", "transfer", 100, 1099, 4)),
        (CHAIN, ("anna", "transfer", 100, 100, 4)),
        (CHAIN, ("anna", "transfer", 100, 1100, 5)),
        (CHAIN, ("edda", "transfer", 100, 200, 1)),
        (f"{CHAIN}|unique", ("anna", "transfer", 100, 1100, 3)),
        (f"{CHAIN}|unique", ("anna", "transfer", 100, 800, 2)),
        ("unique", ("anna", "transfer", 100, 100, 1)),
        ("ck_operations_sequence", ("anna", "transfer", 100, 1100, 0)),
        ("ck_operations_sequence", ("anna", "transfer", 100, 1100, -1)),
        (OWNER, ("anna", "transfer", 100, None, None)),
        (OWNER, ("sales", "transfer", 100, 100, 1)),
        ("ck_operations_chain|chain", ("anna", "transfer", 100, None, 4)),
        (f"ck_operations_chain|{OWNER}", ("anna", "transfer", 100, 1100, None)),
        ("ck_operations_kind", ("anna", "gift", 100, 1100, 4)),
        ("ck_operations_signed_amount", ("anna", "transfer", 0, 1000, 4)),
        ("takes no operations", ("frozen", "transfer", 100, 150, 2)),
    ],
)
def test_an_operation_that_does_not_continue_its_wallet_is_refused(scene, because, line):
    # What pays for it is no part of the question, and is right.
    scene.refuses(because, operations("waiting", ("cash", "transfer", -line[2] or 1, None, None), line))


def test_an_operation_before_the_last_one_in_time_is_refused(scene):
    scene.refuses(CHAIN, operations("waiting", CASH, ANNA, at="earlier"))


def test_a_chain_is_looked_at_within_a_statement_too(scene):
    lines = [CASH, ("anna", "transfer", 100, 1100, 4), ("anna", "commission", 5, 1100, 5)]
    scene.refuses(CHAIN, operations("waiting", *lines, ("cash", "commission", -5, None, None)))


@pytest.mark.parametrize("done", ["done", "failed"])
def test_a_payment_that_is_final_takes_no_operations(scene, done):
    scene.refuses(TAKEN, operations(done, ("sales", "transfer", -100, None, None), ("boris", "transfer", 100, 200, 2)))


def test_a_payment_gets_its_operations_once(scene):
    first = operations("waiting", CASH, ANNA)
    again = operations("waiting", CASH, ("anna", "transfer", 100, 1200, 5))
    scene.refuses(f"{TAKEN}|unique", first, again)
    others = operations("waiting", ("sales", "transfer", -100, None, None), ("boris", "transfer", 100, 200, 2))
    if is_postgresql():
        scene.refuses(TAKEN, first, others)
    else:  # there, what is final takes no more
        scene.refuses(TAKEN, first, ended("waiting"), others)


def test_operations_belong_to_a_payment_and_an_account(scene):
    scene.names |= {"nobody": 10**9, "nowhere": 10**9 + 1}
    scene.refuses("foreign key|takes no", operations("new", CASH, ANNA))
    lines = ("nobody", "transfer", -100, -100, 1), ("nowhere", "transfer", 100, 100, 1)
    scene.refuses("foreign key|takes no", operations("waiting", *lines))
    lines = ("nobody", "transfer", -100, None, None), ("nowhere", "transfer", 100, None, None)
    scene.refuses("foreign key|takes no", operations("waiting", *lines))


def test_two_writers_that_go_on_from_the_same_operation_collide(scene):
    scene.run(operations("waiting", CASH, ANNA), balance("anna", 1100, 4), ended("waiting"))
    stale = [("cash", "transfer", 1001, None, None), ("anna", "transfer", -1001, -1, 4)]
    scene.refuses(f"{CHAIN}|unique", operations("leaving", *stale))
