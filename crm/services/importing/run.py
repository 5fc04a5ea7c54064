"""Working through an upload: chunk by chunk from where it stands, under a lease that one process holds at a time."""

import logging
import time
from collections.abc import Callable
from contextlib import closing

from flask_babel import force_locale
from sqlalchemy.exc import IntegrityError

from crm import bulk
from crm.db import atomic, retrying
from crm.i18n import gettext as _
from crm.services.importing import counters, lease, openings, results, undo_run
from crm.services.importing.check import check
from crm.services.importing.chunks import Pace, blocks, seldom_collected, take_turn
from crm.services.importing.decide import decide
from crm.services.importing.known import Known, load
from crm.services.importing.lease import Progress, Task
from crm.services.importing.rows import Row
from crm.services.importing.write import write

log = logging.getLogger(__name__)
_WRITTEN = ("customers", "contact_channels", "customer_tags", "accounts", "account_balances", "payments", "operations")


def run(import_id: int, progress: Progress = lambda read, total: None) -> None:
    """Take the import up and work to its end (or that of its check); nothing happens when there is nothing to do, or
    another process is at it.

    `progress` is told how many rows have been read, and how many there are. Whatever is raised, the rows that were
    counted are stored, the others are not, and the import can be taken up again.
    """
    task = lease.claim(import_id)
    if task is None:
        return
    try:
        with force_locale(task.locale):
            _WORK[task.status](task, progress)
    except lease.LeaseLostError:
        log.warning("import %s was taken over by another process", import_id)
    except FileNotFoundError:
        with force_locale(task.locale):
            lease.finish(task, "failed", _("The uploaded file is gone. Upload it again."))
    except BaseException as error:
        lease.give_back(task, in_vain=isinstance(error, Exception))  # a worker that is stopped did nothing wrong
        raise


def _work(task: Task, progress: Progress) -> None:
    read, pace = task.read_rows, Pace()
    if not read:
        results.clear(task, pace)
    chunks = blocks(task, pace)
    with closing(chunks), seldom_collected():
        for block in chunks:
            pace.wait()
            held = store(task, block)
            if held is None:
                lease.finish(task, "cancelled")
                return
            pace.note(held, len(block))
            read += len(block)
            progress(read, task.total_rows)
    bulk.analyze(*_WRITTEN)
    lease.finish(task, "done")


_WORK: dict[str, Callable[[Task, Progress], None]] = {"running": _work, "checking": check, "undoing": undo_run.work}


@retrying
def store(task: Task, block: list[Row]) -> float | None:
    """Decide on the rows and write them, in one transaction with the counters; the seconds that it took.

    None, and nothing written, where somebody wants the import to stop. Raises `LeaseLostError`.
    """
    for _attempt in range(lease.ATTEMPTS):
        try:
            return _store(task, block)
        except IntegrityError:  # somebody has just taken one of the external ids: decide anew
            log.info("import %s: a chunk is decided anew", task.id, exc_info=True)
    return _store(task, block)


def _store(task: Task, block: list[Row]) -> float | None:
    with atomic():
        begun = time.monotonic()
        take_turn()
        if counters.is_to_stop(task):
            return None
        known = Known(task.started_at)
        load(known, block, task.plan)
        decisions = decide(block, known.owners, task.plan)
        write(decisions, task.id, task.actor_id)
        openings.write(decisions, task.id, task.actor_id)
        results.write(decisions.results, task.id)
        counters.advance(task, decisions.counts)
    return time.monotonic() - begun
