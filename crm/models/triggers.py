"""The database's own rules, which SQLAlchemy has no words for: full-text search on SQLite, append-only tables.

Migrations and tests both take them from here, those of the ledger too; a migration that rebuilds a table puts its
triggers back with `create()`.
"""

from sqlalchemy import text
from sqlalchemy.engine import Connection

from crm.models import ledger_rules

_UNSAID = "0015"
_SQLITE = {
    # External content: the text is kept once, in customers.
    "customer_search": """
        CREATE VIRTUAL TABLE customer_search USING fts5(
            search_text, content='customers', content_rowid='id', tokenize='trigram')""",
    "customers_search_insert": """
        CREATE TRIGGER customers_search_insert AFTER INSERT ON customers BEGIN
            INSERT INTO customer_search(rowid, search_text) VALUES (new.id, new.search_text);
        END""",
    "customers_search_delete": """
        CREATE TRIGGER customers_search_delete AFTER DELETE ON customers BEGIN
            INSERT INTO customer_search(customer_search, rowid, search_text)
            VALUES ('delete', old.id, old.search_text);
        END""",
    "customers_search_update": """
        CREATE TRIGGER customers_search_update AFTER UPDATE OF id, search_text ON customers
        WHEN old.search_text <> new.search_text OR old.id <> new.id BEGIN
            INSERT INTO customer_search(customer_search, rowid, search_text)
            VALUES ('delete', old.id, old.search_text);
            INSERT INTO customer_search(rowid, search_text) VALUES (new.id, new.search_text);
        END""",
    "audit_entries_no_update": """
        CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries BEGIN
            SELECT RAISE(ABORT, 'audit_entries is append-only');
        END""",
    "audit_entries_no_delete": """
        CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries BEGIN
            SELECT RAISE(ABORT, 'audit_entries is append-only');
        END""",
}
_POSTGRESQL = {
    "refuse_change": """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$""",
    "audit_entries_append_only": """
        CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
}


def ddl(dialect: str, before: str | None = None) -> dict[str, str]:
    """Name → statement for the engine (`sqlite` or `postgresql`), in the order they are made; as they were `before` a
    revision, or as they are.
    """
    return (_SQLITE if dialect == "sqlite" else _POSTGRESQL) | ledger_rules.of(dialect, before)


def create(connection: Connection, *names: str, before: str | None = None) -> None:
    """Run the named statements that this engine has, as they were `before` a revision.

    A migration says before which one: what it makes must stay what it was. Those up to 0014, when nothing of theirs had
    changed since, do not always.
    """
    statements = ddl(connection.dialect.name, before or _UNSAID)
    for name in names:
        if name in statements:
            connection.execute(text(statements[name]))
