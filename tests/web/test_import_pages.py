"""The pages of the import: choose a file, watch it, stop it, mend what failed."""

import csv
import io

import pytest
from sqlalchemy import func, select

from crm.db import db
from crm.models import AuditEntry, Customer, Import
from crm.services import imports
from tests.uploads import kept
from tests.web.pages import page

UPLOAD = "/customers/import/"
GOOD = "name;phone;email\nАнна;8 912 345-67-89;\nИван;;ivan@example.com\n"
MIXED = "name;phone\nАнна;8 912 345-67-89\nИван;12345\n=1+1;\n"


def upload(browser, text: str | bytes = GOOD, name: str = "customers.csv", htmx: bool = False, **fields: str):
    data = text.encode() if isinstance(text, str) else text
    return browser.post(UPLOAD, data={"file": (io.BytesIO(data), name)} | fields, htmx=htmx)


def accepted(browser, text: str = GOOD, **fields: str) -> Import:
    answer = upload(browser, text, **fields)
    assert answer.status_code == 303, page(answer).error("file")
    return imports.get(int(answer.location.split("/")[-2]))


def run(upload: Import) -> Import:
    imports.run(upload.id)
    db.session.rollback()
    return imports.get(upload.id)


def test_the_form_is_there_as_page_and_partial(manager):
    whole, part = page(manager.get(UPLOAD)), page(manager.get(UPLOAD, htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["import-form"]
    choices = {one["value"]: "checked" in one.attrs for one in part.all("input", name="on_duplicate")}
    assert choices == {"skip": True, "update": False, "create": False}


def test_a_file_is_taken_and_noted_and_its_progress_shown(manager, boris, trail):
    answer = upload(manager)
    (entry,) = trail()
    assert (answer.status_code, answer.location) == (303, f"{UPLOAD}{entry.entity_id}/")
    assert (entry.action, entry.actor_id, entry.origin) == ("import.accepted", boris.id, "127.0.0.1")
    shown = page(manager.get(answer.location))
    assert shown.one("h1").text == "customers.csv" and "Waiting" in shown.one(id=f"import-{entry.entity_id}").text
    assert "0 of 2 rows" in shown.one(id=f"import-{entry.entity_id}").text
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0  # a worker does it


def test_htmx_is_told_where_to_go(manager):
    answer = upload(manager, htmx=True)
    assert answer.status_code == 204 and answer.headers["HX-Redirect"].startswith(UPLOAD)


def test_the_choice_for_duplicates_is_kept(manager, anna):
    for choice in ("skip", "update", "create"):
        assert accepted(manager, on_duplicate=choice).plan["on_duplicate"] == choice


def test_the_progress_asks_for_itself_until_it_is_over(manager):
    going = accepted(manager)
    address = f"{UPLOAD}{going.id}/"
    part = page(manager.get(address, htmx=True))
    assert [root["id"] for root in part.roots] == [f"import-{going.id}"]
    assert part.roots[0]["hx-get"] == address and part.roots[0]["hx-trigger"].startswith("every")
    done = run(going)
    part = page(manager.get(address, htmx=True))
    assert (done.status, "hx-get" in part.roots[0].attrs) == ("done", False)
    counters = {one.text for one in part.all("dd")}
    assert counters == {"0", "2"} and "100 %" in part.roots[0].text


def test_the_failed_rows_come_back_as_a_file_to_mend(manager):
    done = run(accepted(manager, MIXED))
    shown = page(manager.get(f"{UPLOAD}{done.id}/"))
    answer = manager.get(shown.one("a", href=f"{UPLOAD}{done.id}/errors/")["href"])
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=import-{done.id}-errors.csv"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert [row["name"] for row in rows] == ["Иван"] and "12345" in rows[0]["error"]


def test_it_can_be_stopped(manager, boris, trail):
    going = accepted(manager)
    trail()
    answer = manager.post(f"{UPLOAD}{going.id}/cancel/")
    assert (answer.status_code, answer.location) == (303, f"{UPLOAD}{going.id}/")
    db.session.rollback()
    assert imports.get(going.id).status == "cancelled"
    entries = trail()
    assert [entry.action for entry in entries] == ["import.cancel_requested", "import.cancelled"]
    assert entries[0].actor_id == boris.id
    shown = page(manager.get(answer.location))
    assert "Stopped" in shown.one(id=f"import-{going.id}").text and not shown.all(
        "form", action=f"{UPLOAD}{going.id}/cancel/"
    )


def test_who_may_only_look_may_watch_and_mend_but_not_stop(viewer, manager):
    going = accepted(manager)
    address = f"{UPLOAD}{going.id}/"
    assert not page(viewer.get(address)).all("form", action=f"{address}cancel/")
    assert viewer.get(f"{address}errors/").status_code == 200
    assert viewer.post(f"{address}cancel/").status_code == 403


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "empty.csv"),
        ("\n\n", "blank.csv"),
        ("name;phone\n", "header.csv"),
        ("shoe;hat\n1;2\n", "unknown.csv"),
        ("name;phone\n", ""),
        (b"%PDF-1.7\n\x00\x01", "customers.csv"),
        (b"PK\x03\x04broken", "customers.xlsx"),
        (b"\x00" * 100, "customers.csv"),
        (b"\xff\xfe", "customers.csv"),
    ],
)
def test_a_file_that_cannot_be_is_refused_with_a_sentence(app, manager, nothing_changes, text, name, htmx):
    with nothing_changes():
        answer = upload(manager, text, name, htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx) and shown.error("file")
    assert kept() == []


def test_without_a_file_or_with_a_choice_that_there_is_not(manager, nothing_changes):
    with nothing_changes():
        assert page(manager.post(UPLOAD, data={})).error("file") == "Choose a file."
        assert page(manager.post(UPLOAD, data={"file": "text"})).error("file") == "Choose a file."
        assert upload(manager, on_duplicate="destroy").status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "C:\\temp\\a.csv",
        "<script>alert(1)</script>.csv",
        "x" * 5_000 + ".csv",
        "a\x00b.csv",
        "клиенты №1.csv",
    ],
)
def test_the_name_of_a_file_is_shown_and_never_used(app, manager, name):
    answer = upload(manager, name=name)
    pk = int(answer.location.split("/")[-2])
    taken = imports.get(pk)
    assert kept() == [taken.stored_as] and len(taken.filename) <= 200
    shown = manager.get(answer.location)
    assert page(shown).one("h1").text == taken.filename and "<script>alert" not in shown.text


def test_what_is_not_there_is_not_found(manager):
    for pk in (1, 10**30):
        address = f"{UPLOAD}{pk}/"
        got = [manager.get(address), manager.get(f"{address}errors/"), manager.post(f"{address}cancel/")]
        assert [answer.status_code for answer in got] == [404, 404, 404]


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager, nothing_changes):
    with nothing_changes():
        for method in ("GET", "POST"):
            got = [one.open(UPLOAD, method=method).status_code for one in (client, viewer, stranger)]
            assert got == [302, 403, 404]
        assert [manager.put(UPLOAD).status_code, manager.post(f"{UPLOAD}1/errors/").status_code] == [405, 405]
        assert [client.get(f"{UPLOAD}1/").status_code, stranger.get(f"{UPLOAD}1/").status_code] == [302, 404]


def test_an_import_belongs_to_the_latest_on_both_pages(manager):
    done = run(accepted(manager))
    for path in (UPLOAD, "/"):
        link = page(manager.get(path)).one("a", inside="recent-imports", href=f"{UPLOAD}{done.id}/")
        assert link.text == "customers.csv"


def test_watching_costs_little(manager, boris, count_statements):
    going = accepted(manager)
    for htmx in (True, False):
        with count_statements() as statements:
            manager.get(f"{UPLOAD}{going.id}/", htmx=htmx)
        assert len(statements) <= 3, statements


def test_a_file_too_large_is_refused_before_it_is_kept(app, manager, monkeypatch, nothing_changes):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    with nothing_changes():
        assert upload(manager, "name\n" + "Анна\n" * 1000).status_code == 413
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == 0
