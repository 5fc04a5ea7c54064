"""The tamper drill: what a superuser does to the ledger with its rules switched off is found, and named.

docs/ledger.md shows auditors the same drill, and a program with which they check for themselves.
"""

import subprocess
import sys
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from crm.config import ROOT
from crm.db import db, is_postgresql, utcnow
from crm.ledger import chain, chain_proof
from crm.ledger.verify import verify
from tests import money
from tests.ledger.scene import ONLY_POSTGRESQL
from tests.ledger.tampering import tamper

GUIDE = (ROOT / "docs" / "ledger.md").read_text()
PROGRAM = GUIDE.partition("```python\n")[2].partition("```")[0]
LINKS_IN_SQL = GUIDE.partition("\nIn PostgreSQL alone")[2].partition("```sql\n")[2].partition("```")[0]

CHANGED = f"fault {chain_proof.CHANGED}"
SPENT = "UPDATE operations SET signed_amount = signed_amount - 100 WHERE id = 3"
# The statement → the codes of other laws that it breaks, and what is said of the chain.
DRILL: list[tuple[str, set[str], list[str]]] = [
    (SPENT, {"balance", "zero", "sequence", "amounts"}, [f"operation 3, position 3, {CHANGED}"]),
    (
        "UPDATE operations SET created_at = '2026-01-31 12:00:00' WHERE id = 4",
        set(),
        [f"operation 4, position 4, {CHANGED}"],
    ),
    (
        "DELETE FROM operations WHERE id IN (3, 4)",
        {"balance", "sequence", "status"},
        [f"operation {pk}, position {pk}, fault the operation is gone" for pk in (3, 4)],
    ),
    ("UPDATE account_balances SET balance = balance + 100 WHERE sequence = 4", {"balance"}, []),
    (
        "UPDATE operation_chain SET hash = (SELECT hash FROM operation_chain WHERE position = 1) WHERE position = 5",
        set(),
        [f"operation 5, position 5, fault {chain_proof.RELINKED}"],
    ),
    (
        "UPDATE operation_chain SET operation_id = 999 WHERE position = 5",
        set(),
        ["operation 999, position 5, fault the operation is gone", "operation 5"],
    ),
    ("DELETE FROM operation_chain WHERE position = 5", set(), ["position 5, fault the link is gone", "operation 5"]),
    (
        "INSERT INTO operations (id, payment_id, account_id, kind, signed_amount, created_at)"
        " SELECT CASE code WHEN 'card' THEN -2 ELSE -1 END, payment_id, accounts.id, kind,"
        " CASE code WHEN 'card' THEN 500 ELSE -500 END, operations.created_at"
        " FROM operations JOIN accounts ON code IN ('card', 'cash') AND currency = 'RUB' WHERE operations.id = 4",
        set(),
        ["operation -2", "operation -1"],
    ),
]


@pytest.fixture
def wallet(app: Flask) -> int:
    """A wallet with three payments of three hours ago and one of now, all in the chain: eight operations."""
    wallet, other = money.wallet(balance=1000), money.wallet(name="Борис")
    money.SERVICE.spend(wallet, 300)
    money.SERVICE.transfer(wallet, other, 200)
    before = utcnow() - timedelta(hours=3)
    tamper("UPDATE operations SET created_at = :at", at=before if is_postgresql() else f"{before:%Y-%m-%d %H:%M:%S.%f}")
    money.SERVICE.adjust(wallet, -100, "counted again")
    assert chain.extend() == 8
    return wallet


def broken() -> dict[str, list[str]]:
    return {found.code: found.examples for found in verify() if found.differences}


@pytest.mark.parametrize(("statement", "laws", "said"), DRILL)
def test_what_was_done_with_the_rules_off_is_found_and_named(wallet, statement, laws, said):
    tamper(statement)
    found = broken()
    assert [*found.pop("links", []), *found.pop("left_out", [])] == said
    assert set(found) == laws


def test_what_is_proved_once_need_not_be_proved_again(wallet):
    money.SERVICE.spend(wallet, 1)
    chain.extend()
    tamper(SPENT, "UPDATE operations SET signed_amount = -2 WHERE id = 9")
    assert [found.position for found in chain_proof.breaks(since=8)] == [9]
    assert [found.position for found in chain_proof.breaks(until=8)] == [3]
    assert [found.position for found in chain_proof.breaks()] == [3, 9]


def test_a_chain_that_was_rewritten_whole_is_told_by_its_head(wallet):
    noted = chain.head()
    assert broken() == {}
    tamper(SPENT, "DELETE FROM operation_chain")
    assert chain.extend() == 8
    assert list(chain_proof.breaks()) == [] and chain.head().position == noted.position
    assert not chain.has(noted)


def test_links_that_lie_far_apart_are_compared_all_the_same(wallet, monkeypatch):
    monkeypatch.setattr(chain_proof, "_WINDOW", 2)
    tamper(SPENT, "DELETE FROM operation_chain WHERE position BETWEEN 4 AND 6")
    assert [(found.position, found.fault) for found in chain_proof.breaks()] == [
        (3, chain_proof.CHANGED), (4, chain_proof.GAP), (5, chain_proof.GAP), (6, chain_proof.GAP),
    ]  # fmt: skip
    assert list(chain_proof.left_out()[1]) == [{"operation": pk} for pk in (4, 5, 6)]


def audited(app: Flask) -> list[str]:
    """What the program in the guide prints, run as it stands there."""
    db.session.rollback()
    address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    given = address if is_postgresql() else str(db.engine.url.database)
    done = subprocess.run([sys.executable, "-c", PROGRAM, given], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_an_auditor_finds_the_same_with_the_program_in_the_guide(app, wallet):
    assert len([line for line in PROGRAM.splitlines() if line.strip()]) <= 20
    head = chain.head()
    right = f"8 links, the last is {head.hash.hex()}"
    assert audited(app) == [right]
    money.SERVICE.spend(wallet, 1)  # has no link yet, and counts all the same
    tamper(SPENT, "DELETE FROM operations WHERE id = 6")
    boris = wallet + 1
    found = audited(app)
    unlinked = [line for line in found if line.endswith(" has no link")]
    assert sorted(line.partition(" of ")[0] for line in unlinked) == ["operation 10", "operation 9"]
    assert [line for line in found if line not in unlinked] == [
        "broken at position 3, operation 3",
        "broken at position 7, operation 7",
        f"account {wallet} shows 399, its operations sum to 299",
        f"account {boris} shows 200, its operations sum to 0",
        right,
    ]


@ONLY_POSTGRESQL
def test_an_auditor_finds_the_same_with_sql_alone(wallet):
    tamper(SPENT, "DELETE FROM operations WHERE id = 6")
    found = [tuple(row) for row in db.session.execute(text(LINKS_IN_SQL.replace(":", r"\:")))]
    assert found == [(3, 3), (6, 6)]


@pytest.mark.parametrize(("statement", "_laws", "said"), DRILL)
def test_the_guide_shows_the_same_drill(statement, _laws, said):
    (told,) = [line for line in GUIDE.splitlines() if f"`{statement}`" in line]
    assert [line for line in said if f"`{line}`" not in told] == []
