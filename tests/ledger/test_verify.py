"""`ledger verify` names whatever is wrong, however it came about; `ledger rebuild` mends what can be made anew."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from crm.db import atomic, db, is_postgresql, utcnow
from crm.ledger import days
from crm.ledger.laws import LAWS
from crm.ledger.rebuild import rebuild
from crm.ledger.verify import verify
from crm.models import ledger_rules
from tests import money
from tests.ledger.tampering import tamper

SUM = "The balance of an account is the sum of its operations"
ZERO = "Each kind of operation of a payment sums to zero in every currency"
CHAIN = "The operations of an account are a chain without gaps, in the order of time"
OWNERS = "Only customers' accounts have a chain"
FAST = "What is read fast says the same of an account as the account itself"
FINAL = "A payment has operations when it is completed, and only then"
WAITS = "A payment waits to be posted as long as it is not final"
MOVED = "The operations move what the payment says"
BACK = "What was given back of a payment is counted on it, and is no more than it moved"
GUARDED = "The triggers that refuse to change or remove what was written are in force"
BY_DAY = "The sums by day are those of the operations"


@pytest.fixture(autouse=True)
def sound_ledger() -> None:
    """Not here: what these tests do to the ledger is not mended."""


def broken() -> dict[str, int]:
    return {found.law: found.differences for found in verify() if found.differences}


@pytest.fixture
def wallet(app: Flask) -> int:
    """A wallet in which something has happened."""
    wallet, other = money.wallet(balance=1000), money.wallet(name="Борис")
    money.SERVICE.spend(wallet, 300)
    money.SERVICE.transfer(wallet, other, 200)
    money.SERVICE.adjust(wallet, -100, "counted again")
    return wallet


def test_a_right_ledger_is_called_right(wallet):
    found = list(verify())
    assert [one for one in found if one.differences] == [] and len(found) == len(LAWS)
    looked = {one.law: one.rows for one in found}
    assert (looked[SUM], looked[ZERO], looked[CHAIN], looked[OWNERS]) == (2, 4, 5, 8)


DRILL: list[tuple[str, set[str]]] = [
    ("UPDATE operations SET signed_amount = signed_amount + 1 WHERE sequence = 2", {SUM, ZERO, CHAIN, MOVED}),
    ("UPDATE operations SET balance_after = balance_after + 1 WHERE sequence = 2", {CHAIN}),
    ("UPDATE operations SET created_at = '2020-01-01 00:00:00.000000' WHERE sequence = 3", {CHAIN}),
    ("DELETE FROM operations WHERE sequence = 2", {SUM, ZERO, CHAIN, MOVED}),
    ("DELETE FROM operations WHERE sequence IS NULL", {ZERO, MOVED}),
    ("UPDATE account_balances SET balance = balance + 1", {SUM}),
    ("UPDATE account_balances SET sequence = sequence + 1", {SUM}),
    ("DELETE FROM account_balances", {SUM}),
    ("UPDATE account_balances SET overdraft_limit = 5", {FAST}),
    ("UPDATE account_balances SET currency = 'USD'", {FAST}),
    ("UPDATE accounts SET status = 'frozen' WHERE customer_id IS NOT NULL", {FAST}),
    ("UPDATE payments SET status = 'INITIATED', completed_at = NULL WHERE kind = 'spend'", {FINAL, WAITS}),
    ("UPDATE payments SET status = 'FAILED', failure_code = 'x' WHERE kind = 'spend'", {FINAL}),
    ("UPDATE payments SET amount = amount + 1 WHERE kind = 'spend'", {MOVED}),
    ("UPDATE payments SET fingerprint = fingerprint || fingerprint WHERE kind = 'spend'",
     {"A caller's key belongs to one payment"}),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "laws"), DRILL)
def test_whatever_was_done_behind_the_rules_is_found(wallet, statement, laws):
    tamper(statement)
    assert set(broken()) == laws


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments SET reversed_amount = 40 WHERE kind = 'transfer'",
        "UPDATE payments SET reversed_amount = 0 WHERE kind = 'spend'",
        "UPDATE payments SET reversed_amount = 1 WHERE kind = 'adjustment'",
        "UPDATE payments SET amount = 59 WHERE kind = 'reversal' AND amount = 60",
        "UPDATE operations SET signed_amount = signed_amount * 4 WHERE signed_amount IN (60, -60)",
    ],
)
def test_what_is_given_back_and_not_counted_is_found(wallet, statement):
    asked = text("SELECT CAST(id AS TEXT), kind FROM payments")
    payments = {kind: pk for pk, kind in db.session.execute(asked).all()}
    money.SERVICE.reverse(payments["spend"])
    money.SERVICE.reverse(payments["transfer"], 60)
    assert broken() == {}
    tamper(statement)
    assert BACK in broken()


def test_a_difference_names_its_row(wallet):
    tamper("UPDATE account_balances SET balance = balance + 1 WHERE account_id = :id", id=wallet)
    (found,) = [one for one in verify() if one.differences]
    assert found.examples == [f"account {wallet}, balance 401, total 400, sequence 4, last 4"]


def test_a_rule_that_was_taken_away_is_missed(wallet):
    where = " ON operations" if is_postgresql() else ""
    with db.engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER operations_chain{where}"))
    try:
        assert broken() == {GUARDED: 1}
    finally:
        dialect = "postgresql" if is_postgresql() else "sqlite"
        with db.engine.begin() as connection:
            connection.execute(text(ledger_rules.of(dialect)["operations_chain"]))


def test_what_is_read_fast_can_be_made_anew(wallet):
    before = sorted(map(str, money.rows("account_balances")))
    tamper("UPDATE account_balances SET balance = 7, sequence = 1, last_at = NULL WHERE account_id = :id", id=wallet)
    tamper("DELETE FROM account_balances WHERE account_id <> :id", id=wallet)
    assert rebuild() == (2, 0)
    assert broken() == {} and sorted(map(str, money.rows("account_balances"))) == before
    assert rebuild() == (0, 0)


def yesterdays(app: Flask, amounts: list[int], days_ago: int) -> int:
    """A wallet with deposits so many days ago."""
    wallet = money.wallet()
    for amount in amounts:
        money.SERVICE.deposit(wallet, amount, source="cash")
    moved = utcnow() - timedelta(days=days_ago)
    tamper("UPDATE operations SET created_at = :at WHERE account_id IN (:one, :other)", at=_plain(moved),
           one=wallet, other=money.technical("cash"))  # fmt: skip
    return wallet


def _plain(moment: object) -> object:
    return moment if is_postgresql() else f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def test_days_that_are_over_are_summed_once(app):
    yesterdays(app, [100, 50], 3)
    assert days.close() == 1 and days.close() == 0
    (row,) = db.session.execute(text("SELECT count, incoming, outgoing FROM account_days"))
    assert tuple(row) == (2, 0, 150)
    assert broken() == {}


def test_sums_by_day_that_differ_are_found_and_made_anew(app):
    yesterdays(app, [100], 3)
    days.close()
    with atomic() as session:
        session.execute(text("UPDATE account_days SET outgoing = outgoing + 1"))
    assert broken() == {BY_DAY: 1}
    assert rebuild() == (0, 1) and broken() == {}


@pytest.fixture
def command(app: Flask) -> Callable[..., object]:
    return lambda *words: app.test_cli_runner().invoke(args=[*words])


def test_the_command_says_what_was_looked_at_and_its_exit_code_tells(wallet, command):
    right = command("ledger", "verify")
    assert (right.exit_code, right.output.count("ok"), right.output.splitlines()[-1]) == (
        0,
        len(LAWS),
        "The ledger is right.",
    )
    tamper("UPDATE account_balances SET balance = balance + 1")
    wrong = command("ledger", "verify")
    assert wrong.exit_code == 1 and "2 BROKEN" in wrong.output and f"account {wallet}, balance 401" in wrong.output
    assert command("ledger", "rebuild").output == "2 balance rows were mended, the sums of 0 days written.\n"
    assert command("ledger", "verify").exit_code == 0


def test_a_currency_is_added_from_the_command_line(command):
    assert command("currencies", "add", "jpy").output == "JPY is in use now.\n"
    again = command("currencies", "add", "JPY")
    assert (again.exit_code, again.output) == (1, "Error: JPY is in use already.\n")
