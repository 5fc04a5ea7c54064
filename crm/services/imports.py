"""Bulk uploads of customers: taken in, worked through in the background, stopped, looked at."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import IO, Any

from flask_babel import force_locale
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from crm.db import atomic, db, locked, retrying, utcnow
from crm.errors import DuplicateRequest, Invalid, NotFound, TooLate
from crm.i18n import gettext as _
from crm.models import Import, ImportKey
from crm.services import audit
from crm.services.audit import Actor
from crm.services.importing import failures, lease, problems, results, saved
from crm.services.importing import undo as undoing
from crm.services.importing.choices import AS_PROPOSED, Choices
from crm.services.importing.plan import Plan
from crm.services.importing.rehearse import rehearse
from crm.services.importing.results import RowsPage, number, openings, rows
from crm.services.importing.run import run
from crm.services.importing.same_file import sent_before, uploaded_before
from crm.services.importing.undo import Preview, undo, undo_preview
from crm.services.importing.upload import kept, retold
from crm.services.movements import KEY_LIMIT
from crm.tabular import stored

__all__ = [
    "Preview",
    "RowsPage",
    "accept",
    "cancel",
    "check",
    "clear_away",
    "draft",
    "failed_file",
    "failures_csv",
    "get",
    "number",
    "openings",
    "overdue",
    "recent",
    "refuse_other",
    "rehearse",
    "replan",
    "rows",
    "run",
    "saw",
    "sent_before",
    "start",
    "undo",
    "undo_preview",
    "unseen",
    "uploaded_before",
]
_WAITS = timedelta(seconds=5)  # longer than a worker needs to hear the bell
_FORGOTTEN = timedelta(days=7)  # so old is a draft that nobody will start any more


def accept(
    actor: Actor,
    stream: IO[bytes],
    filename: str,
    choices: Choices = AS_PROPOSED,
    locale: str = "en",
    start: bool = True,
    check: bool = False,
    approve: Callable[[Plan], None] | None = None,
    key: str = "",
) -> Import:
    """Store the file, check all of it, and have a worker import it (with `start`), or with `check` only find out what
    would become of its rows. `approve` is shown the plan first, and refuses by raising. With a `key` that the actor has
    sent the same file with before, it is the import of that time.

    Messages are in `locale`. Raises `Invalid` (`file`, and the fields of `Choices`) and `DuplicateRequest` (the key was
    used for another file), and then keeps nothing.
    """
    if len(key) > KEY_LIMIT or not key.isprintable():
        raise Invalid({"idempotency_key": [_("This is longer than %(count)d characters.", count=KEY_LIMIT)]})
    upload = kept(actor, stream, filename, choices, locale)
    return _add(actor, upload, "checking" if check else "queued", start, approve, key)


def draft(
    actor: Actor,
    stream: IO[bytes],
    filename: str,
    choices: Choices = AS_PROPOSED,
    locale: str = "en",
) -> Import:
    """Store the file and propose a plan for it, whatever its columns are; nothing happens before `check` or `start`.
    Of the choices, `mapping`, `reading` and `on_duplicate` count.

    Raises `Invalid` as `accept` does, and then keeps nothing.
    """
    upload = kept(actor, stream, filename, choices, locale, is_draft=True)
    if choices.on_duplicate != AS_PROPOSED.on_duplicate:  # or else what was decided for such a file before
        upload.plan = replace(Plan.from_json(upload.plan), on_duplicate=choices.on_duplicate).as_json()
    return _add(actor, upload, "draft", False)


def _add(
    actor: Actor,
    upload: Import,
    status: str,
    start: bool,
    approve: Callable[[Plan], None] | None = None,
    key: str = "",
) -> Import:
    try:
        if approve:
            approve(Plan.from_json(upload.plan))
        try:
            found = _stored(actor, upload, status, start, key)
        except IntegrityError:  # the same key has just come by another way
            found = _stored(actor, upload, status, start, key)
    except BaseException:
        stored.remove(lease.uploads() / upload.stored_as)
        raise
    if found is not upload:
        stored.remove(lease.uploads() / upload.stored_as)
    return found


@retrying
def _stored(actor: Actor, upload: Import, status: str, start: bool, key: str) -> Import:
    with atomic() as session:
        before = sent_before(actor, key) if key else None
        if before is not None and before.sha256 != upload.sha256:
            raise DuplicateRequest(_("This key was used before, for another file."))
        if before is not None:
            return before
        upload.status = status
        session.add(upload)
        session.flush()
        if key and actor.user_id:
            session.add(ImportKey(user_id=actor.user_id, key=key, import_id=upload.id))
        about = {"filename": (None, upload.filename), "total_rows": (None, upload.total_rows)}
        audit.record(actor, "import.accepted", "import", upload.id, about)
        if start:
            lease.ring(upload)
    return upload


@retrying
def replan(
    actor: Actor, pk: int, plan: Plan, table: str | None = None, damage: list[dict[str, Any]] | None = None
) -> Import:
    """Decide otherwise about a draft; what was checked is a draft again. `table` is the `Import.table` that the plan is
    about, `damage` what is found in its columns now (`Finding.as_json`), where that is not what was found before.

    Raises `Invalid` as `problems.refuse` does, and (`table`) where the file is read otherwise meanwhile; `TooLate` once
    the import has been started, `NotFound`.
    """
    with atomic():
        upload = editable(pk)
        refuse_other(upload, table)
        problems.refuse(plan, upload.columns, lease.layout_of(upload.columns, plan))
        before = Plan.from_json(upload.plan)
        if before != plan:
            with force_locale(upload.locale):
                upload.notes = retold(upload.notes, upload.columns, before.fields, plan.fields)
            upload.plan, upload.status = plan.as_json(), "draft"
            upload.damage = upload.damage if damage is None else damage
            lease.reset(upload)
    return upload


def refuse_other(upload: Import, table: str | None) -> None:
    """Raise `Invalid` (`table`) where something was decided about another `Import.table` than the file has now."""
    if table not in (None, upload.table):
        raise Invalid({"table": [_("The columns have changed meanwhile. Look at them again.")]})


@retrying
def check(actor: Actor, pk: int) -> Import:
    """Have a worker find out what would become of every row; nothing is stored but that.

    It ends as `checked`, or as `draft` where it was stopped. Raises `TooLate`, `NotFound`.
    """
    with atomic():
        upload = editable(pk)
        _begin(actor, upload, "checking")
    return upload


@retrying
def start(actor: Actor, pk: int) -> Import:
    """Have a worker import a draft, checked or not; its plan is proposed for the next file with such a header.

    Raises `Invalid` as `problems.refuse` does, `TooLate`, `NotFound`.
    """
    with atomic():
        upload = editable(pk)
        _begin(actor, upload, "queued")
        saved.remember(upload.columns, Plan.from_json(upload.plan))
    return upload


def _begin(actor: Actor, upload: Import, status: str) -> None:
    plan = Plan.from_json(upload.plan)
    problems.refuse(plan, upload.columns, lease.layout_of(upload.columns, plan))
    upload.status, upload.error, upload.attempts = status, "", 0
    upload.lease = upload.lease_until = upload.started_at = None
    lease.reset(upload)
    audit.record(actor, f"import.{status}", "import", upload.id)
    lease.ring(upload)


def editable(pk: int) -> Import:
    """The row of a draft, checked or not, locked within the present transaction. Raises `TooLate`, `NotFound`."""
    upload = locked(Import, pk)
    if upload.status not in ("draft", "checked"):
        raise TooLate(_("This import has been started already."))
    return upload


@retrying
def cancel(actor: Actor, pk: int, undo: bool = False) -> Import:
    """Stop the import: at once where nobody is at work, else after the chunk that is being stored.

    What is in stays in; with `undo` it is taken back. A check leaves a draft; a draft is given up. An import that is
    over stays as it is, and so does one that is being undone. Raises `NotFound`.
    """
    with atomic():
        upload = locked(Import, pk)
        take_back = undo and upload.status == "running"
        if upload.is_final or upload.status == "undoing" or (upload.cancel_requested and not take_back):
            return upload
        upload.cancel_requested = True
        audit.record(actor, "import.cancel_requested", "import", pk)
        if take_back:
            undoing.turn_back(actor, upload)
        elif upload.lease_until is None or upload.lease_until <= utcnow():
            lease.stop(upload)
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
    at_work = Import.status.in_(("running", "checking", "undoing"))
    forsaken = and_(at_work, or_(Import.lease_until.is_(None), Import.lease_until <= now))
    return list(db.session.scalars(select(Import.id).where(or_(waiting, forsaken)).order_by(Import.id)))


def clear_away() -> None:
    """Give up drafts that have been forgotten, and remove files of customers that belong to no import: all of them
    hold people's data.
    """
    lease.remove_leftovers()
    old = and_(Import.status.in_(("draft", "checked")), Import.created_at < utcnow() - _FORGOTTEN)
    for pk in db.session.scalars(select(Import.id).where(old)).all():
        cancel(Actor(None, "sweep"), pk)


def failures_csv(pk: int) -> Iterator[str]:
    """The failed rows as a CSV file, in pieces: the columns of the upload, and `error`. Raises `NotFound` at once."""
    upload = get(pk)
    return failures.lines(upload.columns, upload.delimiter, results.failures(pk))


def failed_file(pk: int) -> failures.File:
    """The failed rows in the format of the upload, ready to be mended. Raises `NotFound` at once."""
    upload = get(pk)
    return failures.as_uploaded(upload.kind, upload.encoding, upload.delimiter, upload.columns, results.failures(pk))


def unseen(user_id: int) -> int:
    """How many imports of the person's have ended without their looking."""
    wanted = select(func.count()).select_from(Import).where(Import.created_by_id == user_id, Import.unseen)
    return db.session.scalar(wanted) or 0


@retrying
def saw(actor: Actor, pk: int) -> None:
    """The person has looked at the result; what others look at stays unseen for who began it."""
    with atomic() as session:
        mine = (Import.id == pk, Import.unseen, Import.created_by_id == actor.user_id)
        session.execute(update(Import).where(*mine).values(unseen=False))
