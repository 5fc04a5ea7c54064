"""SQLite's one writer: whoever waits for the database says so, and long work lets them in."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_LOOK_SECONDS = 0.002


@contextmanager
def waiting(database: str) -> Iterator[None]:
    """Have others know that somebody waits to write; it ends with the process, however that ends."""
    with _mark(database) as mark:
        if mark is not None:
            fcntl.flock(mark, fcntl.LOCK_SH)
        yield


def let_in(database: str, until: float) -> None:
    """Stay back as long as somebody waits to write, until the moment of `time.monotonic()` at most."""
    while (left := until - time.monotonic()) > 0 and _somebody_waits(database):
        time.sleep(min(left, _LOOK_SECONDS))


def _somebody_waits(database: str) -> bool:
    with _mark(database) as mark:
        if mark is None:
            return True  # they cannot say so
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def _mark(database: str) -> Iterator[int | None]:
    """The open file whose lock says so; None where it is not ours to open. A child that was forked meanwhile has it
    too, so the lock is let go before it is closed.
    """
    descriptor = None
    with suppress(OSError):
        descriptor = os.open(f"{database}.waiting", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)
