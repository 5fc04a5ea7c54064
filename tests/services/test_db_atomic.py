"""Laws of the transaction: `atomic()`, `on_commit()`, `retrying`, `locked()`."""

import logging
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

import crm.connections
import crm.db
from crm.db import ATTEMPTS, atomic, db, is_postgresql, locked, on_commit, retrying
from crm.errors import Busy, NotFound
from crm.models import Tag


def tag(name: str) -> Tag:
    return Tag(name=name, key=name)


def stored() -> list[str]:
    """What another connection sees."""
    with db.engine.connect() as connection:
        return list(connection.scalars(select(Tag.name).order_by(Tag.id)))


def in_threads(app, *functions: Callable[[], object]) -> list[BaseException]:
    """Run the functions at once, each with a session of its own, and return what they raised."""
    start, raised = threading.Barrier(len(functions)), []

    def run(function: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                function()
            except BaseException as error:
                raised.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def fail_with_sqlstate(state: str) -> None:
    """Let PostgreSQL itself raise the error."""
    db.session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{state}'; END $$"))


@pytest.fixture
def impatient(app, monkeypatch):
    """SQLite that does not wait for a lock."""
    if not is_postgresql():
        monkeypatch.setattr(crm.connections, "SQLITE_BUSY_SECONDS", 0)
        db.session.rollback()
        db.engine.dispose()
    yield
    db.session.rollback()
    db.engine.dispose()


def test_what_happens_inside_is_there_at_the_end_and_not_before(app):
    with atomic() as session:
        session.add(tag("a"))
        session.flush()
        assert stored() == []
    assert stored() == ["a"]


def test_an_exception_takes_all_of_it_back(app):
    with pytest.raises(KeyError), atomic() as session:
        session.add(tag("a"))
        with atomic():
            session.add(tag("b"))
        raise KeyError
    assert stored() == []
    with atomic() as session:
        session.add(tag("c"))
    assert stored() == ["c"]


def test_a_nested_failure_takes_back_only_its_own_part(app):
    with atomic() as session:
        session.add(tag("a"))
        with pytest.raises(IntegrityError), atomic():
            session.add(tag("b"))
            session.add(tag("a"))
        session.add(tag("c"))
    assert stored() == ["a", "c"]


def test_callbacks_run_in_order_after_the_outermost_commit(app):
    heard = []
    with atomic() as session:
        on_commit(lambda: heard.append(("first", stored())))
        with atomic():
            session.add(tag("a"))
            on_commit(lambda: heard.append(("second", stored())))
        assert heard == []
    assert heard == [("first", ["a"]), ("second", ["a"])]


def test_a_nested_rollback_drops_the_callbacks_of_its_part(app):
    heard = []
    with atomic():
        on_commit(lambda: heard.append("before"))
        with pytest.raises(KeyError), atomic():
            on_commit(lambda: heard.append("inner"))
            with atomic():
                on_commit(lambda: heard.append("innermost"))
            raise KeyError
        on_commit(lambda: heard.append("after"))
    assert heard == ["before", "after"]


def test_callbacks_never_run_after_a_rollback(app):
    heard = []
    with pytest.raises(KeyError), atomic():
        on_commit(lambda: heard.append("never"))
        raise KeyError
    with atomic():
        pass
    assert heard == []


def test_callbacks_never_run_when_the_commit_itself_fails(app):
    heard = []
    with pytest.raises(IntegrityError), atomic() as session:
        session.add(tag("a"))
        on_commit(lambda: heard.append("never"))
        if is_postgresql():
            session.execute(text("CREATE TEMP TABLE late (x int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"))
            session.execute(text("INSERT INTO late VALUES (1), (1)"))
        else:
            session.execute(text("PRAGMA defer_foreign_keys=ON"))
            session.execute(text("INSERT INTO customer_tags VALUES (7, 7)"))
    assert (heard, stored()) == ([], [])
    with atomic() as session:
        session.add(tag("b"))
    assert stored() == ["b"]


def test_a_callback_that_raises_is_logged_and_breaks_nothing(app, caplog):
    heard = []
    with caplog.at_level(logging.ERROR), atomic() as session:
        session.add(tag("a"))
        on_commit(lambda: 1 / 0)
        on_commit(lambda: heard.append("heard"))
    assert (heard, stored()) == (["heard"], ["a"])
    assert "ZeroDivisionError" in caplog.text


def test_a_callback_may_open_a_transaction_of_its_own(app):
    def later() -> None:
        with atomic() as session:
            session.add(tag("b"))

    with atomic() as session:
        session.add(tag("a"))
        on_commit(later)
    assert stored() == ["a", "b"]


def test_registering_a_callback_outside_is_a_mistake(app):
    with pytest.raises(RuntimeError):
        on_commit(lambda: None)


def test_changes_made_outside_are_refused_and_lost(app):
    db.session.add(tag("a"))
    with pytest.raises(RuntimeError), atomic():
        pass
    db.session.rollback()
    with atomic():
        pass
    assert stored() == []


def test_changes_flushed_outside_by_a_query_are_refused(app):
    db.session.add(tag("a"))
    with pytest.raises(RuntimeError):
        db.session.scalars(select(Tag)).all()


def test_statements_that_change_outside_are_refused(app):
    with atomic() as session:
        session.add(tag("a"))
    with pytest.raises(RuntimeError):
        db.session.execute(update(Tag).values(name="b"))
    with atomic():
        pass
    assert stored() == ["a"]


def test_a_transaction_sees_what_was_committed_after_the_session_began_to_read(app):
    with atomic() as session:
        session.add(tag("a"))
    read = db.session.scalars(select(Tag)).one()

    def rename() -> None:
        with atomic():
            locked(Tag, read.id).name = "renamed"

    assert in_threads(app, rename) == []
    assert read.name == "a"
    with atomic():
        assert locked(Tag, read.id) is read
        assert read.name == "renamed"


def test_what_does_not_exist_cannot_be_locked(app):
    with pytest.raises(NotFound), atomic():
        locked(Tag, 1)


def test_a_locked_row_waits_for_nobody_else(app, impatient):
    with atomic() as session:
        session.add(tag("a"))
    with atomic():
        locked(Tag, 1)

        def take() -> None:
            with atomic() as other:
                if is_postgresql():
                    other.execute(text("SET LOCAL lock_timeout = '50ms'"))
                locked(Tag, 1)

        (refusal,) = in_threads(app, take)
    assert isinstance(refusal, OperationalError)


def test_threads_that_read_and_then_write_lose_nothing_and_never_find_the_database_locked(app):
    with atomic() as session:
        session.add(tag("0"))

    def count() -> None:
        for _number in range(25):
            with atomic():
                row = locked(Tag, 1)
                row.name = str(int(row.name) + 1)

    assert in_threads(app, *[count] * 4) == []
    assert stored() == ["100"]


def test_readers_do_not_stop_a_writer(app, impatient):
    with atomic() as session:
        session.add(tag("a"))
    assert db.session.scalars(select(Tag.name)).all() == ["a"]  # this read transaction stays open

    def write() -> None:
        with atomic() as session:
            session.add(tag("b"))

    assert in_threads(app, write) == []
    assert stored() == ["a", "b"]


def test_the_victim_of_a_deadlock_is_tried_again(app):
    # SQLite has one writer at a time: locks cannot cross there, and nothing has to be tried again.
    meeting = threading.Barrier(2) if is_postgresql() else None
    with atomic() as session:
        session.add_all([tag("0"), tag("0 too")])
    attempts = []

    def both(first: int, second: int) -> Callable[[], None]:
        @retrying
        def rename() -> None:
            attempts.append(first)
            with atomic():
                locked(Tag, first).name += "+"
                db.session.flush()
                if meeting is not None and attempts.count(first) == 1:
                    meeting.wait()
                locked(Tag, second).name += "+"

        return rename

    assert in_threads(app, both(1, 2), both(2, 1)) == []
    assert stored() == ["0++", "0 too++"]
    # The victim may come first again and be the victim again.
    assert len(attempts) > 2 if is_postgresql() else len(attempts) == 2


def test_a_database_that_stays_busy_is_given_up_with_a_sentence(app, impatient):
    attempts = []

    @retrying
    def change() -> None:
        attempts.append(1)
        with atomic() as session:
            if is_postgresql():
                fail_with_sqlstate("40001")
            session.add(tag("a"))

    with db.engine.connect() as other:
        other.execution_options(sqlite_begin="IMMEDIATE").begin()
        with pytest.raises(Busy) as refusal:
            change()
    assert len(attempts) == ATTEMPTS
    assert refusal.value.status == 503 and "Nothing was changed" in refusal.value.message
    assert stored() == []


def test_within_a_transaction_nothing_is_tried_again(app):
    attempts = []
    busy = None if is_postgresql() else busy_error()

    @retrying
    def inner() -> None:
        attempts.append("inner")
        if busy:
            raise OperationalError("UPDATE", {}, busy)
        fail_with_sqlstate("40P01")

    @retrying
    def outer() -> None:
        attempts.append("outer")
        with atomic():
            inner()

    with pytest.raises(Busy):
        outer()
    assert attempts == ["outer", "inner"] * ATTEMPTS


def busy_error() -> Exception:
    """SQLite's own error for a database that somebody else is writing to."""
    with db.engine.connect() as one, db.engine.connect() as two:
        two.exec_driver_sql("PRAGMA busy_timeout=0")
        one.execution_options(sqlite_begin="IMMEDIATE").begin()
        with pytest.raises(OperationalError) as refusal:
            two.exec_driver_sql("DELETE FROM tags")
        two.rollback()
        two.exec_driver_sql(f"PRAGMA busy_timeout={crm.connections.SQLITE_BUSY_SECONDS * 1000}")
    return refusal.value.orig


def test_other_errors_are_not_tried_again(app):
    attempts = []

    @retrying
    def change() -> None:
        attempts.append(1)
        with atomic() as session:
            session.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises((OperationalError, ProgrammingError)):
        change()
    assert len(attempts) == 1
