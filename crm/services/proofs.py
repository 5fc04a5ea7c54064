"""Proofs of the ledger as they are asked for, found due, and looked up; `proving` makes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload

from crm.alone import alone
from crm.db import atomic, db, end_reading, on_commit, retrying, utcnow
from crm.errors import NotFound
from crm.i18n import gettext as _
from crm.ledger import chain
from crm.models import Operation, ProofFinding, ProofQuery, ProofRun
from crm.queue import enqueue
from crm.services.audit import Actor

JOB = "crm.jobs.prove"
LOCK = "proof"  # one process proves at a time
HOUR_OF_NIGHT = 3  # when everything is proved, in the product's time zone
EVERY = timedelta(minutes=5)  # what is new is proved, where there is something new
AGAIN = timedelta(hours=1)  # a full proof that has failed is tried again
KEPT = timedelta(days=30)  # findings of incremental runs that found nothing; the runs themselves are kept for ever
PROVED = ("clean", "broken")
UNDER_WAY = ("queued", "running")
_SCHEDULE = Actor(None, "schedule")


@dataclass(frozen=True)
class Standing:
    """What is known by now: the last proof of everything, and all runs since then, the newest last."""

    full: ProofRun | None
    since: Sequence[ProofRun]

    @property
    def under_way(self) -> ProofRun | None:
        """A run that waits or is made."""
        return next((run for run in self.since if run.state in UNDER_WAY), None)

    @property
    def last(self) -> ProofRun | None:
        """The newest run that came to its end."""
        return next((run for run in reversed(self.since) if run.state in PROVED), self.full)

    @property
    def broken(self) -> ProofRun | None:
        """The run that is to be looked at: what one has found stays until everything is proved again."""
        runs = [*([self.full] if self.full else []), *self.since]
        return next((run for run in reversed(runs) if run.state == "broken"), None)

    @property
    def failed(self) -> ProofRun | None:
        """The newest run, where it could not be made."""
        finals = [run for run in self.since if run.is_final]
        return finals[-1] if finals and finals[-1].state == "failed" else None


def standing() -> Standing:
    """How the ledger stands as far as it is proved, in one statement."""
    full = select(func.max(ProofRun.id)).where(ProofRun.kind == "full", ProofRun.state.in_(PROVED)).scalar_subquery()
    runs = list(
        db.session.scalars(
            select(ProofRun)
            .where(ProofRun.id >= func.coalesce(full, 0))
            .options(joinedload(ProofRun.created_by))
            .order_by(ProofRun.id)
            .execution_options(populate_existing=True)
        )
    )
    is_proved = bool(runs) and runs[0].kind == "full" and runs[0].state in PROVED
    return Standing(runs[0], runs[1:]) if is_proved else Standing(None, runs)


@retrying
def request(actor: Actor, kind: str) -> ProofRun:
    """Have a worker prove everything (`full`) or what is new (`incremental`). A run of that kind that waits already
    serves whoever asks again.
    """
    with atomic() as session:
        waiting = select(ProofRun).where(ProofRun.state == "queued", ProofRun.kind == kind).order_by(ProofRun.id)
        run = session.scalar(waiting.limit(1))
        if run is None:
            run = ProofRun(kind=kind, created_by_id=actor.user_id, origin=actor.origin[:64])
            session.add(run)
            session.flush()
        on_commit(lambda: enqueue(JOB, run.id))
    return run


def get(pk: int) -> ProofRun:
    """The run as it stands now; else `NotFound`."""
    run = db.session.get(ProofRun, pk, populate_existing=True)
    if run is None:
        raise NotFound(_("There is no such proof."))
    return run


def findings(pk: int) -> list[tuple[ProofFinding, str]]:
    """What the run has found of each law so far, in its order, and by which SQL."""
    found = (
        select(ProofFinding, ProofQuery.sql)
        .join(ProofQuery, ProofQuery.digest == ProofFinding.query)
        .where(ProofFinding.run_id == pk)
        .order_by(ProofFinding.place)
    )
    return [(finding, sql) for finding, sql in db.session.execute(found)]


def payment_of(operation_id: int) -> UUID:
    """The payment that an operation is a line of; `NotFound` where there is no such operation (any more)."""
    found = db.session.scalar(select(Operation.payment_id).where(Operation.id == operation_id))
    if found is None:
        raise NotFound(_("There is no such operation; if a proof has named it, it was taken out of the database."))
    return found


def found_since(pk: int) -> dict[str, tuple[int, int]]:
    """By the law's code, how many rows all later runs have looked at together, and how many differences they found."""
    sums = (
        select(ProofFinding.law, func.sum(ProofFinding.rows), func.sum(ProofFinding.differences))
        .where(ProofFinding.run_id > pk)
        .group_by(ProofFinding.law)
    )
    return {law: (int(rows), int(differences)) for law, rows, differences in db.session.execute(sums)}


def history(kind: str, state: str, before: int | None, limit: int) -> tuple[list[ProofRun], int | None]:
    """Runs of a kind and state (blank: all), the newest first, and before which id the next page begins."""
    runs = select(ProofRun).options(joinedload(ProofRun.created_by)).order_by(ProofRun.id.desc()).limit(limit + 1)
    for column, value in ((ProofRun.kind, kind), (ProofRun.state, state)):
        runs = runs.where(column == value) if value else runs
    found = list(db.session.scalars(runs if before is None else runs.where(ProofRun.id < before)))
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def overdue() -> list[int]:
    """The ids of runs that wait, with the one that is due by the clock; runs whose process has died are closed."""
    with alone(LOCK) as nobody_else:
        if nobody_else:
            close_forsaken()
    kind = _due()
    if kind:
        request(_SCHEDULE, kind)
    return list(db.session.scalars(select(ProofRun.id).where(ProofRun.state == "queued").order_by(ProofRun.id)))


def close_forsaken() -> None:
    """Give runs that nobody makes any more their end. To be called by who holds `LOCK`: nobody makes any then."""
    forsaken = update(ProofRun).where(ProofRun.state == "running")
    if db.session.scalar(select(ProofRun.id).where(ProofRun.state == "running").limit(1)) is None:
        return
    with atomic() as session:
        session.execute(forsaken.values(state="failed", finished_at=utcnow(), error="The process that made it ended."))


def forget() -> None:
    """Let go of what old incremental runs have found where that was nothing: their rows stay."""
    old = select(ProofRun.id).where(
        ProofRun.kind == "incremental", ProofRun.state == "clean", ProofRun.created_at < utcnow() - KEPT
    )
    with atomic() as session:
        session.execute(delete(ProofFinding).where(ProofFinding.run_id.in_(old)))


def _due() -> str | None:
    known = standing()
    newest = known.since[-1] if known.since else known.full
    end_reading()
    if known.under_way or (known.failed and known.failed.kind == "full" and _is_recent(known.failed, AGAIN)):
        return None
    if known.full is None or known.full.created_at < _last_night():
        return "full"
    if newest is None or known.last is None or _is_recent(newest, EVERY):
        return None
    return "incremental" if chain.head().position > known.last.to_position else None


def _is_recent(run: ProofRun, span: timedelta) -> bool:
    return utcnow() - run.created_at < span


def _last_night() -> datetime:
    now = utcnow().astimezone(ZoneInfo(current_app.config["CRM_TIMEZONE"]))
    night = now.replace(hour=HOUR_OF_NIGHT, minute=0, second=0, microsecond=0)
    return night if night <= now else night - timedelta(days=1)
