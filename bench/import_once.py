"""`python -m bench.import_once FILE`: import it here, as a worker does; print seconds and peak memory."""

import json
import os
import resource
import sys
import time
from pathlib import Path

from crm import config, create_app
from crm.services import imports
from crm.services.audit import Actor


def main(source: Path) -> None:
    """The app is the one of the environment; what is said of the memory is the whole process's, its app included."""
    app = create_app(config.load(os.environ) | {"RATELIMIT_ENABLED": False, "TESTING": True})
    with app.app_context():
        with source.open("rb") as stream:
            upload = imports.accept(Actor(None, "bench"), stream, source.name, start=False)
        begun = time.perf_counter()
        imports.run(upload.id)
        seconds = time.perf_counter() - begun
        done = imports.get(upload.id)
        if done.status != "done" or done.read_rows != done.total_rows:
            raise RuntimeError(done.error)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "rows": done.read_rows, "created": done.created}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
