"""Writing a file in the background: from its first row, under a lease that one process holds at a time."""

import logging
import os
import time
from collections.abc import Callable

from flask_babel import force_locale

from crm.db import end_reading
from crm.errors import DomainError
from crm.services.exporting import files, lease
from crm.services.exporting.lease import Task
from crm.services.importing.run import seldom_collected

log = logging.getLogger(__name__)
_TOLD = 0.5  # seconds between two reports of how far it has come


def run(export_id: int, between: Callable[[], object] = lambda: None) -> None:
    """Take the export up and write its file to the end; nothing happens when it is over, or another process is at it.

    After every thousand rows `between` is called. Whatever is raised, no part of a file is offered, and the export can
    be taken up again. Raises `NotFound`.
    """
    task = lease.claim(export_id)
    if task is None:
        return
    try:
        with force_locale(task.locale), seldom_collected():
            _write(task, between)
    except lease.LeaseLostError:
        log.warning("export %s was taken over by another process", export_id)
        lease.remove(task.name)
    except (lease.StopWantedError, DomainError) as error:
        lease.remove(task.name)
        stopped = isinstance(error, lease.StopWantedError)
        lease.fail(task, "cancelled" if stopped else "failed", "" if stopped else str(error))
    except BaseException as error:
        lease.remove(task.name)
        lease.give_back(task, in_vain=isinstance(error, Exception))  # a worker that is stopped did nothing wrong
        raise


def _write(task: Task, between: Callable[[], object]) -> None:
    sheet = task.order.sheet()
    written, told = 0, time.monotonic()
    lease.advance(task, 0, sheet.total)

    def beat(rows: int) -> None:
        nonlocal written, told
        written += rows
        end_reading()
        if not rows:
            lease.advance(task, written, sheet.total, lease.CLOSING)
        elif time.monotonic() - told > _TOLD:
            lease.advance(task, written, sheet.total)
            told = time.monotonic()
        between()

    path, scratch = lease.folder() / task.name, lease.folder() / f"{task.name}.parts"
    scratch.mkdir(mode=0o700)
    with path.open("xb") as file:
        files.write(sheet, task.order.format, file, beat, scratch=scratch)
        file.flush()
        os.fsync(file.fileno())  # it is offered for days, so it outlives a power cut
        size = file.tell()
    scratch.rmdir()
    lease.finish(task, written, size, f"{sheet.name}.{task.order.format}")
