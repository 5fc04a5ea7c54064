"""Making a proof of the ledger: the chain is brought up to date, the laws are asked, all that they find is kept."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm.alone import alone
from crm.db import atomic, db, is_postgresql, locked, retrying, utcnow
from crm.ledger import chain
from crm.ledger.laws import LAWS
from crm.ledger.laws.law import Span
from crm.ledger.verify import Finding, verify
from crm.models import ProofFinding, ProofQuery, ProofRun
from crm.services import proofs
from crm.services.audit import Actor

log = logging.getLogger(__name__)
_WAIT_SECONDS = 0.2
Watch = Callable[[Finding], object]


def prove(actor: Actor, kind: str, watch: Watch) -> ProofRun:
    """Prove everything (`full`) or what is new (`incremental`) here and now, telling each finding; where another
    process is at a proof, after that one.
    """
    with atomic() as session:
        run = ProofRun(kind=kind, created_by_id=actor.user_id, origin=actor.origin[:64])
        session.add(run)
    with _turn(patient=True):
        _make(run.id, watch)
    return proofs.get(run.id)


def run(run_id: int, watch: Watch = lambda _finding: None) -> None:
    """Make the run that waits; nothing where it waits no more, or where another process is at a proof: that run is
    found by the next sweep.
    """
    with _turn(patient=False) as is_ours:
        if is_ours:
            _make(run_id, watch)


@contextmanager
def _turn(patient: bool) -> Iterator[bool]:
    while True:
        with alone(proofs.LOCK) as is_ours:
            if is_ours or not patient:
                yield is_ours
                return
        time.sleep(_WAIT_SECONDS)


def _make(run_id: int, watch: Watch) -> None:
    proofs.close_forsaken()
    try:
        chain.extend()
        run = _begin(run_id)
        if run is None:
            return
        span = None if run.kind == "full" else Span(run.from_position, run.to_position)
        for place, finding in enumerate(verify(span)):
            _keep(run_id, place, finding)
            watch(finding)
        _end(run_id)
    except Exception as error:
        _fail(run_id, error)
        raise
    except BaseException:  # the worker is to stop: another one begins anew
        _give_back(run_id)
        raise


@retrying
def _begin(run_id: int) -> ProofRun | None:
    """Note where the chain ends now, and from where on it is proved; None where the run waits no more."""
    head = chain.head()
    proved = select(ProofRun.to_position).where(ProofRun.state.in_(proofs.PROVED)).order_by(ProofRun.id.desc())
    with atomic() as session:
        run = locked(ProofRun, run_id)
        if run.state != "queued":
            return None
        last = session.scalar(proved.limit(1)) or 0 if run.kind == "incremental" else 0
        run.state, run.started_at = "running", utcnow()
        run.from_position, run.to_position, run.head_hash = min(last, head.position), head.position, head.hash
        run.laws = sum(run.kind == "full" or law.new is not None for law in LAWS)
    return run


@retrying
def _keep(run_id: int, place: int, finding: Finding) -> None:
    digest = hashlib.sha256(finding.sql.encode()).hexdigest()
    query = (postgresql.insert if is_postgresql() else sqlite.insert)(ProofQuery)
    with atomic() as session:
        session.execute(query.values(digest=digest, sql=finding.sql).on_conflict_do_nothing())
        session.execute(update(ProofRun).where(ProofRun.id == run_id).values(done=place + 1))
        session.add(
            ProofFinding(
                run_id=run_id, law=finding.code, place=place, rows=finding.rows, differences=finding.differences,
                milliseconds=finding.milliseconds, examples=finding.found, query=digest,
            )
        )  # fmt: skip


@retrying
def _end(run_id: int) -> None:
    found = select(func.coalesce(func.sum(ProofFinding.differences), 0)).where(ProofFinding.run_id == run_id)
    with atomic() as session:
        run = locked(ProofRun, run_id)
        run.differences = int(session.scalar(found) or 0)
        run.state, run.finished_at = "broken" if run.differences else "clean", utcnow()


def _fail(run_id: int, error: Exception) -> None:
    """Say what stood in the way; where even that is impossible, the next run says that this one has ended."""
    db.session.rollback()
    try:
        with atomic():
            run = locked(ProofRun, run_id)
            if run.is_final:  # it was made before, by a job that had rung for it too: what it has found stands
                return
            run.state, run.finished_at = "failed", utcnow()
            run.error = f"{type(error).__name__}: {error}".partition("\n")[0][:500]
    except Exception:
        log.exception("proof %s could not be closed", run_id)


def _give_back(run_id: int) -> None:
    db.session.rollback()
    try:
        with atomic() as session:
            run = locked(ProofRun, run_id)
            if run.is_final:
                return
            session.execute(delete(ProofFinding).where(ProofFinding.run_id == run_id))
            run.state, run.started_at, run.done = "queued", None, 0
    except Exception:
        log.exception("proof %s could not be given back", run_id)
