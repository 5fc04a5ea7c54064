"""Laws of SQLite's one writer: long work stays back for those who wait, and for nobody else."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

from sqlalchemy import text

from crm import one_writer
from crm.db import atomic, db, is_postgresql

LONG = 60.0


@contextmanager
def let_in(database: str):
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(one_writer.let_in, database, time.monotonic() + LONG)


def ends(stayed: Future) -> bool:
    return stayed.result(timeout=LONG / 2) is None


def test_long_work_stays_back_until_nobody_waits_any_more(tmp_path):
    database = str(tmp_path / "crm.db")
    with let_in(database) as stayed:
        assert ends(stayed)
    with ExitStack() as waits:
        waits.enter_context(one_writer.waiting(database))
        with let_in(database) as stayed:
            time.sleep(0.05)
            assert not stayed.done()
            waits.close()
            assert ends(stayed)


def test_where_nobody_can_say_so_everybody_has_a_turn(tmp_path):
    database = str(tmp_path / "nowhere" / "crm.db")
    with one_writer.waiting(database), let_in(database) as stayed:
        time.sleep(0.05)
        assert not stayed.done()
        tmp_path.joinpath("nowhere").mkdir()
        assert ends(stayed)


def test_long_work_stays_back_no_longer_than_it_said(tmp_path):
    database = str(tmp_path / "crm.db")
    with one_writer.waiting(database):
        one_writer.let_in(database, time.monotonic() + 0.01)


def test_a_transaction_that_has_begun_does_not_wait_any_more(app):
    if is_postgresql():
        return
    database = str(db.engine.url.database)
    with atomic() as session, let_in(database) as stayed:
        assert ends(stayed)
        session.execute(text("SELECT 1"))


def test_a_transaction_that_another_keeps_out_waits(app):
    if is_postgresql():
        return
    database, begun, go_on = str(db.engine.url.database), Event(), Event()

    def write() -> None:
        with app.app_context(), atomic():
            begun.set()
            go_on.wait()

    def follow() -> None:
        with app.app_context(), atomic():
            pass

    first, second = Thread(target=write), Thread(target=follow)
    first.start()
    begun.wait()
    second.start()
    time.sleep(0.1)
    with let_in(database) as stayed:
        time.sleep(0.05)
        assert not stayed.done()
        go_on.set()
        assert ends(stayed)
    first.join()
    second.join()
