"""What workers do: each job finds its work in the database, under the app that its worker has made."""

from flask import current_app

from crm.queue import enqueue
from crm.services import imports


def run_import(import_id: int) -> None:
    """Go on with an import from where it stands, to its end."""
    with current_app.app_context():
        imports.run(import_id)


def sweep() -> None:
    """Ring the bell for imports that wait though nobody works on them: their job was lost, or their worker died."""
    with current_app.app_context():
        for import_id in imports.overdue():
            enqueue(run_import, import_id)
