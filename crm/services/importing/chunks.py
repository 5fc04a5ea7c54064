"""The rows of an upload, chunk by chunk, at a pace that leaves room for everybody else."""

import gc
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from sqlalchemy import func, select

from crm.alone import let_others_in
from crm.db import db, is_postgresql
from crm.services.importing.ahead import reading
from crm.services.importing.lease import Task
from crm.services.importing.rows import Row, upcoming

_LOCK = 0x1397  # the advisory lock that those who import or undo pass one by one
_FEW = 2_000  # rows of a file that is read here: they take no longer than a process needs to be there


def take_turn() -> None:
    """Wait, on PostgreSQL, until no other import writes; the turn ends with the present transaction."""
    if is_postgresql():
        db.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


class Pace:
    """How many rows a transaction takes. On SQLite it keeps all other writers out, so it holds for at most 200 ms and
    lets those who wait in for half as long; PostgreSQL wants large chunks.
    """

    aim, limit = 0.12, 2_000  # seconds (a merge of the search index may double them), rows

    def __init__(self, least: int = 50) -> None:
        # Of fewer rows the statements themselves take most of the time: on a busy machine chunks of 10 held the lock
        # nearly as long as chunks of 50, and never grew again.
        self.least = least
        self.shared = is_postgresql()
        self.rows = self.limit if self.shared else min(100, self.limit)
        self.resume_at = 0.0

    def note(self, held: float, rows: int) -> None:
        """So many seconds has a transaction of so many rows taken. What was read ahead of it has as many as were wanted
        before.
        """
        if self.shared or not rows:
            return
        self.resume_at = time.monotonic() + held / 2
        fitting = rows * self.aim / max(held, 0.001)
        self.rows = int(min(max(fitting, self.least), 2 * rows, self.limit))

    def wait(self) -> None:
        """Let others in before the next transaction."""
        let_others_in(self.resume_at)


def blocks(task: Task, pace: Pace) -> Generator[list[Row]]:
    """The rows that are still to be read, as many at a time as the pace has it. A large file is read ahead."""
    source = task.rows()
    if task.total_rows - task.read_rows <= _FEW:
        yield from iter(lambda: upcoming(source, pace.rows), [])
        return
    with reading(source) as reader:
        reader.ask(pace.rows)
        while found := reader.answer():
            reader.ask(pace.rows)
            yield found


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Rows make a hundred thousand objects that live for one chunk and never stand in a circle: looking for circles
    after every 700 of them took half of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
