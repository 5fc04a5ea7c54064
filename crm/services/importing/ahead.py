"""Reading rows ahead: a process of its own reads and checks the next ones while those before them are written.

A thread would take the interpreter from the one that holds SQLite's lock. Handing rows over takes a fifth of the time
that reading them does.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection

from crm import processes
from crm.services.importing.rows import Row, upcoming

_FORK = get_context("fork")  # the rows' source goes along as it is


class Reader:
    """The process that reads, as the one that writes sees it: each `ask` has one `answer`."""

    def __init__(self, pipe: "Connection[int, list[Row] | Exception]") -> None:
        self._pipe = pipe

    def ask(self, many: int) -> None:
        """Have so many rows read. Raises `OSError` where the process is gone."""
        self._pipe.send(many)

    def answer(self) -> list[Row]:
        """The rows that were asked for, fewer where they are long, none at the end. Raises what their source raises,
        and `EOFError` or `OSError` where the process is gone.
        """
        found = self._pipe.recv()
        if isinstance(found, Exception):
            raise found
        return found


@contextmanager
def reading(source: Iterator[Row]) -> Iterator[Reader]:
    """A process that reads from the source, and ends with the block or with its parent, however that ends."""
    ours, theirs = _FORK.Pipe()
    process = _FORK.Process(target=_read, args=(source, theirs, ours, os.getpid()), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Reader(ours)
    finally:
        process.kill()
        process.join()
        ours.close()


def _read(source: Iterator[Row], pipe: "Connection[list[Row] | Exception, int]", ours: Connection, parent: int) -> None:
    """What the process does. It has its parent's connections to the database too, and lets them be."""
    processes.die_with(parent)
    ours.close()  # or the parent's end would never seem closed
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a worker's has it end after its job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to both, and the parent ends this one
    with suppress(EOFError, OSError):
        while True:
            many = pipe.recv()
            pipe.send(_following(source, many))


def _following(source: Iterator[Row], many: int) -> list[Row] | Exception:
    try:
        return upcoming(source, many)
    except Exception as error:
        return error
