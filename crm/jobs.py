"""What workers do: each job finds its work in the database, under the app that its worker has made."""

import logging

from flask import current_app
from sqlalchemy.exc import OperationalError

from crm.ledger import days
from crm.queue import enqueue
from crm.services import imports

log = logging.getLogger(__name__)


def run_import(import_id: int) -> None:
    """Go on with an import from where it stands, to its end."""
    with current_app.app_context():
        imports.run(import_id)


def sweep() -> None:
    """Ring the bell for imports that wait though nobody works on them: their job was lost, or their worker died.

    Days that are over get their sums.
    """
    with current_app.app_context():
        try:
            overdue = imports.overdue()
            days.close()
        except OperationalError as error:
            log.warning("The database does not answer, the next sweep tries again: %s", error.orig)
            return
        for import_id in overdue:
            enqueue(run_import, import_id)
