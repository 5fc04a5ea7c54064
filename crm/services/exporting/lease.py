"""The lease on a file: which process writes it, how far it has come, and how it ends."""

import logging
import secrets
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import select, update

from crm.db import atomic, db, locked, retrying, utcnow
from crm.i18n import gettext as _
from crm.models import Export
from crm.services import audit
from crm.services.audit import Actor
from crm.services.exporting.orders import Order, restored

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
CLOSING = timedelta(minutes=15)  # that putting a workbook together may take, when there is no row to tell of any more
ATTEMPTS = 3
KEPT = timedelta(days=7)  # from the end on


class LeaseLostError(Exception):
    """Another process has taken over: what this one writes is not to be offered."""


class StopWantedError(Exception):
    """Somebody does not want the file any more."""


@dataclass(frozen=True)
class Task:
    """An export as it was when this process took it up."""

    id: int
    token: str
    order: Order
    locale: str

    @property
    def name(self) -> str:
        """What the file is called in the folder: nobody else writes there."""
        return f"{self.id}-{self.token}"


def folder() -> Path:
    """The folder of files that are being made and wait to be fetched; nobody but the product may look into it."""
    path = Path(current_app.config["CRM_INSTANCE"]) / "exports"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


@retrying
def claim(export_id: int) -> Task | None:
    """Take the export up for `LEASE`; None where it is over, or in other hands. It begins from nothing.

    After `ATTEMPTS` in vain it fails for good. Raises `NotFound`.
    """
    with atomic():
        export = locked(Export, export_id)
        now = utcnow()
        if export.is_final or (export.lease_until is not None and export.lease_until > now):
            return None
        if export.cancel_requested:
            close(export, "cancelled")
            return None
        if export.attempts >= ATTEMPTS:
            close(export, "failed", _("Making the file was begun several times and never came to its end."))
            return None
        token = secrets.token_hex(16)
        export.lease, export.lease_until = token, now + LEASE
        export.status, export.started_at, export.written_rows = "running", now, 0
        export.attempts += 1
        order = Order(export.noun, restored(export.noun, export.criteria), export.format)
        return Task(export.id, token, order, export.locale)


@retrying
def advance(task: Task, written: int, total: int, lease: timedelta = LEASE) -> None:
    """Tell how many rows of how many there are, and extend the lease. Raises `LeaseLostError` and `StopWantedError`."""
    with atomic() as session:
        mine = (Export.id == task.id, Export.lease == task.token, Export.status == "running")
        state = {"written_rows": written, "total_rows": total, "lease_until": utcnow() + lease}
        done = session.execute(update(Export).where(*mine).values(state).execution_options(synchronize_session=False))
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise LeaseLostError
        stopped = session.scalar(select(Export.cancel_requested).where(Export.id == task.id))
    if stopped:
        raise StopWantedError


@retrying
def finish(task: Task, rows: int, size: int, filename: str) -> None:
    """Offer the file, and put into the audit trail what has gone out. Raises `LeaseLostError`."""
    with atomic():
        export = locked(Export, task.id)
        if export.lease != task.token or export.is_final:
            raise LeaseLostError
        export.stored_as, export.size, export.filename = task.name, size, filename
        export.total_rows = export.written_rows = rows
        close(export, "done")
        record(Actor(export.created_by_id, export.origin), task.order, rows, export.id)


@retrying
def fail(task: Task, status: str, error: str = "") -> None:
    """End the export without a file, unless another process has taken it over."""
    with atomic():
        export = locked(Export, task.id)
        if export.lease == task.token and not export.is_final:
            close(export, status, error)


def close(export: Export, status: str, error: str = "") -> None:
    """Give the locked row its final status, within the present transaction."""
    export.status, export.error, export.finished_at = status, error, utcnow()
    export.lease, export.lease_until, export.expires_at = None, None, utcnow() + KEPT


def give_back(task: Task, in_vain: bool) -> None:
    """Let the next process begin at once; where even that is impossible, the lease runs out by itself. What was
    `in_vain` counts as an attempt.
    """
    mine = (Export.id == task.id, Export.lease == task.token)
    try:
        with atomic() as session:
            session.execute(
                update(Export).where(*mine).values(lease_until=None, attempts=Export.attempts - (0 if in_vain else 1))
            )
    except Exception:
        log.exception("export %s could not be given back", task.id)


def remove(name: str) -> None:
    """Remove the file of this name, and the folder in which it was put together."""
    (folder() / name).unlink(missing_ok=True)
    shutil.rmtree(folder() / f"{name}.parts", ignore_errors=True)


def record(actor: Actor, order: Order, rows: int, entity_id: int | str = "") -> None:
    """Put into the audit trail how many rows of what have gone out, with which filters, in the present transaction."""
    about = {"rows": rows, "format": order.format, **order.filters}
    changes = {name: (None, value) for name, value in about.items()}
    audit.record(actor, f"{order.noun}.exported", "export", entity_id, changes)


def leftovers() -> list[str]:
    """The names of files that nobody will offer: of processes that died, and of exports that are gone."""
    names = {path.name.removesuffix(".parts") for path in folder().iterdir()}
    known = {name for name in names if name.partition("-")[0].isdecimal()}
    pks = {int(name.partition("-")[0]) for name in known}
    offered = select(Export.id, Export.stored_as, Export.lease).where(Export.id.in_(pks))
    found = db.session.execute(offered) if pks else ()
    wanted = {name for pk, stored_as, lease in found for name in (stored_as, f"{pk}-{lease}")}
    return sorted(known - wanted)
