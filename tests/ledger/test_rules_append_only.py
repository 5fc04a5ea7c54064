"""Laws that the database itself keeps: operations and payments are never removed, operations never changed."""

import pytest

from tests.ledger.scene import ONLY_POSTGRESQL, ONLY_SQLITE, payment

pytestmark = pytest.mark.usefixtures("sound_ledger")

NEVER = "is append-only"
KEPT = "foreign key|an account that is in use stays|is append-only"
# Where a row would be written anew, the rules of new rows may speak first.
ANEW = "is append-only|operations: the payment takes no more operations|does not change"

BOTH = [
    (NEVER, "UPDATE operations SET signed_amount = signed_amount"),
    (NEVER, "UPDATE operations SET signed_amount = 1, balance_after = 1 WHERE id = 1"),
    (NEVER, "UPDATE operations SET created_at = :earlier WHERE account_id = :anna"),
    (NEVER, "UPDATE operations SET account_id = :boris WHERE account_id = :anna"),
    (NEVER, "UPDATE operations SET id = id + 1000"),
    (NEVER, "DELETE FROM operations"),
    (NEVER, "DELETE FROM operations WHERE id = 1"),
    (NEVER, "DELETE FROM payments"),
    (NEVER, "DELETE FROM payments WHERE id = :done"),
    (NEVER, "DELETE FROM payments WHERE id = :failed"),
    (NEVER, "DELETE FROM payments WHERE id = :waiting"),
    (ANEW, "INSERT INTO operations SELECT * FROM operations WHERE true ON CONFLICT (id) DO UPDATE SET kind = 'x'"),
    (
        ANEW,
        "INSERT INTO operations (id, payment_id, account_id, kind, signed_amount, created_at)"
        " VALUES (1, :waiting, :cash, 'transfer', -1, :later) ON CONFLICT (id) DO UPDATE SET signed_amount = 1",
    ),
    (KEPT, "DELETE FROM accounts WHERE id = :anna"),
    (KEPT, "DELETE FROM accounts WHERE id = :cash"),
    (KEPT, "DELETE FROM accounts WHERE id = :commission"),
    (KEPT, "DELETE FROM accounts WHERE code = 'crypto'"),
    (KEPT, "DELETE FROM customers"),
    (KEPT, "DELETE FROM currencies WHERE code = 'RUB'"),
]
SQLITE = [
    (ANEW, "REPLACE INTO operations SELECT * FROM operations"),
    (ANEW, "INSERT OR REPLACE INTO operations SELECT * FROM operations WHERE id = 1"),
    (
        NEVER,
        "INSERT OR REPLACE INTO operations (id, payment_id, account_id, kind, signed_amount, created_at)"
        " VALUES (1, :waiting, :cash, 'transfer', -1, :later)",
    ),
    (NEVER, "UPDATE OR REPLACE operations SET id = 1 WHERE id = 2"),
    (NEVER, "UPDATE OR IGNORE operations SET signed_amount = 1"),
    (NEVER, "UPDATE operations SET rowid = 1000 WHERE id = 1"),
    (ANEW, payment(id=":waiting", amount="5").replace("INSERT", "REPLACE", 1)),
    (ANEW, payment(id=":done", amount="5").replace("INSERT", "INSERT OR REPLACE", 1)),
    (ANEW, payment(idempotency_key="'waiting'").replace("INSERT", "INSERT OR REPLACE", 1)),
    (ANEW, "UPDATE OR REPLACE payments SET id = :done WHERE id = :waiting"),
    (KEPT, "REPLACE INTO customers SELECT * FROM customers"),
    (
        "an account that is in use stays",
        "REPLACE INTO accounts (id, customer_id, currency, name, status, overdraft_limit, created_at)"
        " SELECT id, (SELECT max(id) FROM customers), 'EUR', name, status, overdraft_limit, created_at"
        " FROM accounts WHERE id = :anna",
    ),
    (
        "an account that is in use stays",
        "REPLACE INTO accounts (id, code, currency, name, status, overdraft_limit, created_at)"
        " VALUES (:cash, 'card', 'EUR', '', 'open', 0, :later)",
    ),
]
MERGE = "MERGE INTO operations USING (SELECT 1 AS id) AS one ON one.id = operations.id WHEN MATCHED THEN"
POSTGRESQL = [
    (NEVER, "TRUNCATE operations"),
    (NEVER, "TRUNCATE operations, payments, account_balances, account_days, accounts RESTART IDENTITY CASCADE"),
    (NEVER, "TRUNCATE payments CASCADE"),
    (NEVER, "TRUNCATE accounts CASCADE"),
    (NEVER, "TRUNCATE customers CASCADE"),
    (NEVER, "TRUNCATE currencies CASCADE"),
    (NEVER, "TRUNCATE users CASCADE"),
    (NEVER, "WITH gone AS (DELETE FROM operations RETURNING *) SELECT count(*) FROM gone"),
    (NEVER, f"{MERGE} DELETE"),
    (NEVER, f"{MERGE} UPDATE SET signed_amount = 1"),
    (
        NEVER,
        "MERGE INTO payments USING (SELECT CAST(:waiting AS uuid) AS id) AS one ON one.id = payments.id"
        " WHEN MATCHED THEN DELETE",
    ),
]


@pytest.mark.parametrize(("because", "statement"), BOTH)
def test_what_was_written_stays(scene, because, statement):
    scene.refuses(because, statement)


@ONLY_SQLITE
@pytest.mark.parametrize(("because", "statement"), SQLITE)
def test_what_was_written_stays_whatever_sqlite_has_for_it(scene, because, statement):
    scene.refuses(because, statement)


@ONLY_POSTGRESQL
@pytest.mark.parametrize(("because", "statement"), POSTGRESQL)
def test_what_was_written_stays_whatever_postgresql_has_for_it(scene, because, statement):
    scene.refuses(because, statement)
