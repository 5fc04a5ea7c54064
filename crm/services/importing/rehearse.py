"""An import without writing: what it would do with every row."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from flask_babel import force_locale

from crm.db import db
from crm.services.importing import failures, file, lease
from crm.services.importing.decide import decide
from crm.services.importing.failures import Failure
from crm.services.importing.known import Known, load
from crm.services.importing.plan import MATCH, Plan
from crm.services.importing.rows import rows
from crm.services.importing.run import Progress, seldom_collected
from crm.services.tables import Layout

_BLOCK = 1_000


@dataclass
class Rehearsal:
    """What an import would do; the failures stand in the order of the file."""

    layout: Layout
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many rows would not be taken."""
        return len(self.failures)

    def errors_csv(self) -> Iterator[str]:
        """As `failures_csv`."""
        return failures.lines(self.layout.header.columns, self.layout.delimiter, self.failures)


def rehearse(
    source: Path,
    on_duplicate: str = "skip",
    mapping: Mapping[str, str] | None = None,
    locale: str = "en",
    progress: Progress = lambda read, total: None,
) -> Rehearsal:
    """Do everything that an import does but write: the counts are those that it would end with.

    Customers that would be made are kept in memory (about 2 kB a row). Raises `Invalid` as `accept` does.
    """
    file.check_options(on_duplicate, mapping)
    with tempfile.TemporaryDirectory() as folder, force_locale(locale), seldom_collected():
        path = Path(folder) / "upload"
        shutil.copyfile(source, path)
        layout = file.examined(path, mapping)
        result, known = Rehearsal(layout), Known()
        form = lease.layout_of(layout.header.columns, Plan.of_fields(layout.header.mapping, match=MATCH[:3]))
        source_rows = rows(layout.records(path), layout.header.line, form)
        while block := list(islice(source_rows, _BLOCK)):
            load(known, block, on_duplicate)
            db.session.rollback()  # nothing stays locked
            decisions = decide(block, known.owners, on_duplicate)
            for name in ("created", "updated", "unchanged", "skipped"):
                setattr(result, name, getattr(result, name) + decisions.counts[name])
            result.failures += [(one.row.cells, one.message) for one in decisions.results if one.outcome == "failed"]
            result.rows += len(block)
            progress(result.rows, layout.total)
    return result
