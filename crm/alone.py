"""Work that one process does at a time, of all that share the database."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from crm import one_writer
from crm.db import db, is_postgresql


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """True for the one that does what the name says, False for the others meanwhile. It ends with the process, however
    that ends.
    """
    if is_postgresql():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            is_ours = bool(connection.scalar(select(func.pg_try_advisory_lock(func.hashtext(name)))))
            try:
                yield is_ours
            finally:
                if is_ours:
                    connection.execute(select(func.pg_advisory_unlock(func.hashtext(name))))
        return
    with Path(f"{db.engine.url.database}.{name}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def by_turns() -> Iterator[None]:
    """One transaction of many: SQLite has one writer, so there those who wait then have half as long as it took."""
    begun = time.monotonic()
    yield
    let_others_in((3 * time.monotonic() - begun) / 2)


def let_others_in(until: float) -> None:
    """Stay back, on SQLite, as long as others wait to write, until the moment of `time.monotonic()` at most."""
    if not is_postgresql():
        one_writer.let_in(str(db.engine.url.database), until)
