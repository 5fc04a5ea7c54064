"""`python -m bench.import_once FILE [ON_DUPLICATE]`: import it here, as a worker does; print seconds and memory."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from threading import Event, Thread

from crm import config, create_app
from crm.services import imports
from crm.services.audit import Actor
from crm.services.importing.choices import Choices


def main(source: Path, on_duplicate: str = "skip") -> None:
    """The app is the one of the environment; what is said of the memory is the whole process's, its app included, and
    what the process that reads ahead has for itself.

    `seconds` are the worker's alone; `with_upload` has what comes before it too: the file is looked through.
    """
    app = create_app(config.load(os.environ) | {"RATELIMIT_ENABLED": False, "TESTING": True})
    with app.app_context():
        sent = time.perf_counter()
        with source.open("rb") as stream:
            upload = imports.accept(Actor(None, "bench"), stream, source.name, Choices(on_duplicate), start=False)
        begun, used = time.perf_counter(), _processor()
        with _children_watched() as most:
            imports.run(upload.id)
        ended, used = time.perf_counter(), _processor() - used
        done = imports.get(upload.id)
        if done.status != "done" or done.read_rows != done.total_rows:
            raise RuntimeError(done.error)
    found = {"seconds": ended - begun, "with_upload": ended - sent, "processor": used}
    found["peak_mb"] = peak_mb() + most[0] // 1024
    print(json.dumps({**found, "rows": done.read_rows, "created": done.created}))


def _processor() -> float:
    """Seconds of processor time, those of children that have ended included."""
    spent = (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)


@contextmanager
def _children_watched() -> Iterator[list[int]]:
    """The most memory, in kB, that children have had which nobody shares with them; filled in as it goes."""
    most, over = [0], Event()

    def watch() -> None:
        while not over.wait(0.5):
            most[0] = max(most[0], sum(map(_private_kb, _children())))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()


def _children() -> list[str]:
    return [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]


def _private_kb(pid: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def peak_mb() -> int:
    """The most memory that this process has had: `ru_maxrss` would count what its parent had when it was made."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
