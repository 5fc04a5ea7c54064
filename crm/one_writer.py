"""SQLite's one writer: whoever waits for the database says so, and long work lets them in."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LOOK_SECONDS = 0.002


@contextmanager
def waiting(database: str) -> Iterator[None]:
    """Have others know that somebody waits to write; it ends with the process, however that ends."""
    descriptor = _open(database)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def let_in(database: str, until: float) -> None:
    """Stay back as long as somebody waits to write, until the moment of `time.monotonic()` at most."""
    while (left := until - time.monotonic()) > 0 and _somebody_waits(database):
        time.sleep(min(left, _LOOK_SECONDS))


def _somebody_waits(database: str) -> bool:
    descriptor = _open(database)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _open(database: str) -> int:
    return os.open(f"{database}.waiting", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
