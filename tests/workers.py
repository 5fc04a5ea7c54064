"""Children of the test's own process, each a real one, that may be killed at any moment; workers among them."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from crm.cli import background
from crm.db import db

PATIENCE = 60


class Child:
    """A process that does what it is told, on connections of its own, and ends; in a process group of its own."""

    def __init__(self, act: Callable[[], object]) -> None:
        db.session.remove()
        db.engine.dispose()  # no connection goes into the child
        self.pid = os.fork()
        with suppress(OSError):
            os.setpgid(self.pid, self.pid)
        if self.pid:
            return
        code = 1
        try:
            act()
            code = 0
        finally:
            os._exit(code)  # nothing of pytest's runs twice

    def wait(self) -> int:
        """How it has ended: its exit code, or the negative number of the signal that killed it."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        """SIGKILL; what it has forked sees to it that it dies too."""
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            self.wait()


@contextmanager
def worker() -> Iterator[Child]:
    """What `flask worker` runs, for the current app; killed in the end."""
    child = Child(background.run_worker)
    try:
        yield child
    finally:
        child.kill()


def kill_self() -> None:
    """kill -9 for this very process."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(PATIENCE)


def eventually(holds: Callable[[], object]) -> None:
    """Wait until it holds, each time looking anew."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s"
        time.sleep(0.01)
        db.session.rollback()
