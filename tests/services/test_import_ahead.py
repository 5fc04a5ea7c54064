"""Rows of a large file, read ahead by a process of its own: they are the same, and nothing hangs where it dies."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from bench.samples import customers_csv
from crm.db import db
from crm.models import ImportRow
from crm.services import imports
from crm.services.customer_data import CustomerData
from crm.services.importing import ahead, chunks, lease
from crm.services.importing.chunks import Pace
from crm.services.importing.rows import Row
from crm.tabular.errors import Unreadable
from crm.tabular.writing import write_workbook
from tests.services.test_import_run import ROWS, after, stored
from tests.uploads import accept, checked, kept


@pytest.fixture
def large(monkeypatch):
    """Files of any size are read as large ones are, by a process of their own, and have several chunks."""
    monkeypatch.setattr(chunks, "_FEW", 0)
    monkeypatch.setattr(Pace, "limit", 50)


def rows_checked(data: bytes) -> list[tuple[int, str, str]]:
    """What would become of every row, in Russian."""
    upload = checked(data, locale="ru")
    mine = sa.select(ImportRow.row, ImportRow.outcome, ImportRow.message).where(ImportRow.import_id == upload.id)
    return [tuple(row) for row in db.session.execute(mine.order_by(ImportRow.row))]


def test_a_process_of_its_own_reads_a_large_file_alike(app, monkeypatch):
    data = customers_csv(ROWS, dirty=0.2)
    here = rows_checked(data)
    assert {outcome for _row, outcome, _message in here} > {"created", "failed"}
    monkeypatch.setattr(chunks, "_FEW", 0)
    assert rows_checked(data) == here
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("ends", [signal.SIGKILL, signal.SIGTERM])
def test_a_reader_that_is_ended_leaves_what_is_stored_and_the_import_goes_on(app, large, ends):
    upload = accept(customers_csv(ROWS, dirty=0.05))

    def end_reader() -> None:
        (reader,) = multiprocessing.active_children()
        os.kill(reader.pid, ends)
        reader.join()

    with pytest.raises((EOFError, OSError)):
        imports.run(upload.id, after(2, end_reader))
    halfway = imports.get(upload.id)
    assert (halfway.status, 0 < halfway.read_rows < ROWS, halfway.created) == ("running", True, stored())
    imports.run(upload.id)
    done = imports.get(upload.id)
    assert (done.status, done.read_rows, done.created) == ("done", ROWS, stored())


def test_a_reader_that_dies_while_it_hands_rows_over_is_missed():
    """A block that does not fit into the pipe is torn there."""
    block = Row(1, [f"{number:01000}" for number in range(5_000)], "", CustomerData(name=""))
    with ahead.reading(iter([block])) as reader:
        reader.ask(1)
        (process,) = multiprocessing.active_children()
        time.sleep(0.3)  # by now it waits for who is to take the rest
        process.kill()
        with pytest.raises((EOFError, OSError)):
            reader.answer()
    assert multiprocessing.active_children() == []


def test_what_goes_wrong_in_the_reader_goes_wrong_here():
    def torn() -> Iterator[Row]:
        yield Row(1, [], "", CustomerData(name=""))
        raise Unreadable("torn")

    with ahead.reading(torn()) as reader:
        reader.ask(1)
        assert [row.number for row in reader.answer()] == [1]
        reader.ask(1)
        with pytest.raises(Unreadable, match="torn"):
            reader.answer()


@pytest.mark.parametrize("name", ["customers.csv", "customers.xlsx"])
def test_a_large_upload_whose_file_is_gone_fails_with_a_sentence(app, large, name, tmp_path):
    path = tmp_path / name
    if name.endswith("xlsx"):
        write_workbook(path, "Customers", ["name"], [["Anna"], ["Boris"]])
    else:
        path.write_bytes(customers_csv(60))
    upload = accept(path.read_bytes(), name)
    for file in kept():
        (lease.uploads() / file).unlink()
    imports.run(upload.id)
    failed = imports.get(upload.id)
    assert (failed.status, failed.error) == ("failed", "The uploaded file is gone. Upload it again.")


@pytest.mark.parametrize("per_row", [0.0003, 0.001])
def test_the_pace_settles_though_the_next_block_is_read_already(app, per_row):
    pace, wanted, held = Pace(), [100], []
    pace.shared, pace.rows = False, 100  # as on SQLite
    for _turn in range(50):
        wanted.append(pace.rows)
        held.append(0.005 + per_row * wanted[-2])
        pace.note(held[-1], wanted[-2])
    assert max(held) <= 0.2
    assert max(held[5:]) - min(held[5:]) < 0.01
