"""Working through an upload: chunk by chunk from where it stands, under a lease that one process holds at a time."""

import gc
import logging
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from crm import bulk
from crm.db import atomic, is_postgresql, retrying
from crm.i18n import gettext as _
from crm.models import Import
from crm.services.importing import lease, openings
from crm.services.importing.decide import decide
from crm.services.importing.known import Known, load
from crm.services.importing.lease import Task
from crm.services.importing.rows import Row
from crm.services.importing.write import write

log = logging.getLogger(__name__)
Progress = Callable[[int, int], object]
_WRITTEN = ("customers", "contact_channels", "customer_tags", "accounts", "account_balances", "payments", "operations")
_LOCK = 0x1397  # the advisory lock that importers pass one by one


def run(import_id: int, progress: Progress = lambda read, total: None) -> None:
    """Take the import up and work to its end; nothing happens when it is over, or another process is at it.

    `progress` is told how many rows have been read, and how many there are. Whatever is raised, the rows that were
    counted are stored, the others are not, and the import can be taken up again.
    """
    task = lease.claim(import_id)
    if task is None:
        return
    try:
        with force_locale(task.locale):
            _work(task, progress)
    except lease.LeaseLostError:
        log.warning("import %s was taken over by another process", import_id)
    except FileNotFoundError:
        with force_locale(task.locale):
            lease.finish(task, "failed", _("The uploaded file is gone. Upload it again."))
    except BaseException:
        lease.give_back(task)
        raise


def _work(task: Task, progress: Progress) -> None:
    read, pace = task.read_rows, _Pace()
    blocks = _blocks(task, pace)
    with closing(blocks), seldom_collected():
        for block in blocks:
            pace.wait()
            held = store(task, block)
            if held is None:
                lease.finish(task, "cancelled")
                return
            pace.note(held)
            read += len(block)
            progress(read, task.total_rows)
    bulk.analyze(*_WRITTEN)
    lease.finish(task, "done")


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Rows make a hundred thousand objects that live for one chunk and never stand in a circle: looking for circles
    after every 700 of them took half of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Pace:
    """How many rows a transaction takes. On SQLite it keeps all other writers out, so it holds for at most 200 ms and
    lets them in for half as long; PostgreSQL wants large chunks.
    """

    aim, limit = 0.12, 2_000  # seconds (a merge of the search index may double them), rows

    def __init__(self) -> None:
        self.shared = is_postgresql()
        self.rows = self.limit if self.shared else min(100, self.limit)
        self.resume_at = 0.0

    def note(self, held: float) -> None:
        if self.shared:
            return
        self.resume_at = time.monotonic() + held / 2
        fitting = self.rows * self.aim / max(held, 0.001)
        self.rows = int(min(max(fitting, 10), 2 * self.rows, self.limit))

    def wait(self) -> None:
        time.sleep(max(0.0, self.resume_at - time.monotonic()))


def _blocks(task: Task, pace: _Pace) -> Generator[list[Row]]:
    app, source = current_app._get_current_object(), task.rows()  # type: ignore[attr-defined]

    def block() -> list[Row]:
        with app.app_context(), force_locale(task.locale):
            return list(islice(source, pace.rows))

    if not pace.shared:
        # A thread that parses would take the interpreter from the one that holds SQLite's lock.
        yield from iter(block, [])
        return
    with ThreadPoolExecutor(1, thread_name_prefix="import") as ahead:
        future = ahead.submit(block)
        while found := future.result():
            future = ahead.submit(block)
            yield found


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
    with atomic() as session:
        begun = time.monotonic()
        if is_postgresql():
            session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        if session.scalar(select(Import.cancel_requested).where(Import.id == task.id)):
            return None
        known = Known()
        load(known, block, task.on_duplicate)
        decisions = decide(block, known.owners, task.on_duplicate)
        write(decisions, task.id, task.actor_id)
        openings.write(decisions, task.id, task.actor_id)
        lease.advance(task, decisions, len(block))
    return time.monotonic() - begun
