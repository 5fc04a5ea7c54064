"""Posting in the background what was accepted: batch after batch, each payment exactly once."""

import logging
import time
from collections.abc import Sequence

from sqlalchemy.exc import OperationalError

from crm.db import is_postgresql
from crm.errors import Busy
from crm.ledger import pending
from crm.ledger.pending import Posted
from crm.queue import ring

log = logging.getLogger(__name__)
JOB = "crm.jobs.post_payments"


def call_worker() -> None:
    """Ring for a worker if anything could be posted now."""
    if pending.due():
        ring(JOB)


def drain() -> Posted:
    """Post payments until none is due; how many were completed and how many failed.

    Faults of the machinery never make a payment FAILED: it stays and is tried again later. Raises `Busy` or
    `OperationalError` where the database does not answer; what was posted by then is safe.
    """
    completed = failed = 0
    while batch := post_some():
        completed, failed = completed + batch.completed, failed + batch.failed
    return Posted(completed, failed)


def post_some() -> Posted | None:
    """Post one batch of what is due, None where nothing is; `drain` says what it raises."""
    claimed = pending.claim()
    if not claimed:
        return None
    begun = time.monotonic()
    batch = _post(claimed)
    if not is_postgresql():
        time.sleep((time.monotonic() - begun) / 2)  # SQLite has one writer: the others get their turn
    return batch


def _post(payment_ids: Sequence[str]) -> Posted:
    """One batch; one by one where the database refuses it, so that a payment that cannot be posted stands alone."""
    try:
        return pending.post(payment_ids)
    except (OperationalError, Busy):
        raise
    except Exception:
        if len(payment_ids) == 1:
            log.exception("Payment %s cannot be posted; it waits, and is tried again later.", payment_ids[0])
            return Posted(0, 0)
        log.warning("A batch of %d payments cannot be posted together; they are posted one by one.", len(payment_ids))
    results = [_post([payment_id]) for payment_id in payment_ids]
    return Posted(sum(one.completed for one in results), sum(one.failed for one in results))
