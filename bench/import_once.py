"""`python -m bench.import_once FILE [ON_DUPLICATE]`: import it here, as a worker does; print seconds and memory."""

import json
import os
import sys
import time
from pathlib import Path

from crm import config, create_app
from crm.services import imports
from crm.services.audit import Actor


def main(source: Path, on_duplicate: str = "skip") -> None:
    """The app is the one of the environment; what is said of the memory is the whole process's, its app included.

    `seconds` are the worker's alone; `with_upload` has what comes before it too: the file is looked through.
    """
    app = create_app(config.load(os.environ) | {"RATELIMIT_ENABLED": False, "TESTING": True})
    with app.app_context():
        sent = time.perf_counter()
        with source.open("rb") as stream:
            upload = imports.accept(Actor(None, "bench"), stream, source.name, on_duplicate, start=False)
        begun, used = time.perf_counter(), time.process_time()
        imports.run(upload.id)
        ended, used = time.perf_counter(), time.process_time() - used
        done = imports.get(upload.id)
        if done.status != "done" or done.read_rows != done.total_rows:
            raise RuntimeError(done.error)
    found = {"seconds": ended - begun, "with_upload": ended - sent, "processor": used, "peak_mb": peak_mb()}
    print(json.dumps({**found, "rows": done.read_rows, "created": done.created}))


def peak_mb() -> int:
    """The most memory that this process has had: `ru_maxrss` would count what its parent had when it was made."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
