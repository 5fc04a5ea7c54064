"""The lease on an import: which process is at work, how far it has come, and how it ends."""

import logging
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import update

from crm.db import atomic, db, locked, on_commit, retrying, utcnow
from crm.i18n import gettext as _
from crm.models import Import
from crm.models.imports import OUTCOMES
from crm.services import audit, currencies
from crm.services.audit import Actor
from crm.services.importing.decide import Decisions
from crm.services.importing.plan import Plan
from crm.services.importing.rows import Format, Row, rows
from crm.tabular import stored
from crm.tabular.kinds import Kind
from crm.tabular.records import records

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
ATTEMPTS = 3


class LeaseLostError(Exception):
    """Another process has taken over: what this one has in hand must not be stored."""


@dataclass(frozen=True)
class Task:
    """An import as it was when this process took it up."""

    id: int
    token: str
    path: Path
    kind: Kind
    sheet: int
    encoding: str
    delimiter: str
    header_line: int
    layout: Format
    on_duplicate: str
    locale: str
    actor_id: int | None
    read_rows: int
    total_rows: int
    busy_seconds: float
    begun: float = field(default_factory=time.monotonic)

    def rows(self) -> Iterator[Row]:
        """The rows that are still to be read."""
        found = records(stored.text(self.path, self.kind, self.sheet), self.encoding, self.delimiter)
        return rows(found, self.header_line, self.layout, skip=self.read_rows)


def uploads() -> Path:
    """The folder of stored uploads; nobody but the product may look into it."""
    folder = Path(current_app.config["CRM_INSTANCE"]) / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def layout_of(columns: list[str], plan: Plan) -> Format:
    """How rows are to be read, with the product's own region and currency."""
    config = current_app.config
    known = frozenset(currencies.codes())
    return Format(columns, plan, config["CRM_DEFAULT_REGION"], config["CRM_DEFAULT_CURRENCY"], known)


def advance(task: Task, decisions: Decisions, read: int) -> None:
    """Count so many rows as read and extend the lease, within the present transaction.

    Raises `LeaseLostError` where another process has taken over: what was written with it is rolled back then.
    """
    counts = decisions.counts
    counted: dict[str, Any] = {name: getattr(Import, name) + counts[name] for name in OUTCOMES}
    mine = (Import.id == task.id, Import.lease == task.token, Import.status == "running")
    done = db.session.execute(
        update(Import)
        .where(*mine)
        .values(
            read_rows=Import.read_rows + read,
            attempts=0,
            lease_until=utcnow() + LEASE,
            busy_seconds=task.busy_seconds + time.monotonic() - task.begun,
            **counted,
        )
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise LeaseLostError


@retrying
def claim(import_id: int) -> Task | None:
    """Take the import up for `LEASE`; None where it is over, or in other hands.

    After `ATTEMPTS` in vain it fails for good: a row that brings the process down would do so for ever.
    """
    with atomic():
        upload = locked(Import, import_id)
        now = utcnow()
        if upload.is_final or (upload.lease_until is not None and upload.lease_until > now):
            return None
        upload.lease, upload.lease_until = secrets.token_urlsafe(16), now + LEASE
        upload.started_at = upload.started_at or now
        if upload.cancel_requested:
            close(upload, "cancelled")
            return None
        if upload.attempts >= ATTEMPTS:
            close(upload, "failed", _stuck(upload))
            return None
        upload.attempts += 1
        upload.status = "running"
        return _task(upload)


def _stuck(upload: Import) -> str:
    with force_locale(upload.locale):
        return _(
            "The import stopped several times after row %(row)d because of a fault in the program."
            " The rows before it are in.",
            row=upload.read_rows,
        )


def _task(upload: Import) -> Task:
    plan = Plan.from_json(upload.plan)
    return Task(
        id=upload.id,
        token=upload.lease or "",
        path=uploads() / upload.stored_as,
        kind=upload.kind,
        sheet=upload.sheet_index,
        encoding=upload.encoding,
        delimiter=upload.delimiter,
        header_line=upload.header_line,
        layout=layout_of(upload.columns, plan),
        on_duplicate=plan.on_duplicate,
        locale=upload.locale,
        actor_id=upload.created_by_id,
        read_rows=upload.read_rows,
        total_rows=upload.total_rows,
        busy_seconds=upload.busy_seconds,
    )


@retrying
def finish(task: Task, status: str, error: str = "") -> None:
    """End the import with its final status, unless another process has taken it over."""
    with atomic():
        upload = locked(Import, task.id)
        if upload.lease == task.token and not upload.is_final:
            close(upload, status, error)


def close(upload: Import, status: str, error: str = "") -> None:
    """Give the locked row its final status, within the present transaction; the stored file goes with the commit."""
    upload.status, upload.error, upload.finished_at = status, error, utcnow()
    upload.lease = upload.lease_until = None
    counts = {name: (None, getattr(upload, name)) for name in ("read_rows", *OUTCOMES)}
    audit.record(Actor(upload.created_by_id, f"import {upload.id}"), f"import.{status}", "import", upload.id, counts)
    path = uploads() / upload.stored_as
    on_commit(lambda: stored.remove(path))


def give_back(task: Task) -> None:
    """Let the next process take over at once; where even that fails, the lease runs out by itself."""
    try:
        with atomic() as session:
            session.execute(
                update(Import).where(Import.id == task.id, Import.lease == task.token).values(lease_until=None)
            )
    except Exception:
        log.exception("import %s could not be given back", task.id)
