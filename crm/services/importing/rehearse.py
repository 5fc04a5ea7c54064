"""An import without writing: what it would do with every row."""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO

from flask_babel import force_locale

from crm.services.importing import failures, file, lease, problems, saved
from crm.services.importing.check import rehearsed
from crm.services.importing.chunks import seldom_collected
from crm.services.importing.failures import Failure
from crm.services.importing.lease import Progress
from crm.services.importing.plan import MATCH
from crm.services.importing.rows import rows
from crm.services.importing.shadow import Shadow
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
    _failures: IO[str] = field(default_factory=lambda: tempfile.TemporaryFile("w+"))  # noqa: SIM115  (gone with the object)

    def count(self, counts: Counter[str], failed: list[Failure]) -> None:
        """Add what would become of some rows."""
        for name, number in counts.items():
            setattr(self, name, getattr(self, name) + number)
        self.rows += counts.total()
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
    on_duplicate: str = "skip",
    mapping: Mapping[str, str] | None = None,
    locale: str = "en",
    progress: Progress = lambda read, total: None,
    match: Sequence[str] = MATCH,
    restore: bool = False,
) -> Rehearsal:
    """Do everything that an import does but write: the counts are those that it would end with.

    Customers that would be made are kept in a file (`Shadow`). Raises `Invalid` as `accept` does.
    """
    file.check_options(on_duplicate, mapping)
    with tempfile.TemporaryDirectory() as folder, force_locale(locale), seldom_collected():
        path = Path(folder) / "upload"
        shutil.copyfile(source, path)
        layout = file.examined(path, mapping)
        result = Rehearsal(layout)
        proposed = saved.propose(layout.header.columns, mapping, near=False).plan
        plan = replace(proposed, match=tuple(match), on_duplicate=on_duplicate, restore=restore)
        form = lease.layout_of(layout.header.columns, plan)
        problems.refuse(plan, layout.header.columns, form)
        source_rows = rows(layout.records(path), layout.header.line, form)
        with closing(Shadow(path.with_suffix(".check"), plan)) as shadow:
            while block := list(islice(source_rows, _BLOCK)):
                decisions = rehearsed(shadow, block)
                failed = [(one.row.cells, one.message) for one in decisions.results if one.outcome == "failed"]
                result.count(decisions.counts, failed)
                progress(result.rows, layout.total)
    return result
