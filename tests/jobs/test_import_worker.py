"""An import in a real worker process: it runs there, and when the process is killed another one goes on."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from bench.samples import customers_csv
from crm import jobs
from crm.db import atomic, db, is_postgresql, utcnow
from crm.models import Customer, Import, ImportOpening, ImportRow, Payment
from crm.models.ledger import PaymentKind, PaymentStatus
from crm.services import imports, payments
from crm.services.movements import Movement
from tests import money
from tests.ledger import holding
from tests.uploads import CLERK, counts, kept
from tests.workers import eventually, worker


@pytest.fixture
def upload(app):
    """An import that waits in the queue, large enough to be caught in the middle."""
    data = customers_csv(8_000 if is_postgresql() else 5_000, dirty=0.01)
    return imports.accept(CLERK, io.BytesIO(data), "customers.csv")


def outcomes(upload: Import) -> dict[str, int]:
    """How many rows have been stored with each outcome."""
    mine = select(ImportRow.outcome, func.count()).where(ImportRow.import_id == upload.id)
    return dict(db.session.execute(mine.group_by(ImportRow.outcome)).all())


def children(pid: int) -> list[int]:
    """The processes that this one has forked."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # it has just ended
        return []


def below(pid: int) -> list[int]:
    """All that have come of it."""
    return [pid for child in children(pid) for pid in (child, *below(child))]


def is_gone(pid: int) -> bool:
    """Whether the process has ended, though perhaps nobody has asked for it yet."""
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_killed_worker_loses_no_row_and_doubles_none(app, upload):
    with worker() as process:
        eventually(lambda: imports.get(upload.id).read_rows)
        forked = below(process.pid)
        process.kill()
    assert len(forked) == 2, "who imports, and who reads ahead"
    eventually(lambda: all(map(is_gone, forked)))
    halfway = imports.get(upload.id)
    assert halfway.status == "running"
    assert 0 < halfway.read_rows < halfway.total_rows
    assert halfway.created == db.session.scalar(select(func.count()).select_from(Customer))
    with atomic() as session:  # half a minute later …
        session.execute(update(Import).values(lease_until=utcnow() - timedelta(seconds=1)))
    assert imports.overdue() == [upload.id]
    imports.run(upload.id)
    done = imports.get(upload.id)
    assert (done.status, done.read_rows) == ("done", done.total_rows)
    found = db.session.execute(select(func.count(), func.count(func.distinct(Customer.external_id)))).one()
    assert found == (done.created, done.created)
    assert outcomes(upload) == counts(done)
    assert done.created + done.skipped + done.failed == done.total_rows
    opened = db.session.scalar(select(func.sum(ImportOpening.wallets)).where(ImportOpening.import_id == upload.id))
    assert opened == db.session.scalar(select(func.count()).select_from(Payment)) > 1000
    money.check_ledger()


def test_payments_do_not_wait_for_the_end_of_an_import(app):
    wallet = money.wallet()
    movement = Movement(PaymentKind.DEPOSIT, 500, to_account=wallet, source="cash")
    payments.accept(CLERK, movement)
    upload = imports.accept(CLERK, io.BytesIO(customers_csv(5)), "small.csv", start=False)
    jobs.run_import(upload.id)  # nobody else is there to post it
    assert money.SERVICE.balance(wallet) == 500
    money.check_ledger()


def test_what_is_held_for_too_long_does_not_wait_for_the_end_of_an_import(app, monkeypatch):
    wallet = money.wallet()
    money.SERVICE.deposit(wallet, 500)
    pk = holding.held(wallet, 400)
    upload = imports.accept(CLERK, io.BytesIO(customers_csv(5)), "small.csv", start=False)
    holding.pass_by(monkeypatch, days=400)
    jobs.run_import(upload.id)  # nobody else is there to let it go
    assert (holding.payment(pk).status, holding.state(wallet)) == (PaymentStatus.EXPIRED, (500, 0))


def test_a_check_whose_worker_is_killed_is_begun_anew(app):
    upload = imports.draft(CLERK, io.BytesIO(customers_csv(4_000, dirty=0.01)), "customers.csv")
    imports.check(CLERK, upload.id)
    with worker() as process:
        eventually(lambda: imports.get(upload.id).read_rows)
        process.kill()
    halfway = imports.get(upload.id)
    assert halfway.status == "checking" and 0 < halfway.read_rows < halfway.total_rows
    with atomic() as session:
        session.execute(update(Import).values(lease_until=utcnow() - timedelta(seconds=1)))
    assert imports.overdue() == [upload.id]
    imports.run(upload.id)
    done = imports.get(upload.id)
    assert (done.status, done.read_rows) == ("checked", done.total_rows)
    assert outcomes(upload) == counts(done)
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0
    assert kept() == [upload.stored_as]


def test_two_workers_import_two_files_at_once_and_make_nobody_twice(app):
    files = [customers_csv(1_500, seed=seed) + customers_csv(700, seed=9).split(b"\n", 1)[1] for seed in (1, 2)]
    uploads = [imports.accept(CLERK, io.BytesIO(data), "customers.csv") for data in files]
    with worker(), worker():
        eventually(lambda: all(imports.get(upload.id).is_final for upload in uploads))
    found = db.session.execute(select(func.count(), func.count(func.distinct(Customer.external_id)))).one()
    ended = [imports.get(upload.id) for upload in uploads]
    assert [upload.status for upload in ended] == ["done", "done"]
    assert found == (sum(upload.created for upload in ended),) * 2
    for upload in ended:
        assert outcomes(upload) == counts(upload)
        assert upload.read_rows == upload.total_rows
    money.check_ledger()
