"""The hash chain takes up every operation, also those that are committed late, and continues from its last link."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from crm.alone import alone
from crm.db import UtcDateTime, atomic, db, is_postgresql, utcnow
from crm.ledger import chain, chain_proof
from crm.models import Operation
from tests import money
from tests.ledger.scene import ONLY_POSTGRESQL
from tests.ledger.tampering import tamper

LINKS = "SELECT position, operation_id, hash FROM operation_chain ORDER BY position"


@pytest.fixture
def wallet(app: Flask) -> int:
    """A wallet in which something has happened: four payments, eight operations."""
    wallet, other = money.wallet(balance=1000), money.wallet(name="Борис")
    money.SERVICE.spend(wallet, 300)
    money.SERVICE.transfer(wallet, other, 200)
    money.SERVICE.adjust(wallet, -100, "counted again")
    return wallet


def links() -> list[tuple[int, int, bytes]]:
    found = [(position, pk, bytes(made)) for position, pk, made in db.session.execute(text(LINKS))]
    db.session.rollback()
    return found


def expected() -> list[tuple[int, int, bytes]]:
    """The chain by its definition, of all operations in the order of their ids."""
    found, before = [], bytes(32)
    for position, one in enumerate(db.session.query(Operation).order_by(Operation.id), start=1):
        parts = [
            before.hex(), one.id, one.payment_id.hex, one.account_id, one.kind, one.signed_amount,
            "" if one.balance_after is None else one.balance_after, "" if one.sequence is None else one.sequence,
            f"{one.created_at:%Y-%m-%dT%H:%M:%S.%f}",
        ]  # fmt: skip
        before = hashlib.sha256("|".join(map(str, parts)).encode("ascii")).digest()
        found.append((position, one.id, before))
    db.session.rollback()
    return found


def test_each_link_is_the_hash_of_the_one_before_and_its_operation(wallet, monkeypatch):
    for name, value in {"_WINDOW": 3, "_BITE": 2, "_BITE_OF_ONE_WRITER": 2}.items():
        monkeypatch.setattr(chain, name, value)
    told: list[int] = []
    assert chain.head() == (0, bytes(32))
    assert chain.extend(lambda: told.append(len(links()))) == 8
    assert links() == expected() and chain.head() == links()[-1][::2]
    assert told == [2, 3, 5, 6]


def test_the_chain_goes_on_where_it_ended(wallet):
    assert (chain.extend(), chain.extend()) == (8, 0)
    noted = chain.head()
    money.SERVICE.spend(wallet, 1)
    assert chain.extend() == 2
    assert links() == expected() and chain.head().position == 10 and chain.has(noted)
    assert not chain.has(chain.Head(8, bytes(32))) and chain.has(chain.Head())
    assert list(chain_proof.breaks()) == list(chain_proof.breaks(8)) == []
    assert (chain_proof.links(), chain_proof.links(8)) == (10, 2)


def test_one_process_extends_it_at_a_time(wallet):
    with alone(chain.LOCK):
        assert chain.extend() == 0
    assert chain.extend() == 8


def test_who_goes_on_from_another_link_than_the_last_is_refused(wallet):
    stale = chain.head()
    chain.extend()
    with pytest.raises(Exception, match=r"operation_chain: a link follows the last one|unique|UNIQUE"):
        chain._append(stale, [(1, "late")])
    assert len(links()) == 8


@ONLY_POSTGRESQL
def test_an_operation_that_is_committed_late_is_taken_up_all_the_same(app, wallet):
    other = money.wallet(name="Олег")

    def meanwhile() -> int:
        with app.app_context():
            money.SERVICE.deposit(other, 5)
            return chain.extend()

    with atomic(), ThreadPoolExecutor(1) as beside:
        money.SERVICE.deposit(wallet, 7)  # has the lower ids, and can be seen by nobody yet
        assert beside.submit(meanwhile).result() == 10
    assert chain.extend() == 2
    assert [pk for _position, pk, _hash in links()][-4:] == [11, 12, 9, 10]
    assert list(chain_proof.breaks()) == []


def age(hours: int) -> None:
    """Let all operations have been made so many hours earlier."""
    moved = UtcDateTime().process_bind_param(utcnow() - timedelta(hours=hours), db.engine.dialect)
    tamper("UPDATE operations SET created_at = :at", at=moved if is_postgresql() else f"{moved:%Y-%m-%d %H:%M:%S.%f}")


def test_what_must_be_in_the_chain_is_told_by_the_chain_itself(wallet):
    assert chain.settled() == 0
    age(3)
    chain.extend()
    assert chain.settled() == (0 if is_postgresql() else 8)  # what was numbered with the last may still come
    money.SERVICE.spend(wallet, 1)
    assert chain.settled() == (0 if is_postgresql() else 8)  # nothing newer is chained yet
    chain.extend()
    assert chain.settled() == (8 if is_postgresql() else 10)
    assert chain.settled(8) == (0 if is_postgresql() else 8)
