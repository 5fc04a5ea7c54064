"""`python -m bench.export_once FORMAT`: write all customers here, as a worker does; print seconds and peak memory."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.import_once import peak_mb
from crm import config, create_app
from crm.db import db
from crm.services.exporting import files
from crm.services.exporting.orders import Order
from crm.services.importing.chunks import seldom_collected
from crm.services.search import Criteria


def main(format_: str) -> None:
    """The app is the one of the environment; what is said of the memory is the whole process's, its app included."""
    app = create_app(config.load(os.environ) | {"RATELIMIT_ENABLED": False, "TESTING": True})
    with app.app_context():
        before, begun = peak_mb(), time.perf_counter()
        written(format_)
        print(json.dumps({"seconds": time.perf_counter() - begun, "peak_mb": peak_mb(), "before_mb": before}))


def written(format_: str) -> None:
    """Write all customers into a file that goes at once."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "file").open("wb") as file, seldom_collected():
        sheet = Order("customers", Criteria(status="")).sheet()
        files.write(sheet, format_, file, lambda _rows: None, scratch=Path(folder))
    db.session.rollback()


if __name__ == "__main__":
    main(sys.argv[1])
