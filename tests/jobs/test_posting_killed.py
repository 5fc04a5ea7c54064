"""kill -9 of the worker at every statement boundary of a posting: nothing is lost, doubled or stuck."""

import signal
import time
from itertools import count

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from crm.db import db
from crm.services import posting
from tests import money
from tests.gateway import Street
from tests.workers import Child, kill_self

BEFORE_AND_AFTER = ("before_cursor_execute", "after_cursor_execute", "commit")


def die_at(number: int) -> None:
    """Have this process killed at its boundary of that number: before or after a statement or a commit."""
    passed = count(1)

    def boundary(*_details: object) -> None:
        if next(passed) == number:
            kill_self()

    for name in BEFORE_AND_AFTER:
        event.listen(db.engine, name, boundary)
    event.listen(Session, "after_commit", boundary)


def drain_until(number: int) -> None:
    die_at(number)
    posting.drain()


def drain_to_the_end() -> None:
    """Post all that waits. PostgreSQL may take a moment to see that a process is gone, and keeps its locks, and what it
    was about to claim, until then.
    """
    until = time.monotonic() + 20
    while db.session.scalar(text("SELECT count(*) FROM pending_payments")) and time.monotonic() < until:
        db.session.rollback()
        money.make_due()
        posting.drain()
    db.session.rollback()


def test_a_worker_killed_at_any_statement_of_a_posting_leaves_it_whole_or_undone(app):
    street = Street.opened()
    before = street.balances()
    accepted = street.accept()
    posting.drain()
    moved = [after - start for start, after in zip(before, street.balances(), strict=True)]
    for number in count(1):
        before = street.balances()
        accepted += street.accept()
        code = Child(lambda number=number: drain_until(number)).wait()
        if code == 0:
            break
        assert code == -signal.SIGKILL
        money.check_ledger()
        drain_to_the_end()
        assert [after - start for start, after in zip(before, street.balances(), strict=True)] == moved
    assert number > 2 * 10  # a posting has as many statements
    assert money.check_posted(accepted) == {"COMPLETED": 5 * (number + 1), "FAILED": number + 1}
