"""An undo in a real worker process: it survives kill −9, and a running import is taken back from where it stands."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bench.samples import customers_csv
from crm.db import atomic, db, utcnow
from crm.models import AccountBalance, AuditEntry, Customer, Import, ImportRow, Payment
from crm.models.ledger import PaymentKind
from crm.services import imports
from crm.services.importing import lease
from crm.services.importing.chunks import Pace
from tests import money
from tests.uploads import CLERK, take
from tests.workers import eventually, worker


@pytest.fixture
def small_chunks(monkeypatch):
    """So many chunks that a worker is caught in the middle; it is forked, and so has them too."""
    monkeypatch.setattr(Pace, "limit", 40)


def later() -> None:
    """Half a minute goes by: the lease of a process that died runs out."""
    with atomic() as session:
        session.execute(update(Import).values(lease_until=utcnow() - timedelta(seconds=1)))


def check_nothing_is_left(pk: int, created: int) -> None:
    done = imports.get(pk)
    assert (done.status, done.undone, done.kept) == ("undone", created, 0)
    marks = select(ImportRow.undo, func.count()).where(ImportRow.outcome == "created").group_by(ImportRow.undo)
    assert dict(db.session.execute(marks).all()) == {"undone": created}
    opened = select(func.count()).select_from(Payment).where(Payment.kind == PaymentKind.OPENING)
    reversed_ = select(func.count()).select_from(Payment).where(Payment.kind == PaymentKind.REVERSAL)
    assert db.session.scalar(opened) == db.session.scalar(reversed_) > 0
    assert db.session.scalar(select(func.sum(AccountBalance.balance))) == 0
    assert db.session.scalar(select(func.count()).select_from(Customer).where(Customer.status == "active")) == 0
    gone = select(func.count(func.distinct(AuditEntry.entity_id)), func.count()).where(
        AuditEntry.action.in_(("customer.deleted", "customer.archived"))
    )
    assert tuple(db.session.execute(gone).one()) == (created, created)
    money.check_ledger()


def test_a_killed_worker_takes_no_row_back_twice_and_forgets_none(app, monkeypatch):
    upload = take(customers_csv(1_500))
    monkeypatch.setattr(Pace, "limit", 40)
    imports.undo(CLERK, upload.id)
    with worker() as process:
        eventually(lambda: imports.get(upload.id).undone)
        process.kill()
    halfway = imports.get(upload.id)
    assert halfway.status == "undoing" and 0 < halfway.undone < halfway.created
    later()
    assert imports.overdue() == [upload.id]
    imports.run(upload.id)
    check_nothing_is_left(upload.id, upload.created)


def test_a_running_import_is_stopped_and_taken_back(app, small_chunks):
    upload = imports.accept(CLERK, io.BytesIO(customers_csv(2_000)), "customers.csv")
    with worker():
        eventually(lambda: imports.get(upload.id).read_rows)
        assert imports.cancel(CLERK, upload.id, undo=True).status == "undoing"
        eventually(lambda: imports.get(upload.id).status == "undone")
    stopped = imports.get(upload.id)
    assert 0 < stopped.read_rows < stopped.total_rows
    check_nothing_is_left(upload.id, stopped.created)
    assert not (lease.uploads() / stopped.stored_as).exists()
