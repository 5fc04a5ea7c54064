"""What workers do: each job finds its work in the database, under the app that its worker has made."""

import logging
from collections.abc import Callable

from flask import current_app
from sqlalchemy.exc import OperationalError

from crm.errors import Busy
from crm.ledger import chain, days
from crm.queue import answer, enqueue
from crm.services import exports, holds, imports, mails, posting, proofs, proving, welcome

log = logging.getLogger(__name__)


def run_import(import_id: int) -> None:
    """Go on with an import from where it stands, to its end. A worker does one job at a time: payments that wait are
    posted between the import's chunks, what is held for too long is let go, and a letter is sent, not after it.
    """
    with current_app.app_context():
        imports.run(import_id, lambda _read, _total: _meanwhile())


def run_export(export_id: int) -> None:
    """Write a file; what must not wait for its end is done between its rows, as with an import."""
    with current_app.app_context():
        exports.run(export_id, _meanwhile)


def prove(run_id: int) -> None:
    """Prove the ledger; what must not wait for its end is done between two laws."""
    with current_app.app_context():
        try:
            proving.run(run_id, lambda _finding: _meanwhile())
        except (Busy, OperationalError) as error:
            log.warning("The database does not answer; the ledger is proved later: %s", error)


def _meanwhile() -> None:
    posting.post_some()
    holds.expire_some()
    mails.deliver(limit=1)


def post_payments() -> None:
    """Post the payments that wait until none is due."""
    with current_app.app_context():
        answer(posting.JOB)
        try:
            posting.drain()
        except (Busy, OperationalError) as error:
            log.warning("The database does not answer; payments that wait are posted by the next sweep: %s", error)


def send_mails() -> None:
    """Send the letters that wait until none is due."""
    with current_app.app_context():
        answer(mails.JOB)
        try:
            mails.deliver()
        except (Busy, OperationalError) as error:
            log.warning("The database does not answer; letters that wait are sent by the next sweep: %s", error)


def welcome_customers() -> None:
    """Open the wallets of the customers who have confirmed their e-mails."""
    with current_app.app_context():
        answer(welcome.JOB)
        try:
            welcome.welcome_all()
        except (Busy, OperationalError) as error:
            log.warning("The database does not answer; new customers are welcomed by the next sweep: %s", error)


def sweep() -> None:
    """Ring the bell for imports, exports, payments and letters that wait though nobody works on them: their job was
    lost, or their worker died.

    What is held for too long is let go, days that are over get their sums, files that have expired go, and drafts of
    imports that nobody has started. In the end new operations are chained, between which what must not wait is done.
    """
    with current_app.app_context():
        try:
            posting.call_worker()
            holds.expire_due()
            mails.call_worker()
            mails.forget()
            welcome.call_worker()
            overdue: list[tuple[Callable[[int], None], int]] = [(run_import, pk) for pk in imports.overdue()]
            overdue += [(run_export, pk) for pk in exports.overdue()]
            exports.clear_away()
            imports.clear_away()
            days.close()
            proofs.forget()
            overdue += [(prove, pk) for pk in proofs.overdue()]
        except (Busy, OperationalError) as error:
            log.warning("The database does not answer, the next sweep tries again: %s", getattr(error, "orig", error))
            return
        for job, pk in overdue:
            enqueue(job, pk)
        try:
            chain.extend(_meanwhile)
        except (Busy, OperationalError) as error:
            log.warning("The database does not answer; the next sweep extends the chain of operations: %s", error)
