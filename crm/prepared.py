"""Statements that nearly every request asks: compiled once, and run by the driver itself. SQLAlchemy's way from a
statement to its rows takes several times as long as the database does.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from crm.db import db

Process = Callable[[Any], Any] | None


class _Compiled(NamedTuple):
    sql: str
    fixed: dict[str, Any]  # parameters that the statement has in it
    binds: Mapping[str, Process]  # all parameters, in their order
    columns: tuple[Process, ...]


class Prepared:
    """A SELECT whose parameters are `bindparam`s, ready to be run any number of times.

    It opens no transaction and leaves none open; within `atomic()` it is asked in that one.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, **values: Any) -> list[Any]:
        """All rows, as named tuples. Raises SQLAlchemy's `DBAPIError` and its kinds."""
        dialect = db.engine.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        given = compiled.fixed | values
        bound: Any = {name: _as(process, given[name]) for name, process in compiled.binds.items()}
        if dialect.positional:
            bound = tuple(bound.values())
        with _driver(compiled.sql) as driver:
            found = driver.execute(compiled.sql, bound).fetchall()
        return [self._row._make(map(_as, compiled.columns, row)) for row in found]

    @cached_property
    def _row(self) -> Any:
        return namedtuple("Row", self.statement.selected_columns.keys())

    def _compile(self, dialect: Dialect) -> _Compiled:
        made: Any = self.statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        names = made.positiontup or list(made.binds)
        binds = {name: made.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names}
        columns = tuple(
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in self.statement.selected_columns
        )
        fixed = {name: bind.value for name, bind in made.binds.items() if not bind.required}
        self._compiled[dialect.name] = _Compiled(str(made), fixed, binds, columns)
        return self._compiled[dialect.name]


def _as(process: Process, value: Any) -> Any:
    return process(value) if process else value


@contextmanager
def _driver(statement: str) -> Iterator[Any]:
    """The driver's own connection: that of the transaction that is open, else one of the pool's."""
    if db.session.registry.has() and db.session().info.get("atomic"):
        yield db.session.connection().connection.driver_connection
        return
    fairy = db.engine.raw_connection()
    driver: Any = fairy.driver_connection
    is_sqlite = isinstance(driver, sqlite3.Connection)  # which is told nothing: it begins what it is told to begin
    try:
        if not is_sqlite:
            driver.autocommit = True
        yield driver
        if not is_sqlite:
            driver.autocommit = False
    except BaseException as error:
        fairy.invalidate()  # whatever state it is in, nobody else gets it
        if isinstance(error, psycopg.Error | sqlite3.Error):
            raise _told(statement, error, driver) from error
        raise
    finally:
        fairy.close()


def _told(statement: str, error: Exception, driver: Any) -> BaseException:
    """The error as SQLAlchemy would have raised it: callers know nothing of the driver."""
    dialect: Any = db.engine.dialect
    is_gone = dialect.is_disconnect(error, driver, None)
    return DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error, connection_invalidated=is_gone, hide_parameters=True
    )
