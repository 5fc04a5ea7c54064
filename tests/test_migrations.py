"""Laws of the schema: migrations and models agree, both ways, on both engines; the database keeps its own rules."""

import json
import re

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, create_engine, inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError

from crm.db import atomic, db, is_postgresql
from crm.models import AuditEntry, Customer, Import, triggers
from crm.services import audit
from crm.services.audit import Actor
from tests import databases

ONLY_SQLITE = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
ONLY_POSTGRESQL = pytest.mark.parametrize("app", ["postgresql"], indirect=True)
SHAPE_POSTGRESQL = """
    SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, collation_name,
        is_nullable, column_default, is_identity) FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"""
# Each rule by name, as the engine tells it, and what drops it.
RULES_POSTGRESQL = """
    SELECT tgname, pg_get_triggerdef(oid) || pg_get_functiondef(tgfoid), 'DROP TRIGGER ' || tgname || ' ON '
        || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal"""
RULES_SQLITE = """
    SELECT name, sql, iif(type = 'trigger', 'DROP TRIGGER ', 'DROP TABLE ') || name
    FROM sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE VIRTUAL TABLE%'"""


def downgrade(revision: str) -> None:
    command.downgrade(current_app.extensions["migrate"].migrate.get_config(), revision)


def revisions() -> list[str]:
    """Every revision, the oldest first."""
    scripts = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def shape(connection: Connection) -> set[str]:
    """Columns, constraints and indexes as the engine itself tells them, collations and conditions included."""
    if connection.dialect.name == "postgresql":
        facts = set(connection.scalars(text(SHAPE_POSTGRESQL)))
    else:
        rows = connection.execute(
            text("SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL")
        )
        # What follows a comma at the end of a line is a column or a constraint; their order does not matter.
        facts = {
            f"{table} {' '.join(part.replace(chr(34), '').split())}"
            for table, sql in rows
            for part in re.split(r",\s*\n|\n\)", sql)
        }
    return {fact for fact in facts if not re.search("alembic_version|customer_search|customers_search|^sqlite_", fact)}


def rules(connection: Connection) -> dict[str, tuple[str, str]]:
    """The triggers that the database has, with their functions, and its search tables."""
    query = RULES_POSTGRESQL if connection.dialect.name == "postgresql" else RULES_SQLITE
    return {name: (definition, drop) for name, definition, drop in connection.execute(text(query))}


def rules_wanted(connection: Connection, revision: str) -> dict[str, tuple[str, str]]:
    """What `crm.models.triggers` says for the tables that there are at the revision, as this engine tells it."""
    tables = set(inspect(connection).get_table_names())
    with connection.begin_nested() as nested:
        for _definition, drop in rules(connection).values():
            connection.execute(text(drop))
        following = f"{int(revision) + 1:04}" if revision != "base" else None
        for statement in triggers.ddl(connection.dialect.name, following).values():
            belongs_to = re.search(r" ON (\w+)|content='(\w+)'", statement)
            if "CREATE FUNCTION" in statement:
                connection.execute(text(statement.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")))
            elif belongs_to and belongs_to.expand(r"\1\2") in tables:
                connection.execute(text(statement))
        wanted = rules(connection)
        nested.rollback()
    return wanted


def test_there_is_one_line_of_revisions(app):
    numbers = revisions()
    assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)


def test_autogenerate_finds_nothing_to_do(bare):
    databases.upgrade()
    command.check(current_app.extensions["migrate"].migrate.get_config())


def test_migrations_make_what_the_models_say_to_the_letter(bare, run, worker):
    databases.upgrade()
    url = make_url(databases.empty_url(run, db.engine.dialect.name, f"{worker}-models"))
    models = create_engine(url.set(drivername=db.engine.url.drivername))
    with models.begin() as connection:
        if is_postgresql():
            connection.execute(text("CREATE EXTENSION pg_trgm"))
        db.metadata.create_all(connection)
        wanted = shape(connection)
    models.dispose()
    with db.engine.connect() as connection:
        found = shape(connection)
    if not is_postgresql():
        wanted = {fact for fact in wanted if "ix_customers_search_text" not in fact}
    assert len(wanted) > 50
    assert sorted(found - wanted) == [] and sorted(wanted - found) == []


def test_after_each_revision_the_tables_have_their_triggers_on_the_way_up_and_down(bare):
    def check(revision: str) -> None:
        with db.engine.connect() as connection:
            assert rules(connection) == rules_wanted(connection, revision), revision

    numbers = revisions()
    for revision in numbers:
        databases.upgrade(revision)
        check(revision)
    with db.engine.connect() as connection:
        assert len(rules(connection)) >= (1 if is_postgresql() else 6)
    for revision in [*numbers[-2::-1], "base"]:
        downgrade(revision)
        check(revision)


def test_the_way_down_leaves_nothing_and_the_way_up_works_again(bare):
    databases.upgrade()
    with db.engine.connect() as connection:
        first = shape(connection), rules(connection)
    add_customer("Анна")
    with atomic():
        audit.record(Actor(None, "cli"), "customer.created", "customer", 1)
    downgrade("base")
    assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
    with db.engine.connect() as connection:
        assert shape(connection) == set() and rules(connection) == {}
        if is_postgresql():
            own = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND probin IS NULL"
            assert connection.scalars(text(own)).all() == []
    databases.upgrade()
    with db.engine.connect() as connection:
        assert (shape(connection), rules(connection)) == first


def test_rows_of_earlier_imports_come_along_both_ways(bare):
    databases.upgrade("0010")
    plain = "'2026-01-01', 'a.csv', 'a', 1, 'utf-8', ',', 0, '[]', 'en', 3, 0, 0, 0, 0, 0, 0, '', false, 0, '', 0"
    names = (
        "created_at, filename, stored_as, size, encoding, delimiter, header_line, notes, locale, total_rows, read_rows,"
        " created, updated, unchanged, skipped, failed, error, cancel_requested, attempts, origin, busy_seconds"
    )
    mine = "'queued', '[\"Имя\"]', '[\"name\", null]', 'update'"
    before = {
        "imports": ("status, columns, mapping, on_duplicate", {("queued", "update")}),
        "import_failures": ("import_id, row, cells, error", {(1, 7, r'["a\u0000"]', "no")}),
        "import_notes": ("import_id, row, note", {(1, 8, "left out")}),
    }
    with db.engine.begin() as connection:
        execute = connection.exec_driver_sql
        execute(f"INSERT INTO imports (status, columns, mapping, on_duplicate, {names}) VALUES ({mine}, {plain})")
        execute(r"""INSERT INTO import_failures (import_id, row, cells, error) VALUES (1, 7, '["a\u0000"]', 'no')""")
        execute("INSERT INTO import_notes (import_id, row, note) VALUES (1, 8, 'left out')")
    databases.upgrade("0011")
    with db.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT row, outcome, message FROM import_rows ORDER BY row").all()
        assert found == [(7, "failed", "no"), (8, "updated", "left out")]
        upload = connection.execute(select(Import)).one()
        assert [column["field"] for column in upload.plan["columns"]] == ["name", None]
        assert (upload.plan["on_duplicate"], upload.plan["match"]) == ("update", ["external_id", "email", "phone"])
    downgrade("0010")
    with db.engine.connect() as connection:
        for table, (columns, rows) in before.items():
            wanted = columns if table != "imports" else "status, on_duplicate"
            assert set(connection.exec_driver_sql(f"SELECT {wanted} FROM {table}").all()) == rows
        stored = connection.exec_driver_sql("SELECT CAST(mapping AS TEXT) FROM imports").scalar_one()
        assert json.loads(stored) == ["name", None]


PAYMENT = """
    INSERT INTO payments (id, kind, status, from_account_id, to_account_id, amount, currency, commission, description,
        caller, origin, idempotency_key, fingerprint, created_at, reversed_amount)
    VALUES ('0192f0c0000070008000000000000001', 'deposit', 'INITIATED', 1, 2, 100, 'EUR', 3, 'Чай', 0, 'test', 'key',
        {}, '2026-01-01 00:00:00.000000', 0)"""


def test_payments_come_along_when_holds_come_and_go(bare):
    databases.upgrade("0014")
    fingerprint = "'\\x" + "00" * 32 + "'" if is_postgresql() else "zeroblob(32)"
    with db.engine.begin() as connection:
        connection.exec_driver_sql(PAYMENT.format(fingerprint))

    def kept() -> list[tuple[object, ...]]:
        columns = "kind, status, amount, commission, description, idempotency_key, length(fingerprint)"
        with db.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(f"SELECT {columns} FROM payments")]

    before = kept()
    databases.upgrade("0015")
    assert kept() == before == [("deposit", "INITIATED", 100, 3, "Чай", "key", 32)]
    downgrade("0014")
    assert kept() == before


def test_nothing_that_is_to_be_held_is_left_to_a_revision_that_would_move_it(bare):
    databases.upgrade("0015")
    fingerprint = "'\\x" + "00" * 32 + "'" if is_postgresql() else "zeroblob(32)"
    asked = PAYMENT.format(fingerprint).replace("reversed_amount)", "reversed_amount, held_amount, hold_expires_at)")
    asked = asked.replace("00000', 0)", "00000', 0, 100, '2026-02-01 00:00:00.000000')").replace("'deposit'", "'spend'")
    with db.engine.begin() as connection:
        connection.exec_driver_sql(asked)
    with pytest.raises(RuntimeError, match="reserved"):
        downgrade("0014")


@ONLY_SQLITE
def test_after_the_migrations_every_key_points_to_something_and_is_enforced(app):
    assert db.session.execute(text("PRAGMA foreign_key_check")).all() == []
    assert db.session.scalar(text("PRAGMA foreign_keys")) == 1
    assert db.session.scalar(text("PRAGMA recursive_triggers")) == 1
    assert db.session.scalar(text("PRAGMA journal_mode")) == "wal"


HOSTILE = [
    "UPDATE audit_entries SET origin = 'elsewhere'",
    "UPDATE audit_entries SET id = id + 1",
    "DELETE FROM audit_entries",
    "DELETE FROM audit_entries WHERE id = 1",
    "INSERT INTO audit_entries (id, at, origin, action, entity, entity_id, changes) "
    "VALUES (1, '2026-01-01', 'x', 'x', 'x', 'x', '{}') ON CONFLICT (id) DO UPDATE SET origin = 'elsewhere'",
]
HOSTILE_SQLITE = [
    "INSERT OR REPLACE INTO audit_entries (id, at, origin, action, entity, entity_id, changes) "
    "VALUES (1, '2026-01-01', 'x', 'x', 'x', 'x', '{}')",
    "REPLACE INTO audit_entries SELECT * FROM audit_entries",
    "UPDATE OR REPLACE audit_entries SET id = 1",
    "UPDATE OR IGNORE audit_entries SET origin = 'elsewhere'",
]
HOSTILE_POSTGRESQL = [
    "TRUNCATE audit_entries",
    "TRUNCATE users CASCADE",
    "WITH gone AS (DELETE FROM audit_entries RETURNING *) SELECT count(*) FROM gone",
    "MERGE INTO audit_entries USING (SELECT 1 AS id) AS one ON one.id = audit_entries.id WHEN MATCHED THEN DELETE",
]


def attack(statement: str) -> None:
    with atomic():
        audit.record(Actor(None, "cli"), "user.created", "user", 1)
        audit.record(Actor(None, "cli"), "user.created", "user", 2)
    before = db.session.execute(select(AuditEntry.__table__)).all()
    with pytest.raises(IntegrityError, match="audit_entries is append-only"), atomic() as session:
        session.execute(text(statement))
    assert db.session.execute(select(AuditEntry.__table__)).all() == before


@pytest.mark.parametrize("statement", HOSTILE)
def test_the_audit_trail_cannot_be_changed(app, statement):
    attack(statement)


@ONLY_SQLITE
@pytest.mark.parametrize("statement", HOSTILE_SQLITE)
def test_the_audit_trail_cannot_be_changed_by_what_only_sqlite_has(app, statement):
    attack(statement)


@ONLY_POSTGRESQL
@pytest.mark.parametrize("statement", HOSTILE_POSTGRESQL)
def test_the_audit_trail_cannot_be_changed_by_what_only_postgresql_has(app, statement):
    attack(statement)


def add_customer(name: str) -> Customer:
    customer = Customer(name=name, company="", city="")
    customer.refresh_keys()
    with atomic() as session:
        session.add(customer)
    return customer


def found(word: str) -> list[int]:
    with db.engine.connect() as connection:
        check = "INSERT INTO customer_search(customer_search, rank) VALUES ('integrity-check', 1)"
        connection.execute(text(check))  # compares the index with the table, and raises
        query = text("SELECT rowid FROM customer_search WHERE customer_search MATCH :word ORDER BY rowid")
        return list(connection.scalars(query, {"word": f'"{word}"'}))


@ONLY_SQLITE
def test_the_search_index_follows_the_customers(app):
    anna, ivan = add_customer("Анна"), add_customer("Иван")
    assert (found("анна"), found("иван")) == ([anna.id], [ivan.id])
    with atomic():
        anna.name = "Мария"
        anna.refresh_keys()
    assert (found("анна"), found("мария")) == ([], [anna.id])
    with atomic():
        anna.city = "Тверь"  # what does not change the text leaves the index alone
    assert found("мария") == [anna.id]
    with atomic() as session:
        session.delete(ivan)
    assert found("иван") == []


@ONLY_SQLITE
def test_the_search_index_follows_bulk_statements_too(app):
    for name in ("Анна", "Иван"):
        add_customer(name)
    with atomic() as session:
        session.execute(text("UPDATE customers SET search_text = '  мария' WHERE id = 1"))
        session.execute(text("REPLACE INTO customers SELECT * FROM customers WHERE id = 2"))
    assert (found("анна"), found("мария"), found("иван")) == ([], [1], [2])
    with atomic() as session:
        session.execute(text("UPDATE customers SET id = 7 WHERE id = 2"))
    assert found("иван") == [7]
    with atomic() as session:
        session.execute(text("DELETE FROM customers"))
    assert (found("мария"), found("иван")) == ([], [])
