"""Runs the migrations on the app's own database, SQLite or PostgreSQL."""

import logging

from alembic import context
from flask import current_app
from sqlalchemy import text

logging.getLogger("alembic").setLevel(logging.INFO)
database = current_app.extensions["migrate"].db


def include_object(_object, name, type_, _reflected, _compare_to):
    """Leave out FTS5's tables (`crm.models.triggers`), and on SQLite the index that PostgreSQL searches by."""
    if type_ == "table":
        return not name.startswith("customer_search")
    return not (name == "ix_customers_search_text" and database.engine.dialect.name == "sqlite")


def run() -> None:
    """Run what is missing. On SQLite foreign keys are off meanwhile (a rebuilt table would empty its children)
    and checked at the end."""
    with database.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            include_object=include_object,
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if sqlite:
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            connection.rollback()
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")
            if broken:
                raise RuntimeError(f"the migration left rows that point to nothing: {broken[:5]}")


run()
