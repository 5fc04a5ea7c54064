"""An import without writing: what it would do with every row."""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from flask_babel import force_locale

from crm.db import utcnow
from crm.services.importing import failures, lease
from crm.services.importing.check import rehearsed
from crm.services.importing.choices import AS_PROPOSED, Choices
from crm.services.importing.chunks import seldom_collected
from crm.services.importing.decide import Decisions
from crm.services.importing.failures import Failure
from crm.services.importing.lease import Progress
from crm.services.importing.rows import rows, upcoming
from crm.services.importing.shadow import Shadow
from crm.services.importing.upload import examined
from crm.services.tables import Layout

_BLOCK = 1_000


@dataclass
class Rehearsal:
    """What an import would do; the failed rows are kept in a file, in their order."""

    layout: Layout
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    openings: Counter[str] = field(default_factory=Counter)  # minor units by currency
    _failures: IO[str] = field(default_factory=lambda: tempfile.TemporaryFile("w+"))  # noqa: SIM115  (gone with the object)

    def count(self, decisions: Decisions) -> None:
        """Add what would become of some rows."""
        counts = decisions.counts
        for name, number in counts.items():
            setattr(self, name, getattr(self, name) + number)
        self.rows += counts.total()
        for opening in decisions.openings:
            self.openings[opening.currency] += opening.amount
        failed: list[Failure] = [(one.row.cells, one.message) for one in decisions.results if one.outcome == "failed"]
        self._failures.writelines(f"{json.dumps(failure)}\n" for failure in failed)

    def failed_file(self) -> failures.File:
        """As `imports.failed_file`."""
        self._failures.seek(0)
        found = (json.loads(line) for line in self._failures)
        layout = self.layout
        return failures.as_uploaded(layout.kind, layout.encoding, layout.delimiter, layout.header.columns, found)

    def errors_csv(self) -> Iterator[str]:
        """As `failures_csv`."""
        self._failures.seek(0)
        found = (json.loads(line) for line in self._failures)
        return failures.lines(self.layout.header.columns, self.layout.delimiter, found)


def rehearse(
    source: Path,
    choices: Choices = AS_PROPOSED,
    locale: str = "en",
    progress: Progress = lambda read, total: None,
) -> Rehearsal:
    """Do everything that an import does but write: the counts are those that it would end with.

    Customers that would be made are kept in a file (`Shadow`). Raises `Invalid` as `accept` does.
    """
    with tempfile.TemporaryDirectory() as folder, force_locale(locale), seldom_collected():
        path = Path(folder) / "upload"
        shutil.copyfile(source, path)
        layout, plan = examined(path, choices)
        result = Rehearsal(layout)
        form = lease.layout_of(layout.header.columns, plan)
        begun = utcnow()
        source_rows = rows(layout.records(path), layout.header.line, form)
        with closing(Shadow(path.with_suffix(".check"), plan)) as shadow:
            while block := upcoming(source_rows, _BLOCK):
                result.count(rehearsed(shadow, block, begun))
                progress(result.rows, layout.total)
    return result
