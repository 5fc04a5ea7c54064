"""Laws of posting in the background: what cannot be posted stands alone, and faults of the machinery end no payment."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from crm.alone import alone
from crm.db import atomic, db, utcnow
from crm.errors import Busy
from crm.ledger import pending
from crm.models import Payment, PendingPayment
from crm.services import payments, posting
from tests import money
from tests.gateway import ACTOR, Street, deposit, spend
from tests.ledger.scene import ONLY_POSTGRESQL, ONLY_SQLITE
from tests.workers import Child, kill_self

Poison = Callable[[str], None]
_POISON = {
    "sqlite": [
        """CREATE TRIGGER poison BEFORE INSERT ON operations WHEN new.payment_id = '{pk}' BEGIN
            SELECT RAISE(ABORT, 'poisoned'); END"""
    ],
    "postgresql": [
        """CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'poisoned'; END $$""",
        """CREATE TRIGGER poison BEFORE INSERT ON operations FOR EACH ROW WHEN (new.payment_id = '{pk}')
            EXECUTE FUNCTION poison()""",
    ],
}
_CURE = {"sqlite": "DROP TRIGGER IF EXISTS poison", "postgresql": "DROP FUNCTION IF EXISTS poison CASCADE"}


def cure() -> None:
    with atomic() as session:
        session.execute(text(_CURE[db.engine.dialect.name]))


@pytest.fixture
def poison(app) -> Iterator[Poison]:
    """`poison(payment_id)`: the database refuses the operations of this payment."""

    def make(payment_id: str) -> None:
        with atomic() as session:
            for statement in _POISON[db.engine.dialect.name]:
                session.execute(text(statement.format(pk=payment_id)))

    yield make
    cure()


def accept(count: int) -> list[str]:
    """The ids of deposits into a new wallet."""
    wallet = money.wallet()
    batch = payments.accept_batch(ACTOR, [deposit(wallet, 5)] * count)
    return [payment.payment_id for payment in batch.payments]


def waiting() -> list[tuple[str, int]]:
    """The id and the attempts of what waits."""
    db.session.rollback()
    rows = db.session.query(PendingPayment).order_by(PendingPayment.payment_id)
    return [(row.payment_id.hex, row.attempts) for row in rows]


def test_a_payment_that_cannot_be_posted_waits_alone_while_its_batch_is_posted(app, poison):
    accepted = accept(5)
    poison(accepted[2])
    assert posting.drain() == (4, 0)
    assert waiting() == [(accepted[2], 2)]  # it was tried again at once
    assert posting.drain() == (0, 0)  # it is not due
    money.make_due()
    assert posting.drain() == (0, 0)
    assert waiting() == [(accepted[2], 3)]
    assert db.session.query(Payment).filter_by(status="INITIATED").one().id.hex == accepted[2]
    cure()
    money.make_due()
    assert posting.drain() == (1, 0)
    assert money.check_posted(accepted) == {"COMPLETED": 5}


def test_what_fails_again_and_again_is_tried_less_and_less_often(app):
    (accepted,) = accept(1)
    waits = []
    for _time in range(len(pending.WAITS) + 2):
        now = utcnow()
        assert pending.claim() == [accepted]
        waits.append(db.session.query(PendingPayment).one().next_attempt_at - now)
        assert waits[-1] < timedelta(seconds=1) or pending.claim() == []
        money.make_due()
    wanted = [timedelta(seconds=seconds) for seconds in (*pending.WAITS, *[pending.LONGEST_WAIT] * 2)]
    assert all(wait <= found < wait + timedelta(seconds=20) for wait, found in zip(wanted, waits, strict=True)), waits


def die_of(payment_id: str) -> None:
    """Post what is due, and be killed as soon as this payment's operations are written."""

    def look(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "UPDATE payments SET status" in statement and payment_id in str(parameters):
            kill_self()

    event.listen(db.engine, "before_cursor_execute", look)
    posting.drain()


def test_a_payment_that_kills_its_worker_holds_up_nobody_in_the_end(app):
    accepted = accept(30)
    killed = 0
    for _time in range(12):
        killed += Child(lambda: die_of(accepted[14])).wait() == -signal.SIGKILL
        if len(waiting()) == 1:
            break
        money.make_due()
    assert killed <= 6
    assert [pk for pk, _attempts in waiting()] == [accepted[14]]
    money.check_ledger()
    money.make_due()
    assert posting.drain() == (1, 0)  # whatever was wrong with the worker is mended
    assert money.check_posted(accepted) == {"COMPLETED": 30}


def test_what_is_final_already_waits_no_longer(app):
    accepted = accept(2)
    with atomic():
        pending.add(accept_and_post(1))
    assert posting.drain() == (2, 0)
    assert money.check_posted(accepted) == {"COMPLETED": 2}


def accept_and_post(count: int) -> list[str]:
    posted = accept(count)
    pending.post(posted)
    return posted


@ONLY_POSTGRESQL
def test_a_connection_lost_in_the_middle_fails_no_payment(app):
    street = Street.opened()
    accepted = street.accept()
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def cut(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if "INTO operations" in statement:
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (cursor.connection.info.backend_pid,))

    event.listen(db.engine, "before_cursor_execute", cut)
    try:
        with pytest.raises(OperationalError):
            posting.drain()
    finally:
        event.remove(db.engine, "before_cursor_execute", cut)
    assert waiting() == [(pk, 1) for pk in sorted(accepted)]
    assert db.session.query(Payment).filter_by(status="FAILED").count() == 0
    money.make_due()
    assert posting.drain() == (5, 1)
    money.check_posted(accepted)


@ONLY_SQLITE
def test_a_database_that_somebody_else_holds_fails_no_payment(app):
    accepted = accept(3)
    db.session.rollback()
    with closing(sqlite3.connect(str(db.engine.url.database), isolation_level=None)) as other:
        db.session.execute(text("PRAGMA busy_timeout = 10"))
        db.session.rollback()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            posting.drain()
        other.execute("ROLLBACK")
    db.session.remove()
    db.engine.dispose()
    assert waiting() == [(pk, 0) for pk in sorted(accepted)]
    assert posting.drain() == (3, 0)
    money.check_posted(accepted)


@pytest.mark.parametrize(("kinds", "budget"), [("deposits", 8), ("of every kind", 12)])
def test_a_batch_is_claimed_and_posted_by_as_many_statements_as_one_payment(app, count_statements, kinds, budget):
    street, counts = Street.opened(), []
    for size in (1, 20):
        accepted = accept(size * 6) if kinds == "deposits" else [pk for _time in range(size) for pk in street.accept()]
        with count_statements() as statements:
            claimed = pending.claim()
            pending.post(claimed)
        assert claimed == sorted(accepted) and waiting() == []
        counts.append(len(statements))
    assert counts[0] == counts[1] <= budget, statements


def test_what_a_dead_worker_had_in_hand_is_posted_before_what_came_later(app):
    wallet = money.wallet()
    earlier = payments.accept_batch(ACTOR, [deposit(wallet, 5)] * 3).payments
    assert len(pending.claim()) == 3  # and it dies
    later = payments.accept_batch(ACTOR, [spend(wallet, 15)]).payments
    assert posting.drain() == (4, 0)
    assert money.check_posted([one.payment_id for one in (*earlier, *later)]) == {"COMPLETED": 4}


def test_one_process_posts_at_a_time(app):
    accepted = accept(3)
    with alone(posting.LOCK) as is_ours:
        assert is_ours and Child(posting.drain).wait() == 0
        assert len(waiting()) == 3
    assert posting.drain() == (3, 0)
    money.check_posted(accepted)
