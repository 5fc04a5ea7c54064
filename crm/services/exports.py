"""Lists as files: small ones at once, large ones in the background; the audit trail says who took what."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import and_, delete, or_, select

from crm.config import LOCALES
from crm.db import atomic, db, locked, on_commit, retrying, utcnow
from crm.errors import NotFound, TooMany
from crm.i18n import gettext as _
from crm.models import Export
from crm.queue import enqueue
from crm.services import audit
from crm.services.audit import Actor
from crm.services.exporting import lease
from crm.services.exporting.orders import Order, stored
from crm.services.exporting.run import run
from crm.services.exporting.sheet import Sheet

__all__ = [
    "accept",
    "cancel",
    "clear_away",
    "file_of",
    "get",
    "is_large",
    "overdue",
    "recent",
    "record",
    "run",
    "taken",
]
AT_ONCE = 10_000  # rows that are written while somebody waits
A_PERSONS = 5  # files that one person may have under way: more would keep the workers from everybody else's
JOB = "crm.jobs.run_export"
_WAITS = timedelta(seconds=5)  # longer than a worker needs to hear the bell
_UNDER_WAY = ("queued", "running")


def is_large(order: Order) -> bool:
    """Whether it is to be made in the background. Raises `Invalid` by field, and `NotFound`."""
    return order.count(AT_ONCE + 1) > AT_ONCE


def taken(actor: Actor, order: Order) -> Sheet:
    """The sheet, to be sent while it is written; that the actor takes it is in the audit trail. Raises as `is_large`
    does.
    """
    sheet = order.sheet()
    record(actor, order, sheet.total)
    return sheet


@retrying
def record(actor: Actor, order: Order, rows: int) -> None:
    """Put into the audit trail that the actor takes so many rows, of a file that is written already."""
    with atomic():
        lease.record(actor, order, rows)


@retrying
def accept(actor: Actor, order: Order, locale: str = "en") -> Export:
    """Have a worker write the file, with headings in `locale`; what somebody waits for is not made twice for them.

    Raises `TooMany` where they wait for `A_PERSONS` others.
    """
    criteria = stored(order.criteria)
    with atomic() as session:
        waiting = select(Export).where(Export.created_by_id == actor.user_id, Export.status.in_(_UNDER_WAY))
        under_way = session.scalars(waiting).all()
        for export in under_way:
            same = (export.noun, export.format, export.criteria) == (order.noun, order.format, criteria)
            if same and not export.cancel_requested:
                return export
        if len(under_way) >= A_PERSONS and actor.user_id is not None:
            raise TooMany(
                _(
                    "You have %(count)d files under way already. Wait until one of them is done, or stop one.",
                    count=A_PERSONS,
                )
            )
        export = Export(
            noun=order.noun, criteria=criteria, format=order.format, created_by_id=actor.user_id,
            locale=locale if locale in LOCALES else LOCALES[0], origin=actor.origin[:64],
        )  # fmt: skip
        session.add(export)
        session.flush()
        on_commit(lambda: enqueue(JOB, export.id))
    return export


@retrying
def cancel(pk: int) -> Export:
    """Stop making the file: at once where nobody is at it, else within a second. Raises `NotFound`."""
    with atomic():
        export = locked(Export, pk)
        if not export.is_final:
            export.cancel_requested = True
            if export.lease_until is None or export.lease_until <= utcnow():
                lease.close(export, "cancelled")
    return export


def get(pk: int, user_id: int, everybodys: bool) -> Export:
    """The export as it stands now, of this person or `everybodys`; else `NotFound`."""
    export = db.session.get(Export, pk, populate_existing=True)
    if export is None or not (everybodys or export.created_by_id == user_id):
        raise NotFound(_("There is no such file; it may have expired."))
    return export


def recent(user_id: int, everybodys: bool, limit: int) -> list[Export]:
    """The newest exports of this person, or `everybodys`, newest first."""
    newest = select(Export).order_by(Export.id.desc()).limit(limit).execution_options(populate_existing=True)
    return list(db.session.scalars(newest if everybodys else newest.where(Export.created_by_id == user_id)))


@retrying
def file_of(actor: Actor, export: Export) -> Path:
    """Where the whole file is, for the actor to take; that it is taken is in the audit trail. Raises `NotFound` where
    there is none, or it has expired.
    """
    path = lease.folder() / (export.stored_as or "")
    expired = export.expires_at is not None and export.expires_at <= utcnow()
    if export.stored_as is None or expired or not path.is_file():
        raise NotFound(_("There is no such file; it may have expired."))
    with atomic():
        audit.record(actor, "export.downloaded", "export", export.id, {"rows": (None, export.total_rows)})
    return path


def overdue() -> list[int]:
    """The ids of exports that wait though nobody works on them: the bell was lost, or a process died at work."""
    now = utcnow()
    waiting = and_(Export.status == "queued", Export.created_at < now - _WAITS)
    forsaken = and_(Export.status == "running", or_(Export.lease_until.is_(None), Export.lease_until <= now))
    return list(db.session.scalars(select(Export.id).where(or_(waiting, forsaken)).order_by(Export.id)))


def clear_away() -> None:
    """Remove exports that have expired, and files that nobody will offer."""
    expired = list(db.session.scalars(select(Export.id).where(Export.expires_at <= utcnow())))
    if expired:
        with atomic() as session:
            session.execute(delete(Export).where(Export.id.in_(expired)))
    for name in lease.leftovers():
        lease.remove(name)
