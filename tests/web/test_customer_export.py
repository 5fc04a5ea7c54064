"""The list as a file."""

import csv
import io
import json
from contextvars import Context

from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from crm.db import db
from crm.models import AuditEntry
from crm.services.exporting import customers as exported
from crm.tabular import writing
from tests import people
from tests.web.pages import page

EXPORT = "/customers/export/"


def rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))


def test_the_file_is_a_csv_to_be_saved(viewer, anna):
    answer = viewer.get(EXPORT)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=customers.csv"
    assert answer.data.startswith(b"\xef\xbb\xbfCRM ID,")
    assert [(row["Customer name"], row["Phone"], row["Tags"]) for row in rows(answer)] == [
        ("Анна Иванова", "+79123456789", "vip")
    ]


def test_it_has_just_what_the_list_shows(viewer, anna):
    people.crowd(40)
    for query in (
        "",
        "?status=",
        "?q=ан&status=",
        "?tag=vip",
        "?city=орел&channel=email&sort=-created",
        "?q=zzz",
        "?status=zzz",
    ):
        listed = viewer.get(f"/customers/{query}").text
        shown = [row["CRM ID"] for row in rows(viewer.get(EXPORT + query))]
        assert all(f'id="customer-row-{pk}"' in listed for pk in shown) and listed.count('id="customer-row-') == len(
            shown
        )


def test_it_is_streamed(app, viewer, monkeypatch):
    monkeypatch.setattr(exported, "PAGE", 10)
    monkeypatch.setattr(writing, "PIECE", 10)
    people.crowd(95)

    def read() -> list[bytes]:
        answer = FlaskClient.open(viewer, EXPORT + "?status=")
        assert answer.is_streamed and "Content-Length" not in answer.headers
        return list(answer.response)

    chunks = Context().run(read)  # as a server reads it: with no context around but the request's
    assert len(chunks) >= 10 and max(len(chunk.splitlines()) for chunk in chunks) <= 12


def test_no_cell_runs_in_a_spreadsheet(viewer):
    people.add("=1+1", notes="@x")
    (row,) = rows(viewer.get(EXPORT))
    assert (row["Customer name"], row["Notes"]) == ("'=1+1", "'@x")


def test_strangers_customers_and_other_methods(client, stranger, manager, anna):
    assert [browser.get(EXPORT).status_code for browser in (client, stranger)] == [302, 404]
    assert manager.post(EXPORT).status_code == 405


def test_all_of_it_comes_as_a_workbook_and_as_json_lines(viewer, anna):
    book = viewer.get(EXPORT + "?format=xlsx")
    assert "customers.xlsx" in book.headers["Content-Disposition"]
    header, row = CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert row[header.index("Customer name")] == anna.name
    lines = viewer.get(EXPORT + "?format=jsonl")
    assert lines.mimetype == "application/x-ndjson" and json.loads(lines.text)["phone"] == ["+79123456789"]
    assert viewer.get(EXPORT + "?format=zzz").mimetype == "text/csv"


def test_who_took_what_is_in_the_audit_trail(viewer, admin, anna):
    people.add("Борис", city="Орёл")
    viewer.get(EXPORT + "?city=тверь&balance_to=1000&format=jsonl")
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.actor.name) == ("customers.exported", "Vera")
    assert entry.changes == {
        "rows": [None, 1], "format": [None, "jsonl"], "city": [None, "тверь"], "balance_to": [None, "1000.00"],
    }  # fmt: skip
    told = page(admin.get("/settings/audit/")).one(id="audit").text
    assert "Customers exported" in told and "JSON lines" in told and "1000.00" in told
