"""An import goes on whatever dies: leases, fencing, checkpoints, stopping, two at once."""

import io
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from bench.samples import customers_csv
from crm.db import atomic, db, is_postgresql, utcnow
from crm.errors import Invalid, NotFound
from crm.models import AuditEntry, ContactChannel, Customer, Import
from crm.queue import queue
from crm.services import imports
from crm.services.importing import lease, run
from crm.services.importing.chunks import Pace
from crm.tabular.records import following
from tests import people
from tests.uploads import CLERK, accept, counts, draft, errors, kept, take

ROWS = 400


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Chunks of 50 rows, so that a small file has several."""
    monkeypatch.setattr(Pace, "limit", 50)


def stored() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Customer)) or 0


def change(upload: Import, **values: object) -> None:
    with atomic() as session:
        session.execute(sa.update(Import).where(Import.id == upload.id).values(**values))


def after(chunks: int, action: Callable[[], object]) -> Callable[[int, int], None]:
    """A `progress` that acts when so many chunks are stored."""
    stored_chunks = count(1)

    def progress(_read: int, _total: int) -> None:
        if next(stored_chunks) == chunks:
            action()

    return progress


class PowerCutError(Exception):
    """Stands for whatever ends a process in the middle."""


def cut() -> None:
    raise PowerCutError


def test_an_upload_is_checked_stored_and_queued(app, alice):
    upload = accept("Имя;Почта;Размер\nАнна;a@example.com;38\n".encode("cp1251"), r"C:\docs\Клиенты.csv")
    assert (upload.status, upload.filename, upload.total_rows, upload.read_rows) == ("queued", "Клиенты.csv", 1, 0)
    assert (upload.encoding, upload.delimiter, [column["field"] for column in upload.plan["columns"]]) == (
        "cp1251",
        ";",
        ["first_name", "email", None],
    )
    assert upload.notes == ["The column Размер was not recognised and is left out."]
    assert kept() == [upload.stored_as]
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "import")).one()
    assert (entry.action, entry.entity_id, entry.origin) == ("import.accepted", str(upload.id), "test")


@pytest.mark.parametrize(
    ("data", "options", "field"),
    [
        (b"", {}, "file"),
        (b"email\na@example.com\n", {}, "file"),
        (b"%PDF-1.7", {}, "file"),
        (b"name\nAnna\n", {"on_duplicate": "explode"}, "on_duplicate"),
        (b"name\nAnna\n", {"mapping": {"name": "shoe size"}}, "mapping"),
        (b"name\nAnna\n", {"mapping": {"hat": "city"}}, "mapping"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(app, data, options, field):
    with pytest.raises(Invalid) as caught:
        accept(data, **options)
    assert list(caught.value.fields) == [field]
    assert kept() == []
    assert imports.recent(5) == []


def test_messages_are_in_the_language_of_the_person(app):
    upload = take("name,email\nAnna,bad\n", locale="ru")
    assert upload.locale == "ru"
    assert accept("name\nAnna\n", locale="xx").locale == "en"


def test_an_import_runs_to_its_end_and_tidies_up(app):
    seen: list[tuple[int, int]] = []
    upload = accept(customers_csv(ROWS, dirty=0.05))
    imports.run(upload.id, lambda read, total: seen.append((read, total)))
    done = imports.get(upload.id)
    assert (done.status, done.read_rows, done.percent, done.attempts) == ("done", ROWS, 100, 0)
    assert done.read_rows == done.created + done.updated + done.unchanged + done.skipped + done.failed
    assert done.created == stored()
    assert (done.lease, done.finished_at >= done.started_at, done.busy_seconds > 0) == (None, True, True)
    assert seen[-1] == (ROWS, ROWS)
    assert len(seen) >= ROWS // 50
    assert kept() == []


def test_the_counters_must_add_up_or_the_database_refuses(app):
    upload = accept("name\nAnna\n")
    with pytest.raises(IntegrityError):
        change(upload, read_rows=1)


def test_a_finished_import_is_not_run_again(app):
    upload = take(customers_csv(60))
    imports.run(upload.id)
    assert counts(imports.get(upload.id)) == counts(upload)
    assert stored() == upload.created


def test_an_unknown_import_is_not_found(app):
    for action in (imports.run, imports.get, imports.failures_csv):
        with pytest.raises(NotFound):
            action(4711)
    with pytest.raises(NotFound):
        imports.cancel(CLERK, 4711)


@pytest.mark.parametrize("chunks", [1, 3])
def test_what_ends_in_the_middle_goes_on_where_it_stood(app, chunks):
    data = customers_csv(ROWS, dirty=0.05)
    upload = accept(data)
    with pytest.raises(PowerCutError):
        imports.run(upload.id, after(chunks, cut))
    halfway = imports.get(upload.id)
    assert (halfway.status, 0 < halfway.read_rows < ROWS) == ("running", True)
    assert halfway.created == stored()
    assert imports.overdue() == [upload.id]
    imports.run(upload.id)
    done = imports.get(upload.id)
    assert (done.status, done.read_rows, done.created) == ("done", ROWS, stored())
    rows = db.session.execute(sa.select(sa.func.count(), sa.func.count(sa.distinct(Customer.external_id)))).one()
    assert rows[0] == rows[1] == done.created
    assert len(errors(done)) == done.failed


def test_a_process_that_was_killed_outright_is_followed_when_its_lease_has_run_out(app):
    upload = accept(customers_csv(120))
    lease.claim(upload.id)  # and it is never heard of again
    imports.run(upload.id)
    assert imports.get(upload.id).read_rows == 0
    assert imports.overdue() == []
    change(upload, lease_until=utcnow() - timedelta(seconds=1))
    assert imports.overdue() == [upload.id]
    imports.run(upload.id)
    assert imports.get(upload.id).status == "done"


def test_a_chunk_of_a_process_that_lost_its_lease_is_rolled_back(app):
    upload = accept(customers_csv(ROWS))

    def take_over() -> None:
        change(upload, lease_until=utcnow() - timedelta(seconds=1))
        assert lease.claim(upload.id) is not None

    imports.run(upload.id, after(2, take_over))
    left = imports.get(upload.id)
    assert (left.status, left.created) == ("running", stored())
    assert left.read_rows < ROWS
    change(upload, lease_until=utcnow() - timedelta(seconds=1))
    imports.run(upload.id)
    done = imports.get(upload.id)
    assert (done.status, done.read_rows, done.created) == ("done", ROWS, stored())


def test_a_late_end_of_a_process_that_lost_its_lease_changes_nothing(app):
    upload = accept(customers_csv(60))
    late = lease.claim(upload.id)
    change(upload, lease_until=utcnow() - timedelta(seconds=1))
    lease.claim(upload.id)
    lease.finish(late, "failed", "too late")
    lease.give_back(late)
    now = imports.get(upload.id)
    assert (now.status, now.error, now.lease_until > utcnow()) == ("running", "", True)


def test_an_import_that_brings_every_process_down_fails_after_three_attempts(app, monkeypatch):
    upload = accept(customers_csv(ROWS))
    imports_so_far = after(2, cut)
    with pytest.raises(PowerCutError):
        imports.run(upload.id, imports_so_far)

    def broken(*_arguments: object) -> None:
        raise PowerCutError

    monkeypatch.setattr(run, "write", broken)
    for _attempt in range(lease.ATTEMPTS):
        with pytest.raises(PowerCutError):
            imports.run(upload.id)
        assert imports.get(upload.id).status == "running"
    imports.run(upload.id)
    given_up = imports.get(upload.id)
    assert given_up.status == "failed"
    assert given_up.error.startswith("The import stopped several times after row ")
    assert (given_up.created, kept(), imports.overdue()) == (stored(), [], [])


def test_progress_gives_new_attempts(app):
    upload = accept(customers_csv(ROWS))
    for _attempt in range(lease.ATTEMPTS + 2):
        with pytest.raises(PowerCutError):
            imports.run(upload.id, after(1, cut))
    imports.run(upload.id)
    assert imports.get(upload.id).status == "done"


def test_an_upload_whose_file_is_gone_fails_with_a_sentence(app):
    upload = accept(customers_csv(60))
    (lease.uploads() / upload.stored_as).unlink()
    imports.run(upload.id)
    failed = imports.get(upload.id)
    assert (failed.status, failed.error) == ("failed", "The uploaded file is gone. Upload it again.")


def test_a_queued_import_is_stopped_at_once(app, boris):
    upload = accept(customers_csv(60))
    imports.cancel(CLERK, upload.id)
    assert (imports.get(upload.id).status, kept()) == ("cancelled", [])
    imports.run(upload.id)
    assert stored() == 0


def test_a_running_import_stops_after_its_chunk_and_keeps_what_is_in(app):
    upload = accept(customers_csv(ROWS))
    imports.run(upload.id, after(2, lambda: imports.cancel(CLERK, upload.id)))
    stopped = imports.get(upload.id)
    assert (stopped.status, stopped.created, kept()) == ("cancelled", stored(), [])
    assert 0 < stopped.read_rows < ROWS
    actions = set(db.session.scalars(sa.select(AuditEntry.action).where(AuditEntry.entity == "import")))
    assert actions == {"import.accepted", "import.cancel_requested", "import.cancelled"}


def test_stopping_what_a_dead_process_left_ends_it(app):
    upload = accept(customers_csv(60))
    lease.claim(upload.id)
    imports.cancel(CLERK, upload.id)
    assert imports.get(upload.id).status == "running"
    change(upload, lease_until=utcnow() - timedelta(seconds=1))
    imports.run(upload.id)
    assert imports.get(upload.id).status == "cancelled"


def test_stopping_a_finished_import_changes_nothing(app):
    upload = take(customers_csv(60))
    assert imports.cancel(CLERK, upload.id).status == "done"


def test_only_what_waits_too_long_is_overdue(app):
    waiting, fresh = accept("name\nAnna\n"), accept("name\nBoris\n")
    assert imports.overdue() == []
    change(waiting, created_at=utcnow() - timedelta(seconds=6))
    assert imports.overdue() == [waiting.id]
    take("name\nVera\n")
    assert imports.overdue() == [waiting.id]
    assert [upload.id for upload in imports.recent(2)] == [fresh.id + 1, fresh.id]


def test_an_accepted_import_rings_for_a_worker(app, redis):
    upload = imports.accept(CLERK, io.BytesIO(b"name\nAnna\n"), "a.csv")
    job = queue().jobs[0]
    assert (job.func_name, job.args) == (lease.JOB, (upload.id,))
    job.perform()
    assert imports.get(upload.id).status == "done"


def test_an_external_id_that_somebody_takes_meanwhile_is_decided_anew(app, monkeypatch):
    """Between the look-up and the writing of a chunk a person stores a customer with an id of the file."""
    if not is_postgresql():
        pytest.skip("SQLite lets nobody write meanwhile")
    real_load, taken = run.load, threading.Event()

    def load(*arguments: object) -> None:
        real_load(*arguments)
        if not taken.is_set():
            taken.set()
            somebody = threading.Thread(target=add_elsewhere, args=(app, "C2"))
            somebody.start()
            somebody.join()

    monkeypatch.setattr(run, "load", load)
    upload = take("external_id,name\nC1,Anna\nC2,Boris\nC3,Vera\n")
    assert counts(upload) == {"created": 2, "skipped": 1}
    assert stored() == 3


def add_elsewhere(app: Flask, external_id: str) -> None:
    with app.app_context():
        people.add("Somebody", external_id=external_id)


@pytest.mark.parametrize("on_duplicate", ["skip", "update"])
def test_two_imports_of_the_same_file_at_once_make_nobody_twice(app, on_duplicate):
    data = customers_csv(300, dirty=0.02)
    uploads = [accept(data, on_duplicate=on_duplicate).id for _ in range(2)]

    def work(upload_id: int) -> None:
        with app.app_context():
            imports.run(upload_id)

    workers = [threading.Thread(target=work, args=(upload_id,)) for upload_id in uploads]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done = [imports.get(upload_id) for upload_id in uploads]
    assert [upload.status for upload in done] == ["done", "done"]
    assert sum(upload.created for upload in done) == stored()
    phones = sa.select(ContactChannel.normalized).where(ContactChannel.type == "phone")
    twice = phones.group_by(ContactChannel.normalized).having(sa.func.count() > 1)
    assert db.session.scalars(twice).all() == []


def test_two_processes_cannot_take_up_one_import(app):
    upload = accept(customers_csv(60))
    assert lease.claim(upload.id) is not None
    assert lease.claim(upload.id) is None


def test_a_chunk_costs_no_more_statements_however_large_it_is(app, monkeypatch, count_statements):
    def cost(rows: int) -> int:
        monkeypatch.setattr(Pace, "limit", rows)
        others = customers_csv(rows, seed=rows, dirty=0.1).replace(b"C0", b"C%d-" % rows)  # nobody is there yet
        task = lease.claim(accept(others.replace(b"customer", b"c%d_" % rows)).id)
        block = list(task.rows())
        with count_statements() as statements:
            run.store(task, block)
        return len(statements)

    cost(50)  # tags are made once
    assert cost(400) <= cost(40) <= 24


def test_being_stopped_with_the_worker_is_no_attempt(app):
    upload = draft(customers_csv(120))
    imports.check(CLERK, upload.id)
    for _deploy in range(lease.ATTEMPTS + 2):
        with pytest.raises(SystemExit):
            imports.run(upload.id, lambda *_: sys.exit())
    imports.run(upload.id)
    assert imports.get(upload.id).status == "checked"


def test_files_that_no_import_has_any_more_are_removed_after_a_day(app, monkeypatch):
    upload = accept("name\nAnna\n")
    folder = lease.uploads()
    left = ["0" * 32, f"{'0' * 32}.0.csv", f"{'1' * 32}.ab12.part"]
    for name in left:
        (folder / name).touch()
    imports.clear_away()
    assert sorted(kept()) == sorted([upload.stored_as, *left])
    monkeypatch.setattr(lease, "_ARRIVING", timedelta(seconds=-1))
    imports.clear_away()
    assert kept() == [upload.stored_as]
    imports.run(upload.id)
    assert imports.get(upload.id).status == "done"


def test_rows_that_are_long_come_a_few_at_a_time():
    rows = iter([["x" * 1_000_000]] * 20)
    assert [len(following(rows, 10, list)) for _ in range(5)] == [5, 5, 5, 5, 0]
