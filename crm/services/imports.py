"""Bulk uploads of customers: taken in, worked through in the background, stopped, looked at."""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from flask_babel import force_locale
from sqlalchemy import and_, func, or_, select

from crm.config import LOCALES
from crm.db import atomic, db, locked, on_commit, retrying, utcnow
from crm.errors import NotFound
from crm.i18n import gettext as _
from crm.models import Import, ImportOpening, ImportRow
from crm.queue import enqueue
from crm.services import audit
from crm.services.audit import Actor
from crm.services.importing import failures, file, lease
from crm.services.importing.failures import Failure
from crm.services.importing.plan import MATCH, Column, Plan
from crm.services.importing.rehearse import rehearse
from crm.services.importing.run import run
from crm.services.tables import Layout
from crm.tabular import stored
from crm.text import file_name

__all__ = ["accept", "cancel", "failures_csv", "get", "notes", "openings", "overdue", "recent", "rehearse", "run"]
JOB = "crm.jobs.run_import"
_WAITS = timedelta(seconds=5)  # longer than a worker needs to hear the bell
_PAGE = 1_000


def accept(
    actor: Actor,
    stream: IO[bytes],
    filename: str,
    on_duplicate: str = "skip",
    mapping: Mapping[str, str] | None = None,
    locale: str = "en",
    start: bool = True,
) -> Import:
    """Store the file, check all of it, and have a worker import it (with `start`).

    `mapping` tells the field of columns by name, '' for a column to leave out; the others are recognised. Messages
    are in `locale`. Raises `Invalid` (fields `file`, `mapping`, `on_duplicate`), and then keeps nothing.
    """
    file.check_options(on_duplicate, mapping)
    name = secrets.token_hex(16)
    path = lease.uploads() / name
    try:
        size = _save(stream, path)
        with force_locale(_known_locale(locale)):
            layout = file.examined(path, mapping)
        upload = Import(
            filename=file_name(filename),
            stored_as=name,
            size=size,
            plan=Plan(tuple(map(Column, layout.header.mapping)), match=MATCH[:3], on_duplicate=on_duplicate).as_json(),
            locale=_known_locale(locale),
            created_by_id=actor.user_id,
            origin=actor.origin[:64],
            **_described(layout),
        )
        return _queue(actor, upload, start)
    except BaseException:
        stored.remove(path)
        raise


@retrying
def _queue(actor: Actor, upload: Import, start: bool) -> Import:
    with atomic() as session:
        session.add(upload)
        session.flush()
        about = {"filename": (None, upload.filename), "total_rows": (None, upload.total_rows)}
        audit.record(actor, "import.accepted", "import", upload.id, about)
        if start:
            on_commit(lambda: enqueue(JOB, upload.id))
    return upload


@retrying
def cancel(actor: Actor, pk: int) -> Import:
    """Stop the import: at once where nobody is at work, else after the chunk that is being stored.

    What is in stays in. An import that is over stays as it is. Raises `NotFound`.
    """
    with atomic():
        upload = locked(Import, pk)
        if upload.is_final or upload.cancel_requested:
            return upload
        upload.cancel_requested = True
        audit.record(actor, "import.cancel_requested", "import", pk)
        if upload.lease_until is None or upload.lease_until <= utcnow():
            lease.close(upload, "cancelled")
    return upload


def get(pk: int) -> Import:
    """The import as it stands now, or `NotFound`."""
    upload = db.session.get(Import, pk, populate_existing=True)
    if upload is None:
        raise NotFound(_("There is no such import."))
    return upload


def recent(limit: int) -> list[Import]:
    """The newest imports, newest first."""
    newest = select(Import).order_by(Import.id.desc()).limit(limit).execution_options(populate_existing=True)
    return list(db.session.scalars(newest))


def overdue() -> list[int]:
    """The ids of imports that wait though nobody works on them: the bell was lost, or a process died at work."""
    now = utcnow()
    waiting = and_(Import.status == "queued", Import.created_at < now - _WAITS)
    forsaken = and_(Import.status == "running", or_(Import.lease_until.is_(None), Import.lease_until <= now))
    return list(db.session.scalars(select(Import.id).where(or_(waiting, forsaken)).order_by(Import.id)))


def openings(pk: int) -> list[ImportOpening]:
    """What the import has brought into new wallets so far, by currency."""
    found = select(ImportOpening).where(ImportOpening.import_id == pk).order_by(ImportOpening.currency)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def notes(pk: int, limit: int) -> tuple[list[ImportRow], int]:
    """The first of the rows that were taken but for something, and how many there are."""
    noted = (
        ImportRow.import_id == pk,
        ImportRow.message.is_not(None),
        ImportRow.outcome.in_(("created", "updated", "unchanged")),
    )
    first = select(ImportRow).where(*noted).order_by(ImportRow.row).limit(limit)
    number = db.session.scalar(select(func.count()).select_from(ImportRow).where(*noted))
    return list(db.session.scalars(first)), number or 0


def failures_csv(pk: int) -> Iterator[str]:
    """The failed rows as a CSV file, in pieces: the columns of the upload, and `error`. Raises `NotFound` at once."""
    upload = get(pk)
    return failures.lines(upload.columns, upload.delimiter, _failures(pk))


def _failures(pk: int) -> Iterator[Failure]:
    last = 0
    while True:
        page = (
            select(ImportRow.row, ImportRow.cells, ImportRow.message)
            .where(ImportRow.import_id == pk, ImportRow.outcome == "failed", ImportRow.row > last)
            .order_by(ImportRow.row)
            .limit(_PAGE)
        )
        found = db.session.execute(page).all()
        for failure in found:
            yield failure.cells or [], failure.message or ""
        if len(found) < _PAGE:
            return
        last = found[-1].row


def _save(stream: IO[bytes], path: Path) -> int:
    with path.open("xb") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())  # the import outlives a power cut, so its file has to
        return file.tell()


def _described(layout: Layout) -> dict[str, Any]:
    header = layout.header
    return {
        "kind": layout.kind,
        "sheet": layout.sheet_name[:200],
        "sheets": layout.sheets,
        "encoding": layout.encoding,
        "delimiter": layout.delimiter,
        "header_line": header.line,
        "columns": header.columns,
        "total_rows": layout.total,
        "notes": layout.notes,
    }


def _known_locale(locale: str) -> str:
    return locale if locale in LOCALES else LOCALES[0]
