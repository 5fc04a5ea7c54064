"""A file made by a real worker process: when the process is killed another one begins anew, and no half is offered."""

import time
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from crm import jobs
from crm.db import atomic, db, utcnow
from crm.models import Export
from crm.models.ledger import PaymentKind
from crm.services import exports, payments
from crm.services.exporting import lease, run
from crm.services.exporting.orders import Order
from crm.services.movements import Movement
from crm.services.search import Criteria
from tests import money, people
from tests.uploads import CLERK
from tests.workers import PATIENCE, eventually, worker


def now(export: Export) -> Export:
    return db.session.get(Export, export.id, populate_existing=True)


def hold_after_rows(monkeypatch) -> None:
    """Whoever has told of the first rows of a file goes no further."""
    tell = lease.advance

    def advance(task: lease.Task, written: int, *more: Any) -> None:
        tell(task, written, *more)
        if written:
            time.sleep(PATIENCE)

    monkeypatch.setattr(run, "_TOLD", 0)
    monkeypatch.setattr(lease, "advance", advance)


def test_a_killed_worker_leaves_no_half_file(app, monkeypatch):
    people.crowd(4_000)
    export = exports.accept(CLERK, Order("customers", Criteria(status=""), "xlsx"))
    with monkeypatch.context() as patch:
        hold_after_rows(patch)
        with worker() as process:
            eventually(lambda: now(export).written_rows)
            process.kill()
    left = now(export)
    assert (left.status, left.stored_as) == ("running", None)
    assert 0 < left.written_rows < left.total_rows == 4_000
    assert any(path.is_file() for path in lease.folder().iterdir())
    with atomic() as session:  # half a minute later …
        session.execute(update(Export).values(lease_until=utcnow() - timedelta(seconds=1)))
    assert exports.overdue() == [export.id]
    exports.run(export.id)
    done = now(export)
    assert (done.status, done.written_rows) == ("done", 4_000)
    exports.clear_away()
    assert [path.name for path in lease.folder().iterdir()] == [done.stored_as]


def test_payments_do_not_wait_for_the_end_of_an_export(app):
    wallet = money.wallet()
    payments.accept(CLERK, Movement(PaymentKind.DEPOSIT, 500, to_account=wallet, source="cash"))
    export = exports.accept(CLERK, Order("customers", Criteria()))
    jobs.run_export(export.id)  # nobody else is there to post it
    assert now(export).status == "done" and money.SERVICE.balance(wallet) == 500
    money.check_ledger()
