"""The database: types, and `atomic()`, the only place that commits."""

import functools
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Integer, MetaData, String, TypeDecorator, event, select
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session

from crm import connections  # noqa: F401  (every connection is prepared there)
from crm.errors import Busy, NotFound
from crm.i18n import gettext as _

log = logging.getLogger(__name__)
ATTEMPTS = 4
_TRANSIENT_STATES = {"40P01", "40001"}  # deadlock_detected, serialization_failure
# and too_many_connections, admin_shutdown, crash_shutdown, cannot_connect_now
_OUT_OF_REACH = _TRANSIENT_STATES | {"53300", "57P01", "57P02", "57P03"}


class Base(DeclarativeBase):
    """All tables, with constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def init_app(app: Flask) -> None:
    """Bind the database. A connection that broke meanwhile is dropped in silence when a request or a job ends: what it
    was for is answered already.
    """
    db.init_app(app)

    @app.teardown_appcontext
    def let_go(_error: BaseException | None) -> None:
        try:
            db.session.remove()
        except DBAPIError as error:
            log.warning("A connection to the database broke: %s", error.orig)
            db.session().invalidate()


P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Base)

# SQLite numbers rows by itself only in an INTEGER PRIMARY KEY.
BigId = BigInteger().with_variant(Integer, "sqlite")


def folded(length: int) -> String:
    """A column of folded text that sorts by code point on both engines."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC, on SQLite too (which keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_pretended: list[datetime] = []


def utcnow() -> datetime:
    """The present moment, aware, in UTC."""
    return _pretended[-1] if _pretended else datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the whole process think that it is this moment: `flask demo` lives through months so, and nobody else may.

    Who calls sees to it that the ledger has nothing later than that.
    """
    _pretended.append(moment)
    try:
        yield
    finally:
        _pretended.pop()


def is_postgresql() -> bool:
    """True where the bound database is PostgreSQL, False on SQLite."""
    return db.engine.dialect.name == "postgresql"


@contextmanager
def atomic() -> Iterator[Session]:
    """Commit what happens inside, or nothing of it; nested, a savepoint.

    On SQLite it takes the write lock at once (BEGIN IMMEDIATE): a transaction that reads first and writes later
    would be refused there as soon as another writer came between. The outermost one ends the read transaction
    that was open, so objects loaded before are as they were read: what decides is read again inside.
    """
    session = db.session()
    if session.info.get("atomic"):
        with _savepoint(session):
            yield session
        return
    session.commit()
    session.info.update(atomic=True, on_commit=[])
    try:
        session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
        yield session
        session.commit()
        callbacks = session.info["on_commit"]
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("atomic", None)
        session.info.pop("on_commit", None)
    _announce(callbacks)


def end_reading() -> None:
    """Let go of what has been read, so that nothing stays open in the database while somebody takes their time; within
    `atomic()` it does nothing. Objects are read again when they are asked for.
    """
    if not db.session().info.get("atomic"):
        db.session.rollback()


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for statements of which each stands alone: it sees what is committed when it begins, and no
    transaction is opened or left open. Within `atomic()` it is that transaction's own.
    """
    if db.session.registry.has() and db.session().info.get("atomic"):
        yield db.session.connection()
        return
    with db.engine.connect() as connection:
        alone = {"isolation_level": "AUTOCOMMIT"} if is_postgresql() else {"sqlite_begin": ""}
        yield connection.execution_options(**alone)


@contextmanager
def _savepoint(session: Session) -> Iterator[None]:
    registered = len(session.info["on_commit"])
    try:
        with session.begin_nested():
            yield
    except BaseException:
        del session.info["on_commit"][registered:]
        raise


@event.listens_for(Session, "before_flush")
def _refuse_flush(session: Session, *_details: Any) -> None:
    # Also where a query flushes by itself: the next atomic() would commit what nobody has asked for.
    if not session.info.get("atomic"):
        raise RuntimeError("changes were made outside of atomic()")


@event.listens_for(Session, "do_orm_execute")
def _refuse_statement(state: ORMExecuteState) -> None:
    if (state.is_insert or state.is_update or state.is_delete) and not state.session.info.get("atomic"):
        raise RuntimeError("changes were made outside of atomic()")


def on_commit(callback: Callable[[], object]) -> None:
    """Call it after the OUTERMOST commit, and never after a rollback; outside of `atomic()` is a mistake.

    What it raises is logged and goes no further: the change itself is safe by then.
    """
    session = db.session()
    if not session.info.get("atomic"):
        raise RuntimeError("on_commit() was called outside of atomic()")
    session.info["on_commit"].append(callback)


def _announce(callbacks: list[Callable[[], object]]) -> None:
    for callback in callbacks:
        try:
            callback()
        except Exception:
            log.exception("what should have followed a commit did not happen")


def retrying(function: Callable[P, R]) -> Callable[P, R]:
    """Run the function again, a bounded number of times, when the database was too busy or chose a deadlock's victim.

    Within an `atomic()` it does nothing: only the outermost transaction can be repeated. Raises `Busy` in the end.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if not is_transient(error) or db.session().info.get("atomic"):
                    raise
                if attempt == ATTEMPTS:
                    raise Busy(_("The database is busy. Nothing was changed; please try again in a moment.")) from error
                time.sleep(0.02 * 2**attempt)
        raise AssertionError("unreachable")

    return wrapper


def is_transient(error: OperationalError) -> bool:
    """True for deadlocks, serialization failures and SQLite's busy: the same transaction may pass the next time."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return getattr(error.orig, "sqlstate", None) in _TRANSIENT_STATES


def is_out_of_reach(error: DBAPIError) -> bool:
    """True where it is not the statement's fault: the database is stopped, starting, full of connections or busy."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode & 0xFF in (
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
        )
    state = getattr(error.orig, "sqlstate", None)
    unconnected = isinstance(error, OperationalError) and state is None
    return error.connection_invalidated or unconnected or state in _OUT_OF_REACH


def locked(model: type[M], pk: int) -> M:
    """The row as it is now, locked until the transaction ends; `NotFound` where there is none."""
    row = db.session.execute(
        select(model).where(model.__table__.c.id == pk).with_for_update().execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise NotFound(_("This no longer exists."))
    return row
