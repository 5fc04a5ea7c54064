"""Laws that the database itself keeps of accounts and balance rows: what they are, and how low they go."""

import pytest

from tests.ledger.scene import ONLY_POSTGRESQL, ONLY_SQLITE, balance, operations

pytestmark = pytest.mark.usefixtures("sound_ledger")

SUM = "what is held is the sum of the holds"
LAST, IDENTITY = "the balance is that of the last operation", "accounts keep their identity"
FLOOR, CLOSED = "ck_account_balances_floor", "ck_account_balances_closed"
ROW = "account_balances (account_id, customer_id, currency, status, overdraft_limit, balance, held, sequence)"
ANEW = f"INTO {ROW} SELECT id, customer_id, currency, status, overdraft_limit"
GONE = "DELETE FROM account_balances WHERE account_id = :anna"


def account(**values: str) -> str:
    fields = {"currency": "'RUB'", "name": "''", "status": "'open'", "overdraft_limit": "0", "created_at": ":later"}
    fields |= values
    return f"INSERT INTO accounts ({', '.join(fields)}) VALUES ({', '.join(fields.values())})"


def changed(change: str, name: str = "anna") -> str:
    return f"UPDATE account_balances SET {change} WHERE account_id = :{name}"


@pytest.mark.parametrize(
    "change",
    [
        "balance = balance + 1",
        "balance = 0",
        "sequence = sequence + 1",
        "sequence = 0",
        "balance = 5, sequence = -1",
        "balance = 0, sequence = 0",
        "balance = 700, sequence = 1",
        "balance = 1100, sequence = 2",
        "balance = 1100, sequence = 4",
    ],
)
def test_a_balance_is_that_of_the_last_operation(scene, change):
    scene.refuses(LAST, changed(change))


@pytest.mark.parametrize("values", ["0, 0, 0", "700, 0, 1", "1100, 0, 2", "999, 0, 3", "5, 0, 9"])
def test_a_balance_row_made_anew_is_that_of_the_last_operation_too(scene, values):
    scene.refuses(LAST, GONE, f"INSERT {ANEW}, {values} FROM accounts WHERE id = :anna")


def test_a_balance_row_may_be_made_anew_as_it_was(scene):
    scene.run("UPDATE account_balances SET balance = balance")
    made = f"INSERT {ANEW}, 1000, 0, 3 FROM accounts WHERE id = :anna"
    scene.run(GONE, made, changed("last_at = (SELECT max(created_at) FROM operations WHERE account_id = :anna)"))


@ONLY_SQLITE
@pytest.mark.parametrize("values", ["0, 0, 0", "700, 0, 1", "999, 0, 3"])
def test_a_balance_row_that_is_replaced_is_that_of_the_last_operation_too(scene, values):
    scene.refuses(LAST, f"REPLACE {ANEW}, {values} FROM accounts WHERE id = :anna")


@ONLY_POSTGRESQL
def test_a_balance_row_that_is_merged_is_that_of_the_last_operation_too(scene):
    using = "MERGE INTO account_balances USING (SELECT CAST(:anna AS bigint) AS id) AS one ON one.id = account_id"
    scene.refuses(LAST, f"{using} WHEN MATCHED THEN UPDATE SET balance = 0")


def test_a_new_balance_row_is_empty_where_there_are_no_operations(scene):
    gone = "DELETE FROM account_balances WHERE account_id = :edda"
    scene.refuses(LAST, gone, f"INSERT {ANEW}, 5, 0, 0 FROM accounts WHERE id = :edda")


@pytest.mark.parametrize(
    ("because", "change"),
    [
        (f"{FLOOR}|{SUM}", changed("held = 1001")),
        (f"{FLOOR}|{SUM}", changed("held = 201", "dora")),
        (FLOOR, changed("overdraft_limit = 299", "dora")),
        (FLOOR, changed("overdraft_limit = 0", "dora")),
        (f"ck_account_balances_held|{SUM}", changed("held = -1")),
        (f"ck_account_balances_overdraft_limit|{FLOOR}", changed("overdraft_limit = -1")),
        ("ck_accounts_overdraft_limit", "UPDATE accounts SET overdraft_limit = -1 WHERE id = :anna"),
        ("ck_accounts_overdraft_limit", "UPDATE accounts SET overdraft_limit = 1000000000000001 WHERE id = :anna"),
        (CLOSED, changed("status = 'closed'")),
        (CLOSED, changed("status = 'closed'", "dora")),
        (f"{CLOSED}|{SUM}", changed("status = 'closed', held = 1, overdraft_limit = 1", "edda")),
        ("ck_account_balances_status", changed("status = 'gone'")),
        ("ck_accounts_status", "UPDATE accounts SET status = 'gone' WHERE id = :anna"),
    ],
)
def test_a_wallet_keeps_its_limits(scene, because, change):
    scene.refuses(because, change)


def test_a_balance_that_goes_below_its_floor_is_refused(scene):
    lines = ("cash", "transfer", 1001, None, None), ("anna", "transfer", -1001, -1, 4)
    scene.refuses(FLOOR, operations("leaving", *lines), balance("anna", -1, 4))


@pytest.mark.parametrize("name", ["anna", "edda", "cash"])
def test_an_account_stays_what_it_is(scene, name):
    for change in ("currency = 'EUR'", "customer_id = 2", "id = 1000", "code = 'card'"):
        scene.refuses(IDENTITY, f"UPDATE accounts SET {change} WHERE id = :{name}")


def test_an_account_that_is_written_over_stays_what_it_is(scene):
    anew = account(id=":anna", customer_id="1")
    scene.refuses(IDENTITY, f"{anew} ON CONFLICT (id) DO UPDATE SET currency = 'EUR'")


@ONLY_SQLITE
def test_an_account_in_use_keeps_its_row_number(scene):
    scene.refuses("foreign key|keep their identity", "UPDATE accounts SET rowid = 1000 WHERE id = :anna")


@ONLY_POSTGRESQL
def test_an_account_that_is_merged_stays_what_it_is(scene):
    using = "MERGE INTO accounts USING (SELECT CAST(:anna AS bigint) AS one) AS one ON one.one = accounts.id"
    scene.refuses(IDENTITY, f"{using} WHEN MATCHED THEN UPDATE SET currency = 'EUR'")


@pytest.mark.parametrize(
    ("because", "statement"),
    [
        ("ck_accounts_technical", "UPDATE accounts SET status = 'frozen' WHERE id = :cash"),
        ("ck_accounts_technical", "UPDATE accounts SET status = 'closed' WHERE id = :sales"),
        ("ck_accounts_technical", "UPDATE accounts SET overdraft_limit = 1 WHERE id = :cash"),
        ("ck_accounts_owner", account(code="'cash'", customer_id="1")),
        ("ck_accounts_owner", account()),
        ("ck_accounts_code", account(code="'pocket'")),
        ("unique", account(code="'cash'")),
        ("foreign key", account(customer_id="1", currency="'XXX'")),
        ("foreign key", account(customer_id="1000000")),
    ],
)
def test_an_account_is_a_wallet_or_a_technical_account(scene, because, statement):
    scene.refuses(because, statement)
