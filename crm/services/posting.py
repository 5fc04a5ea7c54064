"""Posting in the background what was accepted: batch after batch, each payment exactly once."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from flask import current_app
from sqlalchemy.exc import OperationalError

from crm.alone import alone, by_turns
from crm.db import is_postgresql
from crm.errors import Busy
from crm.ledger import pending
from crm.ledger.pending import Posted
from crm.queue import ring

log = logging.getLogger(__name__)
JOB = "crm.jobs.post_payments"
LOCK = "posting"


def call_worker() -> None:
    """Ring for a worker if anything could be posted now."""
    if pending.are_due():
        ring(JOB)


def drain() -> Posted:
    """Post payments until none is due; how many were completed and how many failed.

    One process does it at a time, so that payments are posted in the order they were accepted; the others leave it to
    that one. Faults of the machinery never make a payment FAILED: it stays and is tried again later. Raises `Busy` or
    `OperationalError` where the database does not answer; what was posted by then is safe.
    """
    completed = failed = 0
    while pending.are_due():  # asked again when the others can see that nobody is at it any more
        with alone(LOCK) as is_ours:
            if not is_ours:
                break
            for claimed in _claimed():
                batch = _post(claimed)
                completed, failed = completed + batch.completed, failed + batch.failed
    return Posted(completed, failed)


def _claimed() -> Iterator[list[str]]:
    """Batches until none is due. PostgreSQL claims the next one while a batch is posted; SQLite has one writer, and
    those who wait get their turn after each batch.
    """
    if not is_postgresql():
        while claimed := pending.claim():
            with by_turns():
                yield claimed
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def claim(in_hand: Sequence[str]) -> list[str]:
        with app.app_context():
            return pending.claim(in_hand=in_hand)

    with ThreadPoolExecutor(1, thread_name_prefix="claim") as ahead:
        claimed = pending.claim()
        while claimed:
            following = ahead.submit(claim, claimed)
            yield claimed
            claimed = following.result() or pending.claim()


def post_some() -> None:
    """Post one batch of what is due, in the middle of other work; `drain` says what it raises."""
    with alone(LOCK) as is_ours:
        if is_ours and (claimed := pending.claim()):
            _post(claimed)
    call_worker()


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
