"""The rows of an upload, chunk by chunk, at a pace that leaves room for everybody else."""

import gc
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import func, select

from crm.alone import let_others_in
from crm.db import db, is_postgresql
from crm.services.importing.lease import Task
from crm.services.importing.rows import Row

_LOCK = 0x1397  # the advisory lock that those who import or undo pass one by one


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

    def note(self, held: float) -> None:
        """So many seconds has a transaction taken."""
        if self.shared:
            return
        self.resume_at = time.monotonic() + held / 2
        fitting = self.rows * self.aim / max(held, 0.001)
        self.rows = int(min(max(fitting, self.least), 2 * self.rows, self.limit))

    def wait(self) -> None:
        """Let others in before the next transaction."""
        let_others_in(self.resume_at)


def blocks(task: Task, pace: Pace) -> Generator[list[Row]]:
    """The rows that are still to be read, as many at a time as the pace has it."""
    app, source = current_app._get_current_object(), task.rows()  # type: ignore[attr-defined]

    def block() -> list[Row]:
        with app.app_context(), force_locale(task.locale):
            return list(islice(source, pace.rows))

    if not pace.shared:
        # A thread that parses would take the interpreter from the one that holds SQLite's lock.
        yield from iter(block, [])
        return
    with ThreadPoolExecutor(1, thread_name_prefix="import") as ahead:
        future = ahead.submit(block)
        while found := future.result():
            future = ahead.submit(block)
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
