"""The lease on an import: which process is at work, how far it has come, and how it ends."""

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import case, select, update

from crm.db import atomic, db, locked, on_commit, retrying, utcnow
from crm.i18n import gettext as _
from crm.models import Import
from crm.models.imports import FINAL, OUTCOMES
from crm.queue import enqueue
from crm.services import audit, currencies
from crm.services.audit import Actor
from crm.services.importing.plan import Plan
from crm.services.importing.rows import Format, Row, rows
from crm.tabular import stored
from crm.tabular.kinds import Kind
from crm.tabular.records import records

log = logging.getLogger(__name__)
JOB = "crm.jobs.run_import"
LEASE = timedelta(seconds=30)
ATTEMPTS = 3
_ARRIVING = timedelta(days=1)  # so long may an upload be read before there is an import of it
UNDO = timedelta(days=30)  # after the end, while what was there before is kept for it
WAITING = ("queued", "running", "checking", "undoing")  # there is something to do
Progress = Callable[[int, int], object]  # rows read, rows in all


class LeaseLostError(Exception):
    """Another process has taken over: what this one has in hand must not be stored."""


@dataclass(frozen=True)
class Task:
    """An import as it was when this process took it up; `status` tells what is to be done."""

    id: int
    token: str
    status: str  # running, checking or undoing
    path: Path
    kind: Kind
    sheet: int
    encoding: str
    delimiter: str
    header_line: int
    layout: Format
    plan: Plan
    locale: str
    actor_id: int | None
    read_rows: int
    total_rows: int
    started_at: datetime
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


@retrying
def claim(import_id: int) -> Task | None:
    """Take the import up for `LEASE`; None where there is nothing to do, or it is in other hands.

    After `ATTEMPTS` in vain it fails for good: a row that brings the process down would do so for ever.
    """
    with atomic():
        upload = locked(Import, import_id)
        now = utcnow()
        if upload.status not in WAITING or (upload.lease_until is not None and upload.lease_until > now):
            return None
        upload.lease, upload.lease_until = secrets.token_urlsafe(16), now + LEASE
        upload.started_at = upload.started_at or now
        if upload.cancel_requested:
            stop(upload)
            return None
        if upload.attempts >= ATTEMPTS:
            _give_up(upload)
            return None
        upload.attempts += 1
        if upload.status == "checking":
            reset(upload)  # what the process before knew is lost
        elif upload.status == "queued":
            upload.status = "running"
        return _task(upload)


def reset(upload: Import) -> None:
    """Begin to count at nothing, within the present transaction."""
    for name in ("read_rows", *OUTCOMES):
        setattr(upload, name, 0)
    upload.busy_seconds = 0.0


def _give_up(upload: Import) -> None:
    with force_locale(upload.locale):
        if upload.status == "undoing":
            sentence = _("The undo stopped several times because of a fault in the program. It can be started again.")
            close(upload, "failed", sentence)
            return
        if upload.status == "checking":
            sentence = _("The check stopped several times because of a fault in the program.")
            upload.error = sentence
            stop(upload)
            return
        sentence = _(
            "The import stopped several times after row %(row)d because of a fault in the program."
            " The rows before it are in.",
            row=upload.read_rows,
        )
    close(upload, "failed", sentence)


def _task(upload: Import) -> Task:
    plan = Plan.from_json(upload.plan)
    return Task(
        id=upload.id,
        token=upload.lease or "",
        status=upload.status,
        path=uploads() / upload.stored_as,
        kind=upload.kind,
        sheet=upload.sheet_index,
        encoding=upload.encoding,
        delimiter=upload.delimiter,
        header_line=upload.header_line,
        layout=layout_of(upload.columns, plan),
        plan=plan,
        locale=upload.locale,
        actor_id=upload.created_by_id,
        read_rows=upload.read_rows,
        total_rows=upload.total_rows,
        started_at=upload.started_at or utcnow(),
        busy_seconds=upload.busy_seconds,
    )


@retrying
def finish(task: Task, status: str, error: str = "") -> None:
    """End the work with this status, unless another process has taken it over."""
    with atomic():
        upload = locked(Import, task.id)
        if upload.lease != task.token or upload.status != task.status:
            return
        if status in FINAL:
            close(upload, status, error)
        elif status == "draft":
            stop(upload)
        else:
            upload.status, upload.error = status, error
            _let_go(upload)


def stop(upload: Import) -> None:
    """End what was to be stopped, within the present transaction: a check leaves a draft, whose plan may change."""
    if upload.status == "checking":
        upload.status = "draft"
        reset(upload)
        _let_go(upload)
    else:
        close(upload, "cancelled")


def _let_go(upload: Import) -> None:
    upload.lease = upload.lease_until = None
    upload.cancel_requested, upload.attempts = False, 0


def close(upload: Import, status: str, error: str = "") -> None:
    """Give the locked row its final status, within the present transaction; the stored file goes with the commit.

    Who began it is told, unless it was stopped by hand.
    """
    now = utcnow()
    if upload.status == "running":
        upload.undo_until = now + UNDO
    upload.unseen = status != "cancelled" and upload.created_by_id is not None
    upload.status, upload.error, upload.finished_at = status, error, now
    upload.lease = upload.lease_until = None
    counts = {name: (None, getattr(upload, name)) for name in ("read_rows", *OUTCOMES)}
    audit.record(Actor(upload.created_by_id, f"import {upload.id}"), f"import.{status}", "import", upload.id, counts)
    discard(upload)


def discard(upload: Import) -> None:
    """Let the stored file go with the commit."""
    path = uploads() / upload.stored_as
    on_commit(lambda: stored.remove(path))
    on_commit(lambda: path.with_suffix(".check").unlink(missing_ok=True))


def remove_leftovers() -> None:
    """Remove the files of processes that died before an import had them, or before they could remove them."""
    files = [path for path in uploads().iterdir() if _is_old(path)]
    names = {path.name.partition(".")[0] for path in files}
    wanted = select(Import.stored_as).where(Import.stored_as.in_(names), Import.status.not_in(FINAL))
    needed = set(db.session.scalars(wanted)) if names else set()
    for path in files:
        if path.name.partition(".")[0] not in needed:
            with suppress(OSError):
                path.unlink()


def _is_old(path: Path) -> bool:
    """By the time at which it came here, which a restored backup does not keep: its database may come later."""
    with suppress(OSError):
        return path.is_file() and time.time() - path.stat().st_ctime > _ARRIVING.total_seconds()
    return False  # gone meanwhile


def ring(upload: Import) -> None:
    """Have a worker take the import up after the commit."""
    pk = upload.id
    on_commit(lambda: enqueue(JOB, pk))


def give_back(task: Task, in_vain: bool = True) -> None:
    """Let the next process take over at once; where even that fails, the lease runs out by itself. Not `in_vain`, it
    does not count among the `ATTEMPTS`.
    """
    values: dict[str, Any] = {"lease_until": None}
    if not in_vain:
        values["attempts"] = case((Import.attempts > 0, Import.attempts - 1), else_=0)
    try:
        with atomic() as session:
            session.execute(update(Import).where(Import.id == task.id, Import.lease == task.token).values(values))
    except Exception:
        log.exception("import %s could not be given back", task.id)
