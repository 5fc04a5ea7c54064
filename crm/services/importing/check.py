"""A check: everything that a run does but storing customers; what would become of each row is kept for the operator."""

import time
from contextlib import closing
from datetime import datetime

from crm.db import atomic, db, retrying
from crm.services.importing import counters, lease, openings, results
from crm.services.importing.chunks import Pace, blocks, seldom_collected
from crm.services.importing.decide import Decisions, decide
from crm.services.importing.known import Known, load
from crm.services.importing.lease import Progress, Task
from crm.services.importing.rows import Row
from crm.services.importing.shadow import Shadow


def check(task: Task, progress: Progress) -> None:
    """Go through the whole file from its top (what an earlier process knew of it is gone), and end as `checked`;
    as `draft` again where somebody wants it to stop.
    """
    read, pace = 0, Pace()
    results.clear(task, pace)
    shadow = Shadow(task.path.with_suffix(".check"), task.plan)
    chunks = blocks(task, pace)
    with closing(shadow), closing(chunks), seldom_collected():
        for block in chunks:
            decisions = rehearsed(shadow, block, task.started_at)
            pace.wait()
            held = _note(task, decisions)
            if held is None:
                lease.finish(task, "draft")
                return
            pace.note(held, len(block))
            read += len(block)
            progress(read, task.total_rows)
    lease.finish(task, "checked")


def rehearsed(shadow: Shadow, block: list[Row], begun: datetime) -> Decisions:
    """What would become of the rows after those that the shadow remembers; nothing stays locked. It is looked for
    among the customers of that moment.
    """
    known = Known(begun, shadow)
    load(known, block, shadow.plan)
    db.session.rollback()
    decisions = decide(block, known.owners, shadow.plan)
    shadow.store(decisions.new, decisions.changed)
    return decisions


@retrying
def _note(task: Task, decisions: Decisions) -> float | None:
    with atomic():
        begun = time.monotonic()
        if counters.is_to_stop(task):
            return None
        results.write(decisions.results, task.id, whole=True)
        openings.count(task.id, decisions.openings)
        counters.advance(task, decisions.counts)
    return time.monotonic() - begun
