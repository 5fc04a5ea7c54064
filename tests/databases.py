"""Databases for tests: migrated once per run, then copied; emptied before each test."""

import shutil
from pathlib import Path
from typing import Any

from alembic import command
from flask import Flask, current_app
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from crm import config as configuration
from crm import create_app
from crm.db import atomic, db
from tests import servers

ENGINES = ("sqlite", "postgresql")
FIRST_DAY = "first-day.sql"
CURRENCIES = ("EUR", "RUB", "USD")  # that a migrated database has, in the order of their technical accounts


def settings(instance: Path, database: str, redis: str) -> dict[str, Any]:
    """A complete configuration for an app under test; `database` and `redis` are addresses."""
    config = configuration.load(
        {
            "CRM_INSTANCE": str(instance),
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "SECRET_KEY": "a secret that tests know",
        }
    )
    return config | {"TESTING": True, "ARGON2_COST": (1, 8, 1), "RATELIMIT_ENABLED": False}


def upgrade(revision: str = "head") -> None:
    """Migrate the current app's database up to the revision."""
    command.upgrade(current_app.extensions["migrate"].migrate.get_config(), revision)


def empty_url(run: Path, engine: str, name: str) -> str:
    """The address of a new database without any table."""
    if engine == "sqlite":
        (run / f"{name}.db").unlink(missing_ok=True)
        return f"sqlite:///{run / name}.db"
    return _create_postgresql(run, name)


def migrated_url(run: Path, engine: str, name: str) -> str:
    """The address of a new database, a copy of the one that this run has migrated."""
    with servers.exclusive(run / f"{engine}.lock"):
        template = run / f"{engine}.template"
        if not template.exists():
            _migrate(run, empty_url(run, engine, "template"))
            template.touch()
    if engine == "sqlite":
        return f"sqlite:///{shutil.copyfile(run / 'template.db', run / f'{name}.db')}"
    with servers.exclusive(run / "clone.lock"):  # a template that is being copied cannot be copied by another
        return _create_postgresql(run, name, template=_database_name(run, "template"))


def empty(app: Flask, run: Path) -> None:
    """Remove every row but those that the migrations made, and let the ids begin anew."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _empty_sqlite(db.engine, run / "template.db")
        else:
            _empty_postgresql(db.engine, (run / FIRST_DAY).read_text())


def drop_all(run: Path) -> None:
    """Drop what the run has created on a PostgreSQL that was given, not started for it."""
    with _server(run).connect() as connection:
        prefix = _database_name(run, "")
        names = connection.scalars(text("SELECT datname FROM pg_database WHERE datname LIKE :p"), {"p": f"{prefix}%"})
        for name in names.all():
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def _migrate(run: Path, url: str) -> None:
    app = create_app(settings(run / "template", url, servers.redis_url(run)))
    with app.app_context():
        upgrade()
        with atomic() as session:  # prices are what a test says they are
            session.execute(text("DELETE FROM commission_rules"))
        if db.engine.dialect.name == "postgresql":
            (run / FIRST_DAY).write_text(_first_day(db.engine))
        db.engine.dispose()


def _first_day(engine: Engine) -> str:
    """The statements, sent as one, that leave a PostgreSQL with no row but those which it has now."""
    statements = [f"DELETE FROM {table.name}" for table in reversed(db.metadata.sorted_tables)]
    statements.append("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'")
    with engine.connect() as connection:
        for name in (table.name for table in db.metadata.sorted_tables):
            rows = connection.scalar(text(f"SELECT json_agg({name})::text FROM {name}"))
            if rows:
                quoted = rows.replace("'", "''")
                statements.append(f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, '{quoted}')")
                if "id" in db.metadata.tables[name].c:
                    statements.append(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}")
    return ";\n".join(statements)


def _create_postgresql(run: Path, name: str, template: str = "template1") -> str:
    database = _database_name(run, name)
    with _server(run).connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{database}"'))  # a migration that failed left it
        connection.execute(text(f'CREATE DATABASE "{database}" TEMPLATE "{template}"'))
    return make_url(servers.postgresql_url(run)).set(database=database).render_as_string(hide_password=False)


def _database_name(run: Path, name: str) -> str:
    return f"{run.name.lower()}-{name}"


def _server(run: Path) -> Engine:
    url = make_url(servers.postgresql_url(run)).set(drivername="postgresql+psycopg")
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)


def _empty_sqlite(engine: Engine, template: Path) -> None:
    engine.dispose()
    path = Path(engine.url.database or "")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    fresh = path.with_suffix(".fresh")
    shutil.copyfile(template, fresh)
    fresh.replace(path)  # a new file: a connection that was left open keeps the old one to itself


def _empty_postgresql(engine: Engine, first_day: str) -> None:
    tables = [table.name for table in db.metadata.sorted_tables]
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))  # a test that left a transaction open: say so
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # append-only tables are emptied too
        # TRUNCATE gives every table and index a new file, 0.1 s in all: only what a large test has blown up.
        blown_up = text("SELECT relname FROM pg_class WHERE relname = ANY(:tables) AND pg_relation_size(oid) > 2000000")
        for table in connection.scalars(blown_up, {"tables": tables}).all():
            connection.execute(text(f"TRUNCATE {table} CASCADE"))
        connection.exec_driver_sql(first_day.replace("%", "%%"))
