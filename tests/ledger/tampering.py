"""What somebody can do to the ledger who may switch its rules off: a superuser, or who has SQLite's file."""

from sqlalchemy import text

from crm.db import db, is_postgresql
from crm.models import ledger_rules


def tamper(*statements: str, **values: object) -> None:
    """Run the statements with all triggers off, and put these back."""
    db.session.rollback()
    with db.engine.begin() as connection:
        rules = {name: rule for name, rule in ledger_rules.of("sqlite").items() if "CREATE TRIGGER" in rule}
        if is_postgresql():
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            rules = {}
        for name in rules:
            connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement), values)
        for rule in rules.values():
            connection.execute(text(rule))
