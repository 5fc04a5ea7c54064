"""A spreadsheet of payments: uploaded, checked as a whole, confirmed."""

import csv
import io

import pytest
from sqlalchemy import func, select

from crm.db import db
from crm.models import Customer, Payment, PaymentBatch
from crm.services import posting
from tests import money, people
from tests.web.pages import page, toast

UPLOAD = "/payments/upload/"


@pytest.fixture
def carl(app) -> Customer:
    """A customer whom a row may name, with 1 000 rubles."""
    carl = people.add("Карл", external_id="C1")
    money.wallet_of(carl.id, balance=100_000)
    return carl


GOOD = "kind,customer,amount,currency\ndeposit,C1,5.50,RUB\ndeposit,C1,4.50,RUB\nspend,C1,1,RUB\n"
BAD = "kind,customer,amount,currency\ndeposit,C1,5.50,RUB\ngift,C1,1,RUB\ndeposit,C9,1,RUB\n"


def send(browser, text: str | bytes = GOOD, name: str = "payments.csv", htmx: bool = False):
    data = text.encode() if isinstance(text, str) else text
    return browser.post(UPLOAD, data={"file": (io.BytesIO(data), name)}, htmx=htmx)


def sent(browser, text: str = GOOD) -> str:
    answer = send(browser, text)
    assert answer.status_code == 303, page(answer).error("file")
    return answer.location


def cells(shown, table: str) -> list[list[str]]:
    return [[cell.text for cell in shown.all("td") if row in cell.parents] for row in shown.all("tr", inside=table)]


def payments() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Payment)) or 0


def test_the_form_is_there_as_page_and_partial(manager):
    whole, part = page(manager.get(UPLOAD)), page(manager.get(UPLOAD, htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["payment-upload"]
    assert "No batches yet" in whole.one("main").text and "kind" in whole.one(id="payment-columns").text


def test_what_would_be_paid_is_shown_and_nothing_is_paid(manager, carl, nothing_changes):
    with nothing_changes():
        location = sent(manager)
        whole, part = page(manager.get(location)), page(manager.get(location, htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["payment-check"]
    for shown in (whole, part):
        rows = [
            [cell.text for cell in shown.all("td") if row in cell.parents] for row in shown.all("tr", inside="sums")
        ]
        assert rows[1:] == [["2", "RUB 10.00", "—"], ["1", "RUB 1.00", "—"]]
        assert shown.one("form", action=location).text == "Pay 3 payments" and not shown.all(id="problems")


def test_problems_are_shown_by_row_and_column_and_cannot_be_confirmed(manager, carl, nothing_changes):
    with nothing_changes():
        location = sent(manager, BAD)
        shown = page(manager.get(location))
        answer = manager.post(location)
    assert [row[:2] for row in cells(shown, "problems")[1:]] == [["3", "kind"], ["4", "customer"]] and not shown.all(
        "form", action=location
    )
    assert answer.status_code == 422 and any("has problems now" in one.text for one in page(answer).all(role="alert"))


def test_the_file_comes_back_with_its_errors(manager, carl):
    answer = manager.get(f"{sent(manager, BAD)}errors/")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [bool(row["error"]) for row in rows] == [False, True, True] and answer.mimetype == "text/csv"


@pytest.mark.parametrize("htmx", [False, True])
def test_it_is_confirmed_once_however_often_it_is_sent(manager, carl, htmx):
    location = sent(manager)
    before = payments()
    answers = [manager.post(location, htmx=htmx) for _time in range(3)]
    where = {answer.headers.get("HX-Redirect") or answer.location for answer in answers}
    batch = db.session.scalars(select(PaymentBatch)).one()
    assert where == {f"/payments/batches/{batch.id}/"} and payments() == before + 3
    assert posting.drain() == (3, 0)
    shown = page(manager.get(sent(manager)))
    assert "3 payments were accepted before" in shown.one(id="payment-check").text


def test_an_adjustment_is_for_administrators(manager, admin, carl):
    text = "kind,customer,amount,description\nadjustment,C1,5,A mistake\n"
    assert page(manager.get(sent(manager, text))).all(id="problems")
    location = sent(admin, text)
    assert manager.get(location).status_code == 404
    assert admin.post(location).status_code == 303 and posting.drain() == (1, 0)


def test_a_template_comes_with_columns_that_are_understood(viewer, manager):
    answer = viewer.get(f"{UPLOAD}template/")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    shown = page(manager.get(sent(manager, answer.text.encode())))
    assert {one.text for one in shown.all("td", data_label="Column")} == {"customer"}  # nobody is called so


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("text", "name"),
    [("", "empty.csv"), ("kind,customer,amount\n", "header.csv"), ("shoe;hat\n1;2\n", "unknown.csv"),
     (b"%PDF-1.7\n\x00\x01", "a.csv"), (b"PK\x03\x04broken", "a.xlsx"), (b"\x00" * 100, "a.csv"), (GOOD, "")],
)  # fmt: skip
def test_a_file_that_cannot_be_is_refused_with_a_sentence(manager, nothing_changes, text, name, htmx):
    with nothing_changes():
        answer = send(manager, text, name, htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx) and shown.error("file")


def test_a_file_too_large_is_refused_before_it_is_kept(app, manager, monkeypatch, nothing_changes):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    with nothing_changes():
        assert send(manager, GOOD + "deposit,C1,1,RUB\n" * 1000).status_code == 413


@pytest.mark.parametrize("name", ["../../etc/passwd", "<script>alert(1)</script>.csv", "x" * 5_000 + ".csv", "№1.csv"])
def test_the_name_of_a_file_is_shown_and_never_used(app, manager, carl, name):
    answer = send(manager, name=name)
    kept = app.config["CRM_INSTANCE"] / "uploads" / "payments" / answer.location.split("/")[-2]
    assert kept.is_file()
    shown = manager.get(answer.location)
    assert "<script>alert" not in shown.text and page(shown).one("h1").text in name[-200:]


def test_what_is_not_there_is_not_found(manager):
    for token in ("0" * 32, "x", "..", "%00"):
        address = f"{UPLOAD}{token}/"
        got = [manager.get(address), manager.get(f"{address}errors/"), manager.post(address)]
        assert {answer.status_code for answer in got} == {404}, token


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager, nothing_changes):
    with nothing_changes():
        for path in (UPLOAD, f"{UPLOAD}{'0' * 32}/"):
            for method in ("GET", "POST"):
                got = [one.open(path, method=method).status_code for one in (client, viewer, stranger)]
                assert got == [302, 403, 404]
        assert [manager.put(UPLOAD).status_code, manager.delete(f"{UPLOAD}template/").status_code] == [405, 405]


def test_the_toast_says_what_happens(manager, carl):
    answer = manager.post(sent(manager))
    assert toast(answer) == "" and "are being posted" in manager.get(answer.location).text
