"""Laws that the database itself keeps: links of the hash chain are never changed or removed, and follow each other."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from crm.db import atomic, is_postgresql
from crm.ledger import chain
from tests import money

NEVER = "operation_chain is append-only"
FOLLOWS = "a link follows the last one|unique"
HASH = "decode(repeat('00', 32), 'hex')"
NEW = "INSERT INTO operation_chain (position, operation_id, hash) VALUES"
BOTH = [
    (NEVER, "UPDATE operation_chain SET hash = hash"),
    (NEVER, "UPDATE operation_chain SET position = position + 10"),
    (NEVER, "UPDATE operation_chain SET operation_id = 3 WHERE position = 1"),
    (NEVER, "DELETE FROM operation_chain"),
    (NEVER, "DELETE FROM operation_chain WHERE position = 2"),
    (f"{NEVER}|{FOLLOWS}", f"{NEW} (2, 3, {HASH}) ON CONFLICT (position) DO UPDATE SET hash = {HASH}"),
    (FOLLOWS, f"{NEW} (2, 3, {HASH})"),
    (FOLLOWS, f"{NEW} (4, 3, {HASH})"),
    (FOLLOWS, f"{NEW} (0, 3, {HASH})"),
    (FOLLOWS, f"{NEW} (3, 3, {HASH}), (5, 4, {HASH})"),
    (FOLLOWS, f"{NEW} (3, 1, {HASH})"),
    ("a link belongs to an operation", f"{NEW} (3, 99, {HASH})"),
    ("ck_operation_chain_hash", f"{NEW} (3, 3, decode('00', 'hex'))"),
    ("null", f"{NEW} (3, 3, NULL)"),
]
SQLITE = [
    (f"{NEVER}|{FOLLOWS}", f"REPLACE INTO operation_chain (position, operation_id, hash) VALUES (2, 3, {HASH})"),
    (f"{NEVER}|{FOLLOWS}", f"REPLACE INTO operation_chain (position, operation_id, hash) VALUES (3, 1, {HASH})"),
    (NEVER, f"UPDATE OR REPLACE operation_chain SET hash = {HASH}"),
    (FOLLOWS, f"INSERT INTO operation_chain (operation_id, hash) VALUES (3, {HASH})"),
]
POSTGRESQL = [
    (NEVER, "TRUNCATE operation_chain"),
    (
        NEVER,
        "MERGE INTO operation_chain AS chain USING (SELECT 1 AS one) AS given ON chain.position = one"
        " WHEN MATCHED THEN DELETE",
    ),
]


def test_a_link_stays_and_the_next_one_follows_it(app: Flask) -> None:
    wallet = money.wallet(balance=100)
    assert chain.extend() == 2
    money.SERVICE.spend(wallet, 10)
    before = money.rows("operation_chain")
    for because, statement in BOTH + (POSTGRESQL if is_postgresql() else SQLITE):
        given = statement if is_postgresql() else _for_sqlite(statement)
        with pytest.raises(IntegrityError, match=f"(?i){because}"), atomic() as session:
            session.execute(text(given))
        assert money.rows("operation_chain") == before, statement
    with atomic() as session:
        allowed = f"{NEW} (3, 3, {HASH}), (4, 4, {HASH})"
        session.execute(text(allowed if is_postgresql() else _for_sqlite(allowed)))


def _for_sqlite(statement: str) -> str:
    return statement.replace(HASH, "zeroblob(32)").replace("decode('00', 'hex')", "zeroblob(1)")
