"""The rows of an upload, chunk by chunk, at a pace that leaves room for everybody else."""

import gc
import os
import signal
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context

from sqlalchemy import func, select

from crm import processes
from crm.alone import let_others_in
from crm.db import db, is_postgresql
from crm.services.importing.lease import Task
from crm.services.importing.rows import Row

_LOCK = 0x1397  # the advisory lock that those who import or undo pass one by one
_FEW = 2_000  # rows of a file that is read here: they take no longer than a process needs to be there
_source: Iterator[Row] = iter(())  # of the process that reads


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
    """The rows that are still to be read, as many at a time as the pace has it.

    Of a large file a process of its own reads the next ones meanwhile: a thread would take the interpreter from the one
    that holds SQLite's lock, and handing rows over takes a fifth of the time that reading them does.
    """
    if task.total_rows - task.read_rows <= _FEW:
        source = task.rows()
        yield from iter(lambda: list(islice(source, pace.rows)), [])
        return
    with ProcessPoolExecutor(1, get_context("fork"), _begin, (task, os.getpid())) as reader:
        following = reader.submit(_following, pace.rows)
        while found := following.result():
            following = reader.submit(_following, pace.rows)
            yield found


def _begin(task: Task, parent: int) -> None:
    """In the process that reads: it has the parent's connections too, and lets them be."""
    global _source
    processes.die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to both, and the parent ends this one
    _source = task.rows()


def _following(many: int) -> list[Row]:
    return list(islice(_source, many))


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
