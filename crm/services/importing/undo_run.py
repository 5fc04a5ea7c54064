"""An undo at work: chunk by chunk from the last row on, under the import's lease."""

import logging
import time
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from crm import bulk
from crm.db import atomic, db, locked, retrying, utcnow
from crm.models import AuditEntry, Import
from crm.services import audit
from crm.services.audit import Actor
from crm.services.importing import counters, lease, undo_rules, undo_state, undo_write
from crm.services.importing.chunks import Pace, seldom_collected, take_turn
from crm.services.importing.lease import Progress, Task
from crm.services.importing.undo_fields import Outcome
from crm.services.importing.undo_state import REQUESTED, undo_origin, unfinished

log = logging.getLogger(__name__)
_WRITTEN = ("customers", "contact_channels", "customer_tags", "accounts", "account_balances", "payments", "operations")


def work(task: Task, progress: Progress) -> None:
    """Take back what is left of the import, the last row first; `progress` is told rows done, and rows in all."""
    upload = db.session.get_one(Import, task.id, populate_existing=True)
    actor, pace, total = _actor(task.id), Pace(least=100), upload.created + upload.updated
    done, last = upload.undone + upload.kept, None
    with seldom_collected():
        while True:
            pace.wait()
            begun = time.monotonic()
            outcomes = _chunk(task, upload, actor, last, pace.rows)
            if not outcomes:
                break
            pace.note(time.monotonic() - begun, len(outcomes))
            last, done = outcomes[-1].row, done + len(outcomes)
            progress(done, total)
    bulk.analyze(*_WRITTEN)
    _finish(task, actor)


def _actor(import_id: int) -> Actor:
    """Who has asked for the undo, as its changes are recorded."""
    asked = select(AuditEntry.actor_id).where(
        AuditEntry.entity == "import", AuditEntry.entity_id == str(import_id), AuditEntry.action == REQUESTED
    )
    return Actor(db.session.scalar(asked.order_by(AuditEntry.id.desc()).limit(1)), undo_origin(import_id))


@retrying
def _chunk(task: Task, upload: Import, actor: Actor, before: int | None, limit: int) -> Sequence[Outcome]:
    """Take back the next rows in one transaction with the counters; none are left where nothing is returned."""
    for _attempt in range(lease.ATTEMPTS):
        try:
            return _stored(task, upload, actor, before, limit)
        except IntegrityError:  # somebody has just taken one of the external ids: decide anew
            log.info("undo of import %s: a chunk is decided anew", task.id, exc_info=True)
    return _stored(task, upload, actor, before, limit)


def _stored(task: Task, upload: Import, actor: Actor, before: int | None, limit: int) -> Sequence[Outcome]:
    with atomic():
        take_turn()
        rows = unfinished(task.id, before, limit)
        if not rows:
            return []
        undoing = undo_rules.decide(rows, undo_state.load(upload, rows, lock=True))
        undo_write.store(undoing, task.id, actor)
        kept = sum(bool(outcome.note) for outcome in undoing.outcomes)
        counts = {"undone": Import.undone + len(rows) - kept, "kept": Import.kept + kept}
        counters.extend(task, attempts=0, **counts)
    return undoing.outcomes


@retrying
def _finish(task: Task, actor: Actor) -> None:
    with atomic():
        upload = locked(Import, task.id)
        if upload.lease != task.token or upload.status != task.status:
            return
        upload.status, upload.finished_at = "undone", utcnow()
        upload.lease = upload.lease_until = None
        upload.unseen = upload.created_by_id is not None
        counts = {name: (None, getattr(upload, name)) for name in ("undone", "kept")}
        audit.record(actor, "import.undone", "import", upload.id, counts)
